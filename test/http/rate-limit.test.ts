import { expect } from "chai";
import { authenticateWith } from "../../src/http/auth/function-authenticator.js";
import { listen, type Listening } from "../../src/http/listen.js";
import type { HttpOptions } from "../../src/http/options.js";
import { createApp } from "../../src/http/routes.js";
import { BASE, client } from "./client.js";
import { FakeOperator } from "./fake-operator.js";

const authenticator = authenticateWith(({ header }) => header("x-user") || undefined, ["Bearer"]);

describe("a rate limit", () => {
  it("is off by default", async () => {
    const { ask } = client({ authenticator });
    for (let i = 0; i < 200; i++)
      expect((await ask(`${BASE}/history`, { headers: { "X-User": "a" } })).status).to.equal(200);
  });

  for (const statusCodes of ["documented", "semantic"] as const) {
    it(`answers 429 with Retry-After above the limit, per principal, until the window ends (${statusCodes})`, async () => {
      const { ask, operator } = client({ authenticator, statusCodes, rateLimit: { windowMs: 1_500, limit: 3 } });
      const as = (user: string) => ask(`${BASE}/history`, { headers: { "X-User": user } });
      for (let i = 0; i < 3; i++) expect((await as("ann")).status).to.equal(200);
      const { status, body, headers } = await as("ann");
      expect([status, body.code, operator.calls.length]).to.deep.equal([429, "RATE_LIMITED", 3]);
      expect(Number(headers.get("retry-after"))).to.be.within(1, 2);
      expect((await as("bert")).status).to.equal(200);
      expect((await ask("/healthz")).status).to.equal(200);
      await new Promise((over) => setTimeout(over, 1_600));
      expect((await as("ann")).status).to.equal(200);
    });
  }

  for (const rateLimit of [
    { windowMs: 0, limit: 1 },
    { windowMs: 1, limit: 0 },
    { windowMs: 1, limit: 1.5 },
  ]) {
    it(`is rejected as ${JSON.stringify(rateLimit)}, naming the option`, () => {
      expect(() => createApp(new FakeOperator(), { authenticator, rateLimit })).to.throw(/rateLimit\./);
      expect(() => createApp(new FakeOperator(), { authenticator, loginLimit: rateLimit })).to.throw(/loginLimit\./);
    });
  }
});

describe("failed logins", () => {
  const servers: Listening[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(options: Partial<HttpOptions> = {}) {
    const app = createApp(new FakeOperator(), { authenticator, rateLimit: { windowMs: 60_000, limit: 3 }, ...options });
    const server = await listen((request, env) => app.fetch(request, env), { host: "127.0.0.1", port: 0 });
    servers.push(server);
    const get = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}${BASE}/history`, { headers, signal: AbortSignal.timeout(5_000) })).status;
    // A name that is empty is a failed login.
    return Object.assign((headers: Record<string, string> = {}) => get({ "X-User": "", ...headers }), { bare: get });
  }

  it("are limited by address before anybody authenticates the caller; successful ones do not count", async () => {
    const ask = await serve({ rateLimit: { windowMs: 60_000, limit: 5 } });
    const statuses: number[] = [];
    for (const headers of [{ "X-User": "a" }, {}, { "X-User": "b" }, {}, {}, { "X-User": "c" }, {}, {}]) {
      statuses.push(await ask(headers as Record<string, string>));
    }
    expect(statuses).to.deep.equal([200, 401, 200, 401, 401, 200, 401, 401]);
    expect(await ask()).to.equal(429);
    expect(await ask({ "X-User": "d" }), "a stranger").to.equal(429);
    expect(await ask({ "X-User": "a" }), "a known caller").to.equal(200);
  });

  it("are none where no credentials are sent: many clients ask first without", async () => {
    const ask = await serve();
    for (let i = 0; i < 9; i++) expect(await ask.bare({})).to.equal(401);
    expect(await ask({ "X-User": "ann" })).to.equal(200);
    for (let i = 0; i < 3; i++) expect(await ask()).to.equal(401);
    expect(await ask()).to.equal(429);
  });

  it("are counted by address, whatever port a proxy writes behind it; what is no address is none", async () => {
    for (const address of ["10.2.2.2", "[2001:db8:7::1]"]) {
      const ask = await serve({ trustProxy: 1 });
      for (let i = 0; i < 3; i++) expect(await ask({ "X-Forwarded-For": `${address}:4000${i}` })).to.equal(401);
      expect(await ask({ "X-Forwarded-For": `${address}:40009` })).to.equal(429);
      expect(await ask({ "X-Forwarded-For": address })).to.equal(429);
      expect(await ask({ "X-Forwarded-For": "10.3.3.3" })).to.equal(401);
    }
    const ask = await serve({ trustProxy: 1 });
    for (let i = 0; i < 3; i++) expect(await ask({ "X-Forwarded-For": `junk-${i}` })).to.equal(401);
    expect(await ask({ "X-Forwarded-For": "junk-9" })).to.equal(429);
  });

  it("ignore X-Forwarded-For unless that many proxies are configured", async () => {
    const bare = await serve();
    for (let i = 0; i < 3; i++) expect(await bare({ "X-Forwarded-For": `10.0.0.${i}` })).to.equal(401);
    expect(await bare({ "X-Forwarded-For": "10.0.0.99" })).to.equal(429);

    const behindOne = await serve({ trustProxy: 1 });
    // Whatever the client wrote stands to the left of what the proxy saw.
    for (let i = 0; i < 3; i++) expect(await behindOne({ "X-Forwarded-For": `1.1.1.${i}, 10.0.0.1` })).to.equal(401);
    expect(await behindOne({ "X-Forwarded-For": "1.1.1.9, 10.0.0.1" })).to.equal(429);
    expect(await behindOne({ "X-Forwarded-For": "1.1.1.9, 10.0.0.2" })).to.equal(401);
  });

  it("count a customer's IPv6 network as one caller", async () => {
    const ask = await serve({ trustProxy: 1 });
    const addresses = ["2001:db8:0:1::1", "2001:0db8::1:ffff:0:0:2", "2001:DB8:0:1:2:3:4:5"];
    for (const address of addresses) expect(await ask({ "X-Forwarded-For": address })).to.equal(401);
    expect(await ask({ "X-Forwarded-For": "2001:db8:0:1::9" })).to.equal(429);
    expect(await ask({ "X-Forwarded-For": "2001:db8:0:2::1" })).to.equal(401);
    for (let i = 0; i < 3; i++) expect(await ask({ "X-Forwarded-For": "::ffff:10.1.1.1" })).to.equal(401);
    expect(await ask({ "X-Forwarded-For": "10.1.1.1" })).to.equal(429);
  });

  it("are not limited if there is no socket to identify the caller", async () => {
    const { ask } = client({ authenticator, rateLimit: { windowMs: 60_000, limit: 1 } });
    for (let i = 0; i < 5; i++) expect((await ask(`${BASE}/history`)).status).to.equal(401);
  });
});
