import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { JobEvent } from "../../src/core/job/job-event.js";
import type { OutcomePage } from "../../src/core/ports/job-reports.js";
import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { listen } from "../../src/http/listen.js";
import { nodeListener } from "../../src/http/node-listener.js";
import { createApp } from "../../src/http/routes.js";
import { until } from "../cli/workbench.js";
import { BASE } from "./client.js";
import { FakeOperator } from "./fake-operator.js";
import { ignore } from "./raw-socket.js";

const KIBIBYTE = 1024;
/** What a reader that has stopped may hold: the buffers of two sockets, and a few pages. */
const MOST_BYTES = 32 * KIBIBYTE * KIBIBYTE;

/** Random, so that a ZIP of it is as large. */
const text = (): string => randomBytes(KIBIBYTE / 2).toString("hex");

/** An operator whose reports never end. */
class EndlessOperator extends FakeOperator {
  /** Bytes that were asked for so far. */
  given = 0;
  /** Event streams that were closed. */
  closed = 0;

  constructor() {
    super();
    this.withJob({ processingId: "x", failedCount: 1 });
  }

  override async outcomes(): Promise<OutcomePage> {
    const outcomes = Array.from({ length: 200 }, () => ({
      path: `/${this.#more()}`,
      outcome: "FAILED" as const,
      code: "TOLD_TO",
      attempts: 1,
      at: 0,
    }));
    return { outcomes, next: { chunk: 0, index: 0 } };
  }

  override async logs() {
    return { lines: Array.from({ length: 200 }, () => this.#more()), limit: 200, offset: 0, hasMore: true };
  }

  override async *events(): AsyncGenerator<JobEvent> {
    try {
      for (let line = 0; ; line++) yield { id: `${line}.`, kind: "log", line, text: this.#more() };
    } finally {
      this.closed++;
    }
  }

  #more(): string {
    this.given += KIBIBYTE;
    return text();
  }
}

const STREAMS: Readonly<Record<string, string>> = {
  "outcomes as NDJSON": `GET ${BASE}/outcomes?processingId=x HTTP/1.1\r\nAccept: application/x-ndjson`,
  "outcomes as CSV": `GET ${BASE}/outcomes?processingId=x HTTP/1.1\r\nAccept: text/csv`,
  "failures as NDJSON over HTTP/1.0": `GET ${BASE}/failures?processingId=x HTTP/1.0\r\nAccept: application/x-ndjson`,
  "a ZIP": `GET ${BASE}/logs/download?processingId=x HTTP/1.1`,
  "a log file": `GET ${BASE}/logs/download?processingId=x&file=log HTTP/1.1`,
  events: `GET ${BASE}/events?processingId=x HTTP/1.1`,
};
const requestOf = (stream: string): string => `${stream}\r\nHost: localhost\r\n\r\n`;

describe("a client that stops reading", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const appOver = (operator: FakeOperator) =>
    createApp(operator, {
      authenticator: new OpenAuthenticator(),
      onError: (error) => {
        throw error;
      },
    });

  /** A host's own server around our listener, and its connections. */
  async function hosted(operator: FakeOperator, unreadTimeoutMs: number, options: object = {}) {
    const listener = nodeListener(appOver(operator).fetch, undefined, { unreadTimeoutMs });
    const server: Server = createServer(options, (request, response) => void listener(request, response));
    const sockets: Socket[] = [];
    server.on("connection", (socket) => sockets.push(socket));
    await new Promise<void>((bound) => server.listen(0, "127.0.0.1", bound));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
  }

  async function ignored(origin: string, stream: string): Promise<void> {
    const socket = await ignore(origin, requestOf(stream));
    closing.push(() => socket.destroy());
  }

  for (const [what, stream] of Object.entries(STREAMS)) {
    it(`of ${what} is cut off, and holds little until then`, async () => {
      const operator = new EndlessOperator();
      const { fetch } = appOver(operator);
      const options = { host: "127.0.0.1", port: 0, unreadTimeoutMs: 1000, closeTimeoutMs: 60_000 };
      const server = await listen((request) => fetch(request), options);
      await ignored(server.url, stream);
      await until("something is sent", async () => operator.given > 0 || undefined);
      // It waits for requests under way: this one ends because it is cut off.
      const from = Date.now();
      await server.close();
      expect(Date.now() - from).to.be.lessThan(30_000);
      const { given } = operator;
      expect(given).to.be.lessThan(MOST_BYTES);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(operator.given, "nothing more is read for it").to.equal(given);
      expect(operator.closed).to.equal(what === "events" ? 1 : 0);
    });
  }

  it("is cut off in a host's own server, too", async () => {
    const operator = new EndlessOperator();
    const { origin, sockets } = await hosted(operator, 500);
    await ignored(origin, STREAMS["outcomes as CSV"] ?? "");
    await until("the connection is closed", async () => sockets[0]?.destroyed || undefined);
  });

  it("is cut off after the time that was said, not after twice that", async () => {
    const operator = new EndlessOperator();
    const { origin, sockets } = await hosted(operator, 6_000);
    await ignored(origin, STREAMS["outcomes as CSV"] ?? "");
    await until("something is sent", async () => operator.given > 0 || undefined);
    const from = performance.now();
    await until("the connection is closed", async () => sockets[0]?.destroyed || undefined);
    expect(performance.now() - from).to.be.within(5_000, 11_000);
  });

  for (const [options, says] of [
    [{ unreadTimeoutMs: -5 }, "unreadTimeoutMs: must be an integer from 1 to 2147483647; got -5"],
    [{ unreadTimeoutMs: Number.NaN }, "unreadTimeoutMs: must be an integer from 1 to 2147483647; got NaN"],
    [{ unreadTimeoutMs: 1e12 }, "unreadTimeoutMs: must be an integer from 1 to 2147483647; got 1000000000000"],
    [{ unreadTimeout: 5 }, 'unreadTimeout: unknown option; did you mean "unreadTimeoutMs"?'],
  ] as const) {
    it(`is no reason to take ${JSON.stringify(options)}: ${says}`, () => {
      expect(() => nodeListener(() => new Response(), undefined, options as object)).to.throw(says);
    });
  }

  it("no longer counts against the limit of event streams", async () => {
    const operator = new EndlessOperator();
    const app = createApp(operator, { authenticator: new OpenAuthenticator(), maxEventStreams: 1 });
    const options = { host: "127.0.0.1", port: 0, unreadTimeoutMs: 500, closeTimeoutMs: 100 };
    const server = await listen((request) => app.fetch(request), options);
    closing.push(() => server.close());
    await ignored(server.url, STREAMS["events"] ?? "");
    await until("the stream is open", async () => operator.given > 0 || undefined);
    const ask = (): Promise<Response> =>
      Promise.resolve(app.request(`${BASE}/events?processingId=x`)).then(async (response) => {
        await response.body?.cancel();
        return response;
      });
    expect((await ask()).status).to.equal(429);
    await until("the stream is closed", async () => (await ask()).status === 200 || undefined);
  });

  it("is not cut off while it reads, however slowly the report is made", async () => {
    const operator = new (class extends EndlessOperator {
      override async outcomes(): Promise<OutcomePage> {
        await new Promise((resolve) => setTimeout(resolve, 2000)); // longer than a client may leave anything unread
        const { outcomes, next } = await super.outcomes();
        return this.given < 800 * KIBIBYTE ? { outcomes, ...(next ? { next } : {}) } : { outcomes };
      }
    })();
    const { origin } = await hosted(operator, 1500);
    const response = await fetch(`${origin}${BASE}/outcomes?processingId=x`, {
      headers: { accept: "application/x-ndjson" },
    });
    expect((await response.text()).match(/\n/g)).to.have.length(800);
  });

  it("is not cut off if it pauses for less than that again and again", async () => {
    const operator = new EndlessOperator();
    const { origin } = await hosted(operator, 5000);
    const { port } = new URL(origin);
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(requestOf(STREAMS["outcomes as CSV"] ?? "")));
    closing.push(() => socket.destroy());
    let received = 0;
    socket.on("data", (bytes) => {
      received += bytes.length;
    });
    for (let round = 0; round < 6; round++) {
      socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 700));
      const before = received;
      socket.resume();
      await until("more has come", async () => received > before + MOST_BYTES / 2 || undefined);
    }
    expect(socket.destroyed).to.equal(false);
  });

  it("leaves no time limit of ours on a connection that the host keeps open", async () => {
    for (const keepAliveTimeout of [0, 1000, 40_000]) {
      const { origin, sockets } = await hosted(new FakeOperator(), 1000, { keepAliveTimeout });
      const { hostname, port } = new URL(origin);
      const socket = connect(Number(port), hostname, () => socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
      closing.push(() => socket.destroy());
      await new Promise((resolve) => socket.once("data", resolve));
      await new Promise((resolve) => setTimeout(resolve, 100));
      // Node adds some time of its own to a limit.
      const most = keepAliveTimeout === 0 ? 0 : keepAliveTimeout + 1500;
      expect(sockets[0]?.timeout ?? 0).to.be.within(keepAliveTimeout, most);
    }
  });
});
