import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, type JWTPayload, SignJWT } from "jose";
import { AssetmillError } from "../../../src/core/errors.js";
import { JwtAuthenticator, type JwtOptions } from "../../../src/http/auth/jwt-authenticator.js";
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
  ];
  for (const [what, claims] of bad) {
    it(`refuses a token ${what}`, async () => {
      const text = await token(claims, claims.alg ? new TextEncoder().encode(SECRET.repeat(2)) : bytes);
      expect(await ask(authenticator, text)).to.equal(undefined);
    });
  }

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
