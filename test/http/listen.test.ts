import { request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { expect } from "chai";
import { AssetmillError } from "../../src/core/errors.js";
import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { type Listening, type ListenOptions, listen } from "../../src/http/listen.js";
import { isLoopback } from "../../src/http/loopback.js";
import type { HttpOptions } from "../../src/http/options.js";
import { createApp } from "../../src/http/routes.js";
import { BASE } from "./client.js";
import { FakeOperator } from "./fake-operator.js";
import { itMeasures } from "../support/timed.js";

const GLOBALS = [globalThis.Request, globalThis.Response];

describe("a real socket", () => {
  const servers: Listening[] = [];
  const operator = new FakeOperator();

  async function serve(options: Partial<ListenOptions> = {}, app: Partial<HttpOptions> = {}): Promise<Listening> {
    const { fetch } = createApp(operator, { authenticator: new OpenAuthenticator(), ...app });
    const server = await listen((request) => fetch(request), { host: "127.0.0.1", port: 0, ...options });
    servers.push(server);
    return server;
  }

  afterEach(async () => {
    operator.delayMs = 0;
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** Sends text as it is and answers all that comes back until the server hangs up. */
  const raw = (server: Listening, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(text));
      let answer = "";
      socket.setEncoding("utf8").on("data", (data) => {
        answer += data;
      });
      socket.on("close", () => resolve(answer)).on("error", reject);
    });

  it("serves the app under the origin it names", async () => {
    const { url } = await serve();
    expect(url)
      .to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
      .and.not.match(/:0$/);
    const started = await fetch(`${url}${BASE}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: "/ä", type: "T" }),
    });
    expect(started.status).to.equal(200);
    const { processingId } = (await started.json()) as { processingId: string };
    const status = await fetch(`${url}${BASE}/status?processingId=${processingId}`);
    expect(await status.json()).to.include({ path: "/ä", createdBy: "anonymous" });
    expect(status.headers.get("cache-control")).to.equal("no-store");
  });

  it("leaves the host's global Request and Response alone", async () => {
    await serve();
    expect(globalThis.Request).to.equal(GLOBALS[0]);
    expect(globalThis.Response).to.equal(GLOBALS[1]);
  });

  it("accepts a chunked body, and stops one that becomes too large while it arrives", async () => {
    const { url } = await serve({}, { maxBodyBytes: 100_000 });
    const post = (body: ReadableStream) => {
      const init = { method: "POST", headers: { "Content-Type": "application/json" }, body, duplex: "half" };
      return fetch(`${url}${BASE}`, init as RequestInit);
    };
    const good = new Blob([JSON.stringify({ path: "/chunked", type: "T" })]).stream();
    expect((await post(good)).status).to.equal(200);

    // Never ends by itself: the answer has to come before the body is complete.
    const { status, body } = await new Promise<{ status?: number; body: string }>((resolve, reject) => {
      const headers = { "Content-Type": "application/json", "Transfer-Encoding": "chunked" };
      const sending = httpRequest(`${url}${BASE}`, { method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (data) => {
          text += data;
        });
        response.on("end", () => {
          sending.destroy();
          resolve({ status: response.statusCode, body: text });
        });
      });
      sending.on("error", reject);
      sending.write(" ".repeat(100_001));
    });
    expect([status, JSON.parse(body).code]).to.deep.equal([400, "TOO_LARGE"]);
  });

  it("answers a problem if the request cannot even be parsed", async () => {
    const server = await serve();
    const answer = await raw(server, "GET /a HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
    expect(answer).to.match(/^HTTP\/1\.1 400 /);
    expect(answer).to.include("application/problem+json").and.to.include("INVALID_PARAMETER");
  });

  it("answers a problem if the function it serves fails, and passes the error on", async () => {
    const errors: unknown[] = [];
    const options = { host: "127.0.0.1", port: 0, onError: (error: unknown) => errors.push(error) };
    const failure = new Error("secret");
    servers.push(await listen(() => Promise.reject(failure), options));
    const response = await fetch(servers[0]?.url ?? "");
    expect([response.status, (await response.text()).includes("secret"), errors]).to.deep.equal([
      500,
      false,
      [failure],
    ]);
  });

  const sendUnfinished = async (): Promise<number> => {
    const server = await serve({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
    const start = Date.now();
    const answers = await Promise.all([
      raw(server, "GET / HTTP/1.1\r\nHost: x\r\nA: "),
      raw(server, `POST ${BASE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`),
    ]);
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 4\d\d /);
    return Date.now() - start;
  };
  itMeasures(
    "disconnects a client that does not finish its headers or its body",
    sendUnfinished,
    "disconnects an unfinished request soon after its timeout",
    (tookMs) => expect(tookMs).to.be.lessThan(5000),
  );

  const closeKeptAlive = async (): Promise<number> => {
    const server = await serve();
    await (await fetch(`${server.url}/healthz`)).text();
    const start = Date.now();
    await server.close();
    const tookMs = Date.now() - start;
    await server.close();
    const refused = await fetch(`${server.url}/healthz`).catch((error: Error) => error);
    expect(refused).to.be.instanceOf(Error);
    return tookMs;
  };
  itMeasures(
    "accepts no connection once it is closed, and may be closed twice",
    closeKeptAlive,
    "closes at once if connections are only kept alive",
    (tookMs) => expect(tookMs).to.be.lessThan(1000),
  );

  const closeUnderWay = async (): Promise<number> => {
    const server = await serve();
    operator.delayMs = 200;
    const asked = fetch(`${server.url}${BASE}/logs?processingId=x`);
    await new Promise((resolve) => setTimeout(resolve, 80));
    const start = Date.now();
    await Promise.all([
      server.close(),
      asked.then(async (response) => expect(((await response.json()) as { limit: number }).limit).to.equal(500)),
    ]);
    return Date.now() - start;
  };
  itMeasures(
    "lets a running request end before it closes",
    closeUnderWay,
    "closes soon after the last running request has ended",
    (tookMs) => expect(tookMs).to.be.lessThan(1500),
  );

  const closeOnSlow = async (): Promise<number> => {
    const server = await serve({ closeTimeoutMs: 100 });
    operator.delayMs = 1500;
    const asked = fetch(`${server.url}${BASE}/logs?processingId=x`).catch((error: Error) => error);
    await new Promise((resolve) => setTimeout(resolve, 80));
    const start = Date.now();
    void server.close();
    await server.close();
    const tookMs = Date.now() - start;
    expect(tookMs, "asked again, it waits for the same end").to.be.at.least(60);
    expect(await asked).to.be.instanceOf(Error);
    return tookMs;
  };
  itMeasures(
    "cuts off requests that take too long to end",
    closeOnSlow,
    "cuts off requests that take too long before they would have ended by themselves",
    (tookMs) => expect(tookMs).to.be.lessThan(1000),
  );

  it("refuses requests under another host name if only loopback is served", async () => {
    const server = await serve({ loopbackOnly: true }, { allowedHosts: isLoopback });
    const ask = (host: string) => raw(server, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await ask("evil.example")).to.match(/^HTTP\/1\.1 400 /);
    expect(await ask(new URL(server.url).host)).to.match(/^HTTP\/1\.1 200 /);
    expect(await ask("[::1]:80")).to.match(/^HTTP\/1\.1 200 /);
  });

  for (const host of ["0.0.0.0", "::", "", "192.168.1.1", "example.org", "127.0.0.1.example.org", "10.127.0.0"]) {
    it(`does not listen on "${host}" if only loopback is allowed`, async () => {
      const error = await serve({ host, loopbackOnly: true }).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(AssetmillError);
      expect(error).to.deep.include({ code: "INVALID_PARAMETER", ids: { field: "host" } });
    });
  }

  for (const host of ["127.0.0.1", "127.0.0.2", "localhost", "::1"]) {
    it(`listens on ${host} if only loopback is allowed, and names it`, async function () {
      let server: Listening;
      try {
        server = await serve({ host, loopbackOnly: true }, { allowedHosts: isLoopback });
      } catch (error) {
        // A machine without IPv6 has no ::1.
        if (host === "::1" && AssetmillError.is(error)) return this.skip();
        throw error;
      }
      expect(new URL(server.url).hostname).to.equal(host === "::1" ? "[::1]" : host);
      expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
    });
  }

  it("reports which port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const error = (await serve({ port }).catch((caught: unknown) => caught)) as AssetmillError;
    other.close();
    expect(error).to.be.instanceOf(AssetmillError);
    expect(error.ids.field).to.equal("port");
    expect(error.message).to.include(`${port}`).and.to.include("in use");
    expect((error.cause as NodeJS.ErrnoException).code).to.equal("EADDRINUSE");
  });

  it("reports that the port or the host is invalid", async () => {
    for (const [options, field] of [
      [{ port: 65_536 }, "port"],
      [{ port: -1 }, "port"],
      [{ host: "203.0.113.7" }, "host"],
    ] as const) {
      const error = (await serve(options).catch((caught: unknown) => caught)) as AssetmillError;
      expect([error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", field]);
    }
  });
});
