import { expect } from "chai";
import type { JobEvent } from "../../src/core/job/job-event.js";
import { until } from "../cli/workbench.js";
import { deferred } from "../support/deferred.js";
import { BASE, client } from "./client.js";
import { FakeOperator } from "./fake-operator.js";
import { Servers } from "./served.js";
import { itMeasures } from "../support/timed.js";

const EVENTS = `${BASE}/events`;

const log = (line: number): JobEvent => ({ id: `${line + 1}.`, kind: "log", line, text: `line ${line}` });

/** The fields of each event, in order; comments as they are. */
const parsed = (text: string): Record<string, string>[] =>
  text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) =>
      Object.fromEntries(
        block.split("\n").map((line) => (line.startsWith(":") ? ["comment", line] : line.split(/: (.*)/s).slice(0, 2))),
      ),
    );

describe("GET events", () => {
  it("sends what happened as Server-Sent Events, by kind and id, and ends", async () => {
    const { ask, operator } = client();
    const report = operator.withJob({ status: "SUCCESS" });
    operator.told.push(log(0), { id: "1.A", kind: "progress", report }, { id: "1.B", kind: "status", report });
    const { status, headers, text } = await ask(`${EVENTS}?processingId=${report.processingId}`);
    expect(status).to.equal(200);
    expect(headers.get("content-type")).to.equal("text/event-stream");
    expect(headers.get("cache-control")).to.equal("no-store");
    expect(headers.get("transfer-encoding")).to.equal(null);
    const data = JSON.stringify(report);
    expect(parsed(text)).to.deep.equal([
      { event: "log", id: "1.", data: '{"line":0,"text":"line 0"}' },
      { event: "progress", id: "1.A", data },
      { event: "status", id: "1.B", data },
    ]);
  });

  it("resumes after the Last-Event-ID, and answers 204 if an ended job has nothing more", async () => {
    const { ask, operator } = client();
    const { processingId } = operator.withJob({ status: "SUCCESS" });
    operator.told.push(log(0), log(1), log(2));
    const after = (id: string) => ask(`${EVENTS}?processingId=${processingId}`, { headers: { "Last-Event-ID": id } });
    expect(parsed((await after("1.")).text).map(({ id }) => id)).to.deep.equal(["2.", "3."]);
    expect(parsed((await after("")).text)).to.have.length(3);
    const nothing = await after("3.");
    expect([nothing.status, nothing.text]).to.deep.equal([204, ""]);
  });

  it("answers a problem for an unknown job or an invalid event id", async () => {
    const { ask } = client();
    expect((await ask(`${EVENTS}?processingId=nope`)).body.code).to.equal("JOB_NOT_FOUND");
    expect((await ask(EVENTS)).body.code).to.equal("INVALID_PARAMETER");
    expect((await ask(`${EVENTS}?processingId=a&after=b`)).body.code).to.equal("UNKNOWN_FIELD");
  });

  it("limits the number of open streams; one that ends, or is refused, makes room", async () => {
    const { app, ask, operator } = client({ maxEventStreams: 2 });
    const { processingId } = operator.withJob({ status: "SUCCESS" });
    const path = `${EVENTS}?processingId=${processingId}`;
    // More than what a stream takes before somebody reads.
    operator.told.push(...Array.from({ length: 1_000 }, (_, i) => log(i)));
    const held = [await app.request(path), await app.request(path)];
    expect((await ask(path)).body.code).to.equal("RATE_LIMITED");
    await held[0]?.text();
    // Told everything: nothing is opened, and nothing kept.
    for (let i = 0; i < 5; i++)
      expect((await ask(path, { headers: { "Last-Event-ID": "1000." } })).status).to.equal(204);
    const again = await app.request(path);
    expect(again.status).to.equal(200);
    await Promise.all([held[1]?.text(), again.text()]);
    for (let i = 0; i < 5; i++) expect((await ask(path)).status).to.equal(200);
  });

  it("watches nothing if it is called as HEAD", async () => {
    const { ask, operator } = client();
    const { processingId } = operator.withJob();
    const { status, headers } = await ask(`${EVENTS}?processingId=${processingId}`, { method: "HEAD" });
    expect([status, headers.get("content-type")]).to.deep.equal([200, "text/event-stream"]);
    expect(operator.calls.map(({ name }) => name)).to.deep.equal(["status"]);
  });
});

/** Tells what it is given, when it is given it; `ended` once whoever watched is gone. */
class LiveOperator extends FakeOperator {
  readonly ended = deferred();
  readonly #queue: (JobEvent | Error | undefined)[] = [];
  #more = deferred();
  given = 0;

  tell(event: JobEvent | Error | undefined): void {
    this.#queue.push(event);
    this.#more.resolve();
  }

  override async *events(_id: string, { signal }: { after?: string; signal?: AbortSignal } = {}) {
    try {
      for (;;) {
        while (this.#queue.length === 0 && !signal?.aborted) {
          const gone = new Promise<void>((resolve) =>
            signal?.addEventListener("abort", () => resolve(), { once: true }),
          );
          await Promise.race([this.#more.promise, gone]);
          this.#more = deferred();
        }
        const event = this.#queue.shift();
        if (signal?.aborted || event === undefined) return;
        if (event instanceof Error) throw event;
        this.given++;
        yield event;
      }
    } finally {
      this.ended.resolve();
    }
  }
}

describe("a stream of events", function () {
  const servers = new Servers();
  afterEach(() => servers.close());

  /** What comes, as it comes. */
  const watched = async (operator: LiveOperator, options: Parameters<Servers["over"]>[1] = {}) => {
    const { processingId } = operator.withJob({ status: "PROCESSING" });
    const origin = await servers.over(operator, options);
    const going = new AbortController();
    const response = await fetch(`${origin}${EVENTS}?processingId=${processingId}`, { signal: going.signal });
    let text = "";
    const end = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString("utf8");
      }
      return "ended";
    })().catch(() => "cut");
    return { response, text: () => text, end, leave: () => going.abort() };
  };

  it("begins before anything happens, delivers each event at once, and ends after the last", async () => {
    const operator = new LiveOperator();
    const { response, text, end } = await watched(operator);
    expect([response.status, text()]).to.deep.equal([200, ""]);
    operator.tell(log(0));
    await until("the first event", async () => text().includes("line 0") || undefined);
    operator.tell(log(1));
    await until("the second event", async () => text().includes("line 1") || undefined);
    operator.tell(undefined);
    expect(await end).to.equal("ended");
    await operator.ended.promise;
    expect(parsed(text()).map(({ id }) => id)).to.deep.equal(["1.", "2."]);
  });

  it("sends heartbeats while nothing happens, outlives the request timeout, and loses nothing meanwhile", async () => {
    const operator = new LiveOperator();
    const beganMs = performance.now();
    const { text, end } = await watched(operator, { eventKeepAliveMs: 50, requestTimeoutMs: 700 });
    await new Promise((resolve) => setTimeout(resolve, 900));
    operator.tell(log(0));
    operator.tell(undefined);
    expect(await end).to.equal("ended");
    const events = parsed(text());
    const comments = events.filter(({ comment }) => comment !== undefined);
    expect(comments.length).to.be.within(5, (performance.now() - beganMs) / 50 + 1);
    expect(events.at(-1)).to.include({ id: "1.", event: "log" });
  });

  const watchAndLeave = async (): Promise<number> => {
    const operator = new LiveOperator();
    const { leave, end } = await watched(operator);
    leave();
    const left = Date.now();
    expect(await end).to.equal("cut");
    await operator.ended.promise;
    return Date.now() - left;
  };
  itMeasures(
    "stops watching once the client disconnects",
    watchAndLeave,
    "stops watching at once when the client disconnects, not only when the next heartbeat fails",
    (tookMs) => expect(tookMs).to.be.lessThan(2_000),
  );

  it("requests no more events than the client reads", async () => {
    const operator = new LiveOperator();
    const { processingId } = operator.withJob({ status: "PROCESSING" });
    const origin = await servers.over(operator);
    for (let i = 0; i < 50_000; i++) {
      operator.tell({ id: `${i + 1}.`, kind: "log", line: i, text: "x".repeat(1_000) });
    }
    const going = new AbortController();
    const response = await fetch(`${origin}${EVENTS}?processingId=${processingId}`, { signal: going.signal });
    await response.body?.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(operator.given).to.be.lessThan(25_000);
    going.abort();
    await operator.ended.promise;
  });

  it("does not reveal the cause if it fails, and reports it to the host", async () => {
    const errors: unknown[] = [];
    const operator = new LiveOperator();
    const { text, end } = await watched(operator, { onError: (error) => errors.push(error) });
    operator.tell(log(0));
    const failure = new Error("SQLITE_BUSY /var/lib/x");
    operator.tell(failure);
    await end;
    expect(errors).to.deep.equal([failure]);
    expect(parsed(text())).to.have.length(1);
    await operator.ended.promise;
  });
});
