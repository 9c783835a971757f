import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, importJWK, type GenerateKeyPairResult, type JWTPayload, SignJWT } from "jose";
import { AssetmillError, messageOf } from "../../../src/core/errors.js";
import { JwtAuthenticator, type JwtOptions } from "../../../src/http/auth/jwt-authenticator.js";
import { BASE, client } from "../client.js";
import { credentials } from "./credentials.js";

const SECRET = "a secret of thirty-two bytes, or more";
const bytes = new TextEncoder().encode(SECRET);
const EXPECTED = { issuer: "https://issuer.example", audience: "assetmill" };

interface Claims extends JWTPayload {
  readonly alg?: string;
}

/** A token as the issuer makes it, but for what is given otherwise; undefined leaves a claim out. */
const token = (claims: Claims = {}, key: Uint8Array | GenerateKeyPairResult["privateKey"] = bytes, kid?: string) => {
  const { alg = "HS256", ...rest } = claims;
  const inAMinute = Math.floor(Date.now() / 1000) + 60;
  const all = { iss: EXPECTED.issuer, aud: EXPECTED.audience, sub: "anna", exp: inAMinute, ...rest };
  const payload = JSON.parse(JSON.stringify(all)) as JWTPayload;
  return new SignJWT(payload).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
};

const ask = (authenticator: JwtAuthenticator, text: string) =>
  authenticator.authenticate(credentials({ authorization: `Bearer ${text}` }));

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("Bearer JWT by a shared secret", () => {
  const authenticator = new JwtAuthenticator({ ...EXPECTED, secret: SECRET });
  const now = Math.floor(Date.now() / 1000);

  it("knows the subject of a good token", async () => {
    expect(await ask(authenticator, await token())).to.deep.equal({ name: "anna", by: "header" });
    expect(await ask(authenticator, await token({ aud: ["other", "assetmill"] }))).to.include({ name: "anna" });
  });

  const bad: [what: string, claims: Claims][] = [
    ["of another issuer", { iss: "https://evil.example" }],
    ["of no issuer", { iss: undefined }],
    ["for another audience", { aud: "other" }],
    ["for no audience", { aud: undefined }],
    ["that has ended", { exp: now - 60 }],
    ["that never ends", { exp: undefined }],
    ["that is not good yet", { nbf: now + 86_400 }],
    ["without a subject", { sub: undefined }],
    ["with an empty subject", { sub: "" }],
    ["with a line break in the subject", { sub: "anna\nroot" }],
    ["with a subject that reads backwards", { sub: "anna\u202eroot" }],
    ["with a subject without end", { sub: "a".repeat(201) }],
    ["with a subject that is no text", { sub: 1 as unknown as string }],
    ["by another algorithm of the same secret", { alg: "HS512" }],
    ["for others, however many", { aud: ["other", "assetmill2", "ASSETMILL"] }],
    ["for an audience within a list within a list", { aud: [["assetmill"]] as unknown as string[] }],
    ["whose audience is part of ours", { aud: "asset" }],
  ];
  for (const [what, claims] of bad) {
    it(`refuses a token ${what}`, async () => {
      const text = await token(claims, claims.alg ? new TextEncoder().encode(SECRET.repeat(2)) : bytes);
      expect(await ask(authenticator, text)).to.equal(undefined);
    });
  }

  it("allows for clocks that differ by a few seconds, and no more", async () => {
    const second = Math.floor(Date.now() / 1000);
    expect(await ask(authenticator, await token({ exp: second - 2 }))).to.include({ name: "anna" });
    expect(await ask(authenticator, await token({ nbf: second + 3 }))).to.include({ name: "anna" });
    expect(await ask(authenticator, await token({ exp: second - 7 }))).to.equal(undefined);
    expect(await ask(authenticator, await token({ nbf: second + 12 }))).to.equal(undefined);
  });

  it("takes the scheme in any letters, and the token exactly", async () => {
    const text = await token();
    const by = (authorization: string) => authenticator.authenticate(credentials({ authorization }));
    for (const good of [`bearer ${text}`, `BEARER ${text}`, `Bearer  ${text}`, `Bearer ${text} `]) {
      expect(await by(good), good).to.include({ name: "anna" });
    }
    for (const bad of [`Bearer ${text}\0`, `Bearer ${text}, x`, `Bearer x ${text}`, `Bearer\t${text}`])
      expect(await by(bad), bad).to.equal(undefined);
  });

  it("refuses a token with another signature, an unsigned or changed one, and text that is no token", async () => {
    const good = await token();
    const [header = "", payload = "", signature = ""] = good.split(".");
    const unsigned = encoded({ alg: "none" });
    for (const text of [
      await token({}, new TextEncoder().encode(`${SECRET}!`)),
      `${unsigned}.${payload}.`,
      `${unsigned}.${payload}.${signature}`,
      `${encoded({ alg: "NONE" })}.${payload}.`,
      `${header}.${encoded({ sub: "root" })}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${encoded({ alg: "HS256", crit: ["x"], x: 1 })}.${payload}.${signature}`,
      "x",
      "a.b.c",
      "....",
    ]) {
      expect(await ask(authenticator, text), text).to.equal(undefined);
    }
    expect(await authenticator.authenticate(credentials({ authorization: `Basic ${good}` }))).to.equal(undefined);
    expect(await authenticator.authenticate(credentials({ cookie: `token=${good}` }))).to.equal(undefined);
  });
});

describe("Bearer JWT by a JWKS", () => {
  let pair: GenerateKeyPairResult;
  let server: Server;
  let url: string;
  let answer: { status: number; body: string; delayMs: number };

  before(async () => {
    pair = await generateKeyPair("RS256", { extractable: true });
    server = createServer((_request, response) => {
      setTimeout(() => {
        response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
      }, answer.delayMs);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });
  beforeEach(async () => {
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
    answer = { status: 200, body: JSON.stringify({ keys: [jwk] }), delayMs: 0 };
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("knows the subject of a token that one of its keys signed, and refuses others", async () => {
    const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url });
    expect(await ask(authenticator, await token({ alg: "RS256" }, pair.privateKey, "k1"))).to.include({ name: "anna" });
    const other = await generateKeyPair("RS256");
    expect(await ask(authenticator, await token({ alg: "RS256" }, other.privateKey, "k1"))).to.equal(undefined);
    expect(await ask(authenticator, await token({ alg: "RS256" }, pair.privateKey, "k2"))).to.equal(undefined);
  });

  const keySet = async (...pairs: readonly (readonly [GenerateKeyPairResult, object?])[]): Promise<string> =>
    JSON.stringify({
      keys: await Promise.all(pairs.map(async ([each, more]) => ({ ...(await exportJWK(each.publicKey)), ...more }))),
    });

  for (const [what, kid, ids] of [
    ["that names no key", undefined, ["k1", "k2", "k3"]],
    ["whose key id several keys have", "k1", ["k1", "k1", "k1"]],
    ["that names no key, where keys have no ids", undefined, [undefined, undefined, undefined]],
  ] as const) {
    it(`tries each key of its kind on a token ${what}`, async () => {
      const [second, third, other] = await Promise.all(
        [1, 2, 3].map(() => generateKeyPair("RS256", { extractable: true })),
      );
      if (!second || !third || !other) throw new Error("no keys");
      const elliptic = await generateKeyPair("ES256", { extractable: true });
      const [a, b, c] = ids.map((id) => (id === undefined ? {} : { kid: id }));
      answer.body = await keySet([pair, a], [elliptic], [second, b], [third, c]);
      const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url });
      for (const { privateKey } of [pair, second, third])
        expect(await ask(authenticator, await token({ alg: "RS256" }, privateKey, kid))).to.include({ name: "anna" });
      const asPss = await importJWK(await exportJWK(third.privateKey), "PS256");
      expect(await ask(authenticator, await token({ alg: "PS256" }, asPss, kid))).to.include({
        name: "anna",
      });
      for (const claims of [{ exp: 1 }, { aud: "other" }, { iss: "https://evil.example" }, { sub: "" }]) {
        const text = await token({ alg: "RS256", ...claims }, second.privateKey, kid);
        expect(await ask(authenticator, text), JSON.stringify(claims)).to.equal(undefined);
      }
      expect(await ask(authenticator, await token({ alg: "RS256" }, other.privateKey, kid))).to.equal(undefined);
    });
  }

  it("passes over keys that cannot be used", async () => {
    const broken = { kty: "RSA", n: "AQAB", e: "AQAB" };
    const [good] = (JSON.parse(await keySet([pair])) as { keys: object[] }).keys;
    answer.body = JSON.stringify({ keys: [broken, good, { ...broken, n: 1 }, { kty: "unheard of" }] });
    const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url });
    expect(await ask(authenticator, await token({ alg: "RS256" }, pair.privateKey))).to.include({ name: "anna" });
  });

  it("never takes a public key for a shared secret", async () => {
    const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url });
    const { n = "" } = await exportJWK(pair.publicKey);
    for (const secret of [n, answer.body, JSON.stringify(await exportJWK(pair.publicKey))]) {
      expect(await ask(authenticator, await token({}, new TextEncoder().encode(secret), "k1"))).to.equal(undefined);
    }
  });

  for (const [what, broken] of Object.entries({
    "answers with an error": { status: 500 },
    "answers with no key set": { body: "<html>" },
    "answers with another JSON": { body: '{"keys":1}' },
    "answers with more than a key set": { body: `{"keys":[],"x":"${"x".repeat(2 * 1024 * 1024)}"}` },
    redirects: { status: 302 },
    "gives no answer in time": { delayMs: 2_000 },
  })) {
    it(`is UNAVAILABLE if it ${what}`, async () => {
      answer = { ...answer, ...broken };
      const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url, timeoutMs: 200 });
      const text = await token({ alg: "RS256" }, pair.privateKey, "k1");
      const error = await ask(authenticator, text).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(AssetmillError).with.property("code", "UNAVAILABLE");
    });
  }
});

describe("while the key set cannot be fetched", () => {
  let pair: GenerateKeyPairResult;
  let server: Server;
  let url: string;
  let fetches: number;
  /** Undefined: no answer at all. */
  let status: number | undefined;

  before(async () => {
    pair = await generateKeyPair("RS256", { extractable: true });
    const body = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1" }] });
    server = createServer((_request, response) => {
      fetches++;
      if (status !== undefined) response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks?apikey=geheim`;
  });
  beforeEach(() => {
    fetches = 0;
    status = 503;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const bearer = async (kid = "k1") => ({
    headers: { authorization: `Bearer ${await token({ alg: "RS256" }, pair.privateKey, kid)}` },
  });

  it("callers are told so, it is logged once, and one fetch is made; then it works by itself", async () => {
    const errors: unknown[] = [];
    const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url });
    const onError = (error: unknown) => errors.push(error);
    const documented = client({ authenticator, statusCodes: "documented", onError });
    const semantic = client({ authenticator, statusCodes: "semantic", onError });
    const one = async ({ ask: call } = semantic) => call(`${BASE}/history`, await bearer());
    const answers = await Promise.all(Array.from({ length: 20 }, () => one()));
    for (let i = 0; i < 20; i++) answers.push(await one());
    for (const { status: seen, body } of answers) {
      expect([seen, body.code]).to.deep.equal([503, "UNAVAILABLE"]);
      expect(body.detail)
        .to.match(/issuer's keys cannot be fetched/)
        .and.not.match(/store|repository|127/);
    }
    expect((await one(documented)).status).to.equal(500);
    expect(fetches).to.equal(1);
    await new Promise((over) => setTimeout(over, 5_100));
    expect((await one()).status).to.equal(503);
    expect(fetches, "it is tried again after some seconds").to.equal(2);
    expect(errors.map(messageOf)).to.have.length(2);
    expect(new Set(errors.map(messageOf)).size, "once by each app").to.equal(1);
    expect(messageOf(errors[0])).to.match(/fetched from http:\/\/127.*\/jwks: it answered 503$/);
    status = 200;
    await new Promise((over) => setTimeout(over, 5_100));
    expect((await one()).status).to.equal(200);
  });

  it("no caller waits longer than the time limit, and those after it do not wait", async () => {
    status = undefined;
    const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url, timeoutMs: 300 });
    const text = await token({ alg: "RS256" }, pair.privateKey, "k1");
    const failed = (): Promise<unknown> => ask(authenticator, text).catch((error: unknown) => error);
    const first = await Promise.all([failed(), failed(), failed()]);
    for (const error of first) expect(messageOf(error)).to.match(/no answer within 300 ms/);
    const from = performance.now();
    for (let i = 0; i < 50; i++) await failed();
    expect(performance.now() - from, "ms for 50 more").to.be.lessThan(50 * 300);
    expect(fetches).to.equal(1);
  });

  it("tokens of keys that are known are verified; only those of an unknown key cannot be", async () => {
    status = 200;
    const authenticator = new JwtAuthenticator({ ...EXPECTED, jwks: url });
    const known = await token({ alg: "RS256" }, pair.privateKey, "k1");
    expect(await ask(authenticator, known)).to.include({ name: "anna" });
    status = 503;
    for (let i = 0; i < 10; i++) {
      await ask(authenticator, await token({ alg: "RS256" }, pair.privateKey, `k${i}`)).catch(() => undefined);
      expect(await ask(authenticator, known)).to.include({ name: "anna" });
    }
    expect(fetches).to.be.lessThan(3);
  });
});

describe("a JwtAuthenticator's options", () => {
  const bad: [field: string, options: object][] = [
    ["issuer", { secret: SECRET, audience: "a" }],
    ["audience", { secret: SECRET, issuer: "i" }],
    ["audience", { secret: SECRET, issuer: "i", audience: "" }],
    ["secret", EXPECTED],
    ["secret", { ...EXPECTED, secret: "short" }],
    ["secret", { ...EXPECTED, secret: SECRET, algorithms: ["HS512"] }],
    ["algorithms", { ...EXPECTED, secret: SECRET, algorithms: ["none"] }],
    ["algorithms", { ...EXPECTED, secret: SECRET, algorithms: ["RS256"] }],
    ["algorithms", { ...EXPECTED, secret: SECRET, algorithms: [] }],
    ["algorithms", { ...EXPECTED, jwks: "https://x.example/", algorithms: ["HS256"] }],
    ["jwks", { ...EXPECTED, jwks: "http://x.example/" }],
    ["jwks", { ...EXPECTED, jwks: "file:///etc/passwd" }],
    ["jwks", { ...EXPECTED, jwks: "keys" }],
  ];
  for (const [field, options] of bad) {
    it(`are rejected as ${JSON.stringify(options)}, naming ${field}`, () => {
      expect(() => new JwtAuthenticator(options as JwtOptions))
        .to.throw(AssetmillError)
        .with.nested.property("ids.field", field);
    });
  }
});
