import { expect } from "chai";
import type { AccessPolicy } from "../../src/core/ports/access-policy.js";
import { authenticateWith } from "../../src/http/auth/function-authenticator.js";
import { TokenAuthenticator } from "../../src/http/auth/token-authenticator.js";
import type { HttpOptions } from "../../src/http/options.js";
import { pathAccessPolicy } from "../../src/http/path-access-policy.js";
import { createApp } from "../../src/http/routes.js";
import { BASE, defaultCheck, SIBLINGS } from "./client.js";
import { FakeOperator, uuid } from "./fake-operator.js";

/** Open to all: up or down and no more. */
const HEALTH = ["/healthz", "/readyz"];

/** What a known caller may have whatever the policy says: they tell nothing of any path or job. */
const ABOUT_NO_PATH = [`${BASE}/openapi.json`, `${BASE}/csrf-token`, `${SIBLINGS}/system/status`];

/** A sound request for each route, by method and path; a route that is not here fails the test below. */
const SOUND: Readonly<Record<string, { readonly query?: string; readonly body?: object }>> = {
  [`POST ${BASE}`]: { body: { path: "/secret", type: "T" } },
  [`GET ${BASE}/status`]: { query: `processingId=${uuid(1)}` },
  [`GET ${BASE}/history`]: {},
  [`GET ${BASE}/logs`]: { query: `processingId=${uuid(1)}` },
  [`GET ${BASE}/logs/download`]: { query: `processingId=${uuid(1)}` },
  [`POST ${BASE}/cancel`]: { body: { processingId: uuid(1) } },
  [`POST ${BASE}/resume`]: { body: { processingId: uuid(1) } },
  [`POST ${BASE}/pause`]: { body: { processingId: uuid(1) } },
  [`POST ${BASE}/restart`]: { body: { processingId: uuid(1) } },
  [`POST ${BASE}/retry-failed`]: { body: { processingId: uuid(1) } },
  [`GET ${BASE}/failures`]: { query: `processingId=${uuid(1)}` },
  [`GET ${BASE}/outcomes`]: { query: `processingId=${uuid(1)}` },
  [`GET ${BASE}/events`]: { query: `processingId=${uuid(1)}` },
  [`GET ${BASE}/results`]: { query: "path=/secret/a.dita" },
  [`GET ${BASE}/openapi.json`]: {},
  [`GET ${BASE}/csrf-token`]: {},
  [`POST ${SIBLINGS}/assets/status`]: { body: { paths: ["/secret"] } },
  [`GET ${SIBLINGS}/assets/status`]: { query: `jobId=${uuid(1)}` },
  [`GET ${SIBLINGS}/system/status`]: {},
  "GET /healthz": {},
  "GET /readyz": {},
};

/** The app's own list, so that a new route is in it; middleware stands under ALL. */
const routes = [
  ...new Set(
    createApp(new FakeOperator(), { authenticator: new TokenAuthenticator("x") })
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`),
  ),
].sort();

const SECRET = /secret/;

/** Asks one route with a sound request; the operator has one job, on /secret. */
async function ask(route: string, options: HttpOptions, headers: Record<string, string> = {}) {
  const [method = "", path = ""] = route.split(" ");
  const { query, body } = SOUND[route] ?? {};
  const operator = new FakeOperator();
  operator.withJob({ path: "/secret", paths: ["/secret"] });
  const response = await createApp(operator, { statusCodes: "semantic", ...options }).request(
    `${path}${query === undefined ? "" : `?${query}`}`,
    {
      method,
      headers: { ...headers, ...(body ? { "Content-Type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    },
  );
  const { status } = response;
  const text = await response.text();
  const contentType = response.headers.get("content-type");
  defaultCheck().check({ method, pathname: path, status, contentType, text });
  return {
    status,
    headers: response.headers,
    text,
    calls: operator.calls.map(({ name }) => name),
  };
}

const CREDENTIALS: Readonly<Record<string, Record<string, string>>> = {
  none: {},
  "a wrong token": { Authorization: "Bearer wrong" },
  "a wrong password": { Authorization: `Basic ${btoa("ann:wrong")}` },
  "an empty header": { Authorization: "" },
  "a cookie": { Cookie: "token=right" },
};

describe("every route", () => {
  it("has a valid request in this table", () => {
    expect(routes).to.deep.equal(Object.keys(SOUND).sort());
  });

  for (const route of routes) {
    const path = route.split(" ")[1] ?? "";
    const isHealth = HEALTH.includes(path);

    it(`is ${isHealth ? "open to everybody" : "closed to unknown callers"} at ${route}`, async () => {
      for (const [what, headers] of Object.entries(CREDENTIALS)) {
        const { status, calls, text } = await ask(route, { authenticator: new TokenAuthenticator("right") }, headers);
        expect(status, what).to.equal(isHealth ? 200 : 401);
        expect(calls, what).to.deep.equal([]);
        if (isHealth) expect(JSON.parse(text)).to.deep.equal({ status: "up" });
        else expect(JSON.parse(text).code).to.equal("UNAUTHENTICATED");
      }
    });

    it(`is open at ${route} to a caller with all permissions`, async () => {
      const options = { authenticator: new TokenAuthenticator("right") };
      const { status, text } = await ask(route, options, { Authorization: "Bearer right" });
      expect(status, text).to.be.oneOf([200, 204, 409]);
      // The document itself lists these codes.
      if (!path.endsWith("/openapi.json")) expect(text).to.not.match(/UNAUTHENTICATED|FORBIDDEN/);
    });

    if (isHealth) continue;

    it(`${ABOUT_NO_PATH.includes(path) ? "reveals no path" : "is closed"} at ${route} to a caller with no permissions`, async () => {
      const accessPolicy: AccessPolicy = { allows: () => false };
      const authenticator = new TokenAuthenticator("right");
      const { status, text, calls } = await ask(
        route,
        { authenticator, accessPolicy },
        { Authorization: "Bearer right" },
      );
      expect(text).to.not.match(SECRET);
      if (ABOUT_NO_PATH.includes(path)) {
        expect([status, calls]).to.deep.equal([200, []]);
      } else if (path === `${BASE}/history`) {
        expect([status, text]).to.deep.equal([200, '{"executionHistory":[]}']);
      } else {
        expect([status, JSON.parse(text).code]).to.deep.equal([403, "FORBIDDEN"]);
        expect(calls.filter((name) => name !== "status")).to.deep.equal([]);
      }
    });

    it(`is closed at ${route} to a caller whom the policy does not admit`, async () => {
      const authenticator = new TokenAuthenticator("right");
      const nobody = pathAccessPolicy([{ principal: "somebody else", paths: ["/"] }]);
      for (const accessPolicy of [nobody, { admits: async () => false, allows: () => true }]) {
        const options = { authenticator, accessPolicy };
        const { status, text, calls } = await ask(route, options, { Authorization: "Bearer right" });
        expect([status, JSON.parse(text).code, calls]).to.deep.equal([403, "FORBIDDEN", []]);
      }
    });

    if (!route.startsWith("POST")) continue;

    it(`is closed at ${route} to a cookie without a token, and to a page of another site`, async () => {
      const authenticator = authenticateWith(() => ({ name: "ann", by: "cookie" as const }));
      const bare = await ask(route, { authenticator }, { Cookie: "a=b" });
      expect([bare.status, bare.calls]).to.deep.equal([403, []]);
      const open = authenticateWith(() => "ann");
      const foreign = await ask(route, { authenticator: open }, { Origin: "https://evil.example" });
      expect([foreign.status, foreign.calls]).to.deep.equal([403, []]);
    });
  }
});
