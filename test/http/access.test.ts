import { expect } from "chai";
import { AssetmillError } from "../../src/core/errors.js";
import type { Authenticator } from "../../src/core/ports/authenticator.js";
import { TokenAuthenticator } from "../../src/http/auth/token-authenticator.js";
import { isLoopback } from "../../src/http/loopback.js";
import { createApp } from "../../src/http/routes.js";
import { BASE, client } from "./client.js";
import { FakeOperator } from "./fake-operator.js";

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString("base64")}`;

describe("a caller without credentials", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  const paths = [
    BASE,
    `${BASE}/`,
    `${BASE}/status?processingId=x`,
    `${BASE}/logs?processingId=x`,
    `${BASE}/openapi.json`,
  ]
    .concat([
      `${BASE}/cancel`,
      `${BASE}/nope`,
      "/",
      "/metrics",
      "/favicon.ico",
      "/healthz/",
      "//healthz",
      "/healthz/../readyz",
    ])
    .concat(["/readyz;x", "/%68ealthz", "/healthz%2f", `/healthz${BASE}/status`]);
  for (const path of [...paths, "/healthz", "/readyz"]) {
    it(`reaches ${path} by no method, unless it is a health check`, async () => {
      const operator = new FakeOperator();
      const { ask } = client({ authenticator: new TokenAuthenticator("secret") }, operator);
      for (const method of methods) {
        const { status, headers, body } = await ask(path, { method });
        if (status === 200) {
          const { pathname } = new URL(path, "http://localhost");
          expect(method).to.be.oneOf(["GET", "HEAD"]);
          expect(decodeURI(pathname).replace(/\/$/, "")).to.be.oneOf(["/healthz", "/readyz"]);
          if (method === "GET") expect(body).to.deep.equal({ status: "up" });
        } else {
          expect(status, method).to.equal(401);
          expect(headers.get("www-authenticate")).to.match(/^Basic realm="assetmill", charset="UTF-8", Bearer realm=/);
          if (method !== "HEAD") expect(body.code).to.equal("UNAUTHENTICATED");
        }
      }
      expect(operator.calls).to.deep.equal([]);
    });
  }

  it("is refused before its body is read", async () => {
    const { app } = client({ authenticator: new TokenAuthenticator("secret") });
    let pulled = false;
    const body = new ReadableStream(
      {
        pull() {
          pulled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    expect((await app.request(BASE, init)).status).to.equal(401);
    expect(pulled).to.equal(false);
  });
});

describe("one shared token", () => {
  const cases: [string, header: string | undefined, name: string | undefined][] = [
    ["Bearer with the token", "Bearer s3cret:x", "token"],
    ["the scheme in other letters", "bEARER s3cret:x", "token"],
    ["Basic with the token as password", basic("ann:s3cret:x"), "ann"],
    ["Basic with a name in UTF-8", basic("Jürgen:s3cret:x"), "Jürgen"],
    ["Basic without a name", basic(":s3cret:x"), "token"],
    ["nothing", undefined, undefined],
    ["an empty header", "", undefined],
    ["the token alone", "s3cret:x", undefined],
    ["another token", "Bearer s3cret:y", undefined],
    ["a part of it", "Bearer s3cret", undefined],
    ["more than it", "Bearer s3cret:xx", undefined],
    ["more than it, namely NUL", "Bearer s3cret:x\0", undefined],
    ["blanks after it", "Bearer s3cret:x  ", "token"],
    ["a blank before the scheme", " Bearer s3cret:x", undefined],
    ["two headers as one", "Bearer s3cret:x, Bearer s3cret:x", undefined],
    ["Basic with the token and NUL", basic("ann:s3cret:x\0"), undefined],
    ["Basic with the token and a blank", basic("ann:s3cret:x "), undefined],
    ["Basic that is not UTF-8", `Basic ${Buffer.from("\xff:s3cret:x", "latin1").toString("base64")}`, undefined],
    ["an empty Bearer", "Bearer ", undefined],
    ["two words", "Bearer s3cret:x s3cret:x", undefined],
    ["another scheme", "Digest s3cret:x", undefined],
    ["Basic with a wrong password", basic("ann:nope"), undefined],
    ["Basic with the token as the name", basic("s3cret:x"), undefined],
    ["Basic without a colon", basic("s3cret"), undefined],
    ["Basic that is not base64", "Basic ???", undefined],
    ["a name with a line break", basic("ann\nroot:s3cret:x"), undefined],
    ["a name without end", basic(`${"a".repeat(201)}:s3cret:x`), undefined],
  ];
  for (const [what, header, name] of cases) {
    it(`${name === undefined ? "refuses a caller with" : `knows "${name}" by`} ${what}`, async () => {
      const authenticator = new TokenAuthenticator("s3cret:x");
      const principal = await authenticator.authenticate({
        header: (h) => (h === "authorization" ? header : undefined),
      });
      expect(principal?.name).to.equal(name);
    });
  }

  it("is rejected if it is empty", () => {
    expect(() => new TokenAuthenticator("")).to.throw(AssetmillError, "token");
  });

  it("puts the principal's name on the job", async () => {
    const { ask, operator } = client({ authenticator: new TokenAuthenticator("secret") });
    const headers = { "Content-Type": "application/json", Authorization: basic("ann:secret") };
    await ask(BASE, { method: "POST", headers, body: '{"path":"/a","type":"T"}' });
    expect(operator.calls[0]?.args[1]).to.equal("ann");
  });
});

describe("an authenticator", () => {
  const answering = (authenticate: Authenticator["authenticate"]): Authenticator => ({ challenges: [], authenticate });

  it("lets nobody in if it cannot check the caller", async () => {
    const authenticator = answering(() => Promise.reject(new AssetmillError("UNAVAILABLE", "10.0.0.7 refused")));
    const { status, body } = await client({ authenticator, statusCodes: "semantic" }).ask(`${BASE}/openapi.json`);
    expect([status, body.code]).to.deep.equal([503, "UNAVAILABLE"]);
    expect(body.detail).to.not.include("10.0.0.7");
  });

  it("gets the request's headers under any spelling", async () => {
    const seen: (string | undefined)[] = [];
    const authenticator = answering(async ({ header }) => {
      seen.push(header("Cookie"), header("cookie"), header("x-none"));
      return { name: "x" };
    });
    await client({ authenticator }).ask(`${BASE}/openapi.json`, { headers: { COOKIE: "a=b" } });
    expect(seen).to.deep.equal(["a=b", "a=b", undefined]);
  });
});

describe("health checks", () => {
  const cases: [string, ready: (() => boolean | Promise<boolean>) | undefined, up: boolean][] = [
    ["nothing is to be asked", undefined, true],
    ["the host says yes", () => true, true],
    ["the host says no", async () => false, false],
    ["asking fails", () => Promise.reject(new Error("secret")), false],
    [
      "asking throws",
      () => {
        throw new Error("secret");
      },
      false,
    ],
  ];
  for (const [what, ready, up] of cases) {
    it(`say ${up ? "ready" : "not ready"} if ${what}, and alive in any case`, async () => {
      const { ask } = client({ ready });
      const readyz = await ask("/readyz");
      expect([readyz.status, readyz.body]).to.deep.equal(up ? [200, { status: "up" }] : [503, { status: "down" }]);
      expect((await ask("/healthz")).status).to.equal(200);
    });
  }

  it("do not hang if the host does", async () => {
    const { ask } = client({ ready: () => new Promise(() => {}), requestTimeoutMs: 20, statusCodes: "semantic" });
    expect((await ask("/readyz")).status).to.equal(503);
  });
});

describe("the Host header", () => {
  const hosts: [string, taken: boolean][] = [
    ["localhost", true],
    ["localhost:4502", true],
    ["LOCALHOST:1", true],
    ["127.0.0.1:4502", true],
    ["127.3.2.1", true],
    ["[::1]:4502", true],
    ["[::1]", true],
    ["evil.example", false],
    ["evil.example:4502", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["127.0.0.1@evil.example", false],
    ["evil.example#127.0.0.1", false],
    ["[::2]", false],
    ["0.0.0.0", false],
    ["192.168.0.1", false],
    ["localhost:4502:1", false],
    ["", false],
  ];
  for (const [host, taken] of hosts) {
    it(`is ${taken ? "accepted" : "refused"} as "${host}" by a loopback-only server`, async () => {
      const { ask } = client({ allowedHosts: isLoopback });
      for (const path of [`${BASE}/openapi.json`, "/healthz"]) {
        const { status, body } = await ask(path, { headers: { Host: host } });
        expect(status, path).to.equal(taken ? 200 : 400);
        if (!taken) expect([body.code, body.errors[0].field]).to.deep.equal(["INVALID_PARAMETER", "Host"]);
      }
    });
  }

  it("may have any value if the options do not restrict it", async () => {
    expect((await client().ask("/healthz", { headers: { Host: "evil.example" } })).status).to.equal(200);
  });
});

describe("options", () => {
  const bad: [string, object][] = [
    ["basePath", { basePath: "bin" }],
    ["basePath", { basePath: "" }],
    ["basePath", { basePath: "/" }],
    ["basePath", { basePath: "/a/*" }],
    ["basePath", { basePath: "/:a" }],
    ["basePath", { basePath: "/a?b" }],
    ["maxBodyBytes", { maxBodyBytes: 0 }],
    ["maxBodyBytes", { maxBodyBytes: Number.NaN }],
    ["requestTimeoutMs", { requestTimeoutMs: -1 }],
  ];
  for (const [name, options] of bad) {
    it(`are rejected as ${JSON.stringify(options)}, naming ${name}`, () => {
      const authenticator = new TokenAuthenticator("x");
      expect(() => createApp(new FakeOperator(), { authenticator, ...options })).to.throw(AssetmillError, name);
    });
  }

  it("count as missing if they are undefined", async () => {
    const { ask } = client({ basePath: undefined, maxBodyBytes: undefined, onError: undefined });
    expect((await ask(`${BASE}/openapi.json`)).status).to.equal(200);
  });
});
