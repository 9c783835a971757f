import { expect } from "chai";
import type { Principal } from "../../src/core/ports/authenticator.js";
import { CsrfTokens } from "../../src/http/auth/csrf-tokens.js";
import { authenticateWith } from "../../src/http/auth/function-authenticator.js";
import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { BASE, client } from "./client.js";

const KEY = "a key of thirty-two bytes, or of more";
const COOKIE = { Cookie: "sid=1", Host: "localhost" };

/** Known by a cookie, its value being the session; or by X-User, with nothing said of what proved it. */
const authenticator = authenticateWith(({ header }): Principal | undefined => {
  const [, session] = /^sid=(\w+)$/.exec(header("cookie") ?? "") ?? [];
  if (header("authorization") !== undefined) return { name: "ann", by: "header" };
  if (header("x-user") !== undefined) return { name: "ann" };
  return session === undefined ? undefined : { name: "ann", by: "cookie", session };
});

const app = (options: object = {}) => client({ authenticator, csrfKey: KEY, statusCodes: "semantic", ...options });

type App = ReturnType<typeof app>;

const cancel = async ({ ask, operator }: App, headers: Record<string, string>, method = "POST") => {
  const before = operator.calls.length;
  const { status, body } = await ask(`${BASE}/cancel?processingId=x`, { method, headers });
  return { status, code: body?.code as string | undefined, reached: operator.calls.length > before };
};

const tokenOf = async ({ ask }: App, headers: Record<string, string> = COOKIE): Promise<string> =>
  (await ask(`${BASE}/csrf-token`, { headers })).body.token as string;

const FORBIDDEN = { status: 403, code: "FORBIDDEN", reached: false };
const LET_THROUGH = { status: 404, code: "JOB_NOT_FOUND", reached: true };

describe("a caller known by a cookie", () => {
  it("changes nothing without a token, and can change something with its own", async () => {
    const mill = app();
    expect(await cancel(mill, COOKIE)).to.deep.equal(FORBIDDEN);
    expect(await cancel(mill, { ...COOKIE, "CSRF-Token": await tokenOf(mill) })).to.deep.equal(LET_THROUGH);
  });

  it("can read without a token", async () => {
    expect((await app().ask(`${BASE}/history`, { headers: COOKIE })).status).to.equal(200);
  });

  it("needs its own session's token: not another session's, not another user's, not one under another key", async () => {
    const mill = app();
    const strange = [
      await tokenOf(mill, { ...COOKIE, Cookie: "sid=2" }),
      await tokenOf(mill, { Authorization: "Bearer x" }),
      new CsrfTokens("another key of thirty-two bytes, or more").issue({ name: "ann", session: "1" }),
      new CsrfTokens(KEY).issue({ name: "bert", session: "1" }),
      new CsrfTokens(KEY).issue({ name: "ann" }),
    ];
    const good = await tokenOf(mill);
    const [expires = "", signature = ""] = good.split(".");
    const later = (Number.parseInt(expires, 36) + 1000).toString(36);
    strange.push("", "x", ".", `${later}.${signature}`, `${expires}.`, `${expires}.${"A".repeat(43)}`, `${good}x`);
    for (const token of strange) {
      expect(await cancel(mill, { ...COOKIE, "CSRF-Token": token }), token).to.deep.equal(FORBIDDEN);
    }
  });

  it("may use the token of another node with the same key; without a key each app has its own", async () => {
    const token = await tokenOf(app());
    expect(await cancel(app(), { ...COOKIE, "CSRF-Token": token })).to.deep.equal(LET_THROUGH);
    const own = app({ csrfKey: undefined });
    expect(await cancel(own, { ...COOKIE, "CSRF-Token": token })).to.deep.equal(FORBIDDEN);
    expect(await cancel(own, { ...COOKIE, "CSRF-Token": await tokenOf(own) })).to.deep.equal(LET_THROUGH);
  });

  it("loses its token after an hour", () => {
    const tokens = new CsrfTokens(KEY);
    const principal = { name: "ann" };
    const token = tokens.issue(principal);
    const { now } = Date;
    try {
      Date.now = () => now() + 59 * 60_000;
      expect(tokens.accepts(principal, token)).to.equal(true);
      Date.now = () => now() + 61 * 60_000;
      expect(tokens.accepts(principal, token)).to.equal(false);
    } finally {
      Date.now = now;
    }
  });

  it("is refused from another site even with a token", async () => {
    const mill = app();
    const token = { ...COOKIE, "CSRF-Token": await tokenOf(mill) };
    for (const elsewhere of [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: "http://localhost:8080" },
      { Origin: "http://localhost", "Sec-Fetch-Site": "cross-site" },
    ] as Record<string, string>[]) {
      expect(await cancel(mill, { ...token, ...elsewhere }), JSON.stringify(elsewhere)).to.deep.equal(FORBIDDEN);
    }
    for (const here of [
      { "Sec-Fetch-Site": "same-origin" },
      { "Sec-Fetch-Site": "none" },
      { Origin: "http://localhost" },
      { Origin: "https://localhost" },
    ] as Record<string, string>[]) {
      expect(await cancel(mill, { ...token, ...here }), JSON.stringify(here)).to.deep.equal(LET_THROUGH);
    }
  });

  it("is assumed for a Cookie without Authorization if the authenticator does not say how it knows the caller", async () => {
    expect(await cancel(app(), { "X-User": "ann", Cookie: "a=b" })).to.deep.equal(FORBIDDEN);
    expect(await cancel(app(), { "X-User": "ann" })).to.deep.equal(LET_THROUGH);
  });
});

describe("a caller known by a header", () => {
  it("needs no token", async () => {
    const headers = { Authorization: "Bearer x", Cookie: "sid=1" };
    expect(await cancel(app(), headers)).to.deep.equal(LET_THROUGH);
  });

  it("may come from any site with a Bearer token, but not with a Basic password, which browsers remember", async () => {
    const elsewhere = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
    expect(await cancel(app(), { Authorization: "Bearer x", ...elsewhere })).to.deep.equal(LET_THROUGH);
    expect(await cancel(app(), { Authorization: "Basic eDp5", ...elsewhere })).to.deep.equal(FORBIDDEN);
    expect(await cancel(app(), { Authorization: "Basic eDp5" })).to.deep.equal(LET_THROUGH);
  });

  it("may not come from another site even if everyone on this machine may call", async () => {
    const open = client({ authenticator: new OpenAuthenticator(), statusCodes: "semantic" });
    expect(await cancel(open, { "Sec-Fetch-Site": "cross-site" })).to.deep.equal(FORBIDDEN);
    expect(await cancel(open, {})).to.deep.equal(LET_THROUGH);
  });
});

it("the app rejects a key that is too short, naming csrfKey", () => {
  expect(() => app({ csrfKey: "short" })).to.throw(/csrfKey/);
});
