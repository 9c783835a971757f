import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ContainerModule } from "inversify";
import { createLogger } from "winston";
import Transport from "winston-transport";
import {
  ASSET_HANDLER,
  type AssetHandler,
  AssetFailure,
  AssetmillError,
  createAssetmill,
  RetryableError,
  SkipAsset,
} from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { SAMPLE, TOPIC, until } from "../cli/workbench.js";
import { checked } from "../support/checked-fetch.js";
import { endOf, Host, logOf, outcomesOf, processed } from "./host.js";
import { itMeasures } from "../support/timed.js";

const ESPRESSO = "/content/dam/espresso";
const BASE = "/bin/guides/v1/assets/process";

const texts = (...names: readonly string[]): MemoryAssetRepository =>
  new MemoryAssetRepository(Object.fromEntries(names.map((name) => [`/in/${name}`, name])));

/** A handler named `own` with this process. */
const own = (process: AssetHandler["process"], rest: Partial<AssetHandler> = {}): AssetHandler => ({
  name: "own",
  version: "1",
  process,
  ...rest,
});

describe("assetmill inside a host", () => {
  let host: Host;

  beforeEach(() => {
    host = new Host();
  });
  afterEach(() => host.dispose());

  it("retries a file whose name is not UTF-8 with the verdict of the first run: it failed, it is not gone", async () => {
    const assets = host.bench.tree({ "a.dita": TOPIC });
    try {
      const file = Buffer.concat([Buffer.from(host.bench.path("tree/b")), Buffer.of(0xff), Buffer.from(".dita")]);
      writeFileSync(file, TOPIC);
    } catch {
      return; // Some file systems take only UTF-8.
    }
    const mill = await createAssetmill({ assets, store: host.bench.store });
    const { processingId } = await mill.operator.start({ path: "/content/dam/t", type: "ASSET_PROCESSING" }, "host");
    await endOf(mill, processingId);
    const retry = await mill.operator.retryFailed(processingId, "host");
    await endOf(mill, retry.processingId);
    const failures = async (id: string) => {
      const { outcomes } = await mill.operator.outcomes(id, { limit: 9, kinds: ["FAILED", "SKIPPED"] });
      return outcomes.map(({ path, outcome, code, message }) => ({ path, outcome, code, message }));
    };
    const first = await failures(processingId);
    expect(first).to.have.lengthOf(1);
    expect(first[0]).to.include({ path: "/content/dam/t/b\\xff.dita", outcome: "FAILED", code: "READ_FAILED" });
    expect(await failures(retry.processingId)).to.deep.equal(first);
    await mill.close();
  });

  it("needs three lines of set-up: create, start a job, close", async () => {
    const mill = await createAssetmill({ assets: SAMPLE, store: host.bench.store });
    const { processingId } = await mill.operator.start({ path: ESPRESSO, type: "ASSET_PROCESSING" }, "host");
    const report = await endOf(mill, processingId);
    await mill.close();
    expect(report).to.deep.include({ status: "SUCCESS", createdBy: "host", succeededCount: 18, skippedCount: 5 });
  });

  it("resumes on start() what an earlier mill left unfinished, without a call", async () => {
    const assets = texts("a.txt", "b.txt");
    const plugins = [own(() => ({ properties: { done: true } }))];
    const first = await host.mill({ assets, plugins, autoStart: false });
    const { processingId } = await first.operator.start({ path: "/in", type: "ASSET_PROCESSING" }, "host");
    expect((await first.operator.status(processingId)).status).to.equal("WAITING");
    await first.close();
    const second = await host.mill({ assets, plugins });
    second.start();
    second.start();
    expect(await endOf(second, processingId)).to.include({ status: "SUCCESS", succeededCount: 2 });
  });

  it("answers the HTTP API by mill.fetch to callers who have mill.token", async () => {
    const mill = await host.mill({ assets: SAMPLE });
    const ask = async (path: string, init: RequestInit = {}, token = mill.token) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const url = new URL(`http://host.example${BASE}${path}`);
      const response = await checked(
        init.method ?? "GET",
        url,
        await mill.fetch(new Request(url, { ...init, headers })),
      );
      return { status: response.status, body: (await response.json()) as any };
    };
    const body = JSON.stringify({ path: ESPRESSO, type: "ASSET_PROCESSING" });
    expect((await ask("", { method: "POST", body }, "wrong")).status).to.equal(401);
    const started = await ask("", { method: "POST", body });
    expect(started.status).to.equal(200);
    const report = await endOf(mill, started.body.processingId);
    const status = await ask(`/status?processingId=${report.processingId}`);
    expect(status.body).to.deep.equal(JSON.parse(JSON.stringify(report)));
    const logs = await ask(`/logs?processingId=${report.processingId}&tail=1`);
    expect(logs.body.lines[0]).to.match(/Ended SUCCESS/);
  });

  it("has no token with an authenticator of the host's, and the job carries the principal's name", async () => {
    const authenticator = { authenticate: async () => ({ name: "anna" }), challenges: ["Bearer"] };
    const mill = await host.mill({ assets: SAMPLE, http: { authenticator, basePath: "/api" } });
    expect(mill.token).to.equal(undefined);
    const body = JSON.stringify({ path: ESPRESSO, type: "ASSET_PROCESSING" });
    const headers = { "content-type": "application/json" };
    const response = await mill.fetch(new Request("http://host.example/api", { method: "POST", body, headers }));
    expect(response.status).to.equal(200);
    const { processingId } = (await response.json()) as { processingId: string };
    expect((await endOf(mill, processingId)).createdBy).to.equal("anna");
  });

  it("can be mounted in node:http beside the host's own pages", async () => {
    const mill = await host.mill({ assets: SAMPLE });
    const listener = mill.nodeListener();
    const server: Server = createServer((request, response) => {
      if (request.url === "/") response.end("the host's own page");
      else void listener(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(await (await fetch(origin)).text()).to.equal("the host's own page");
      expect((await fetch(`${origin}${BASE}/status?processingId=x`)).status).to.equal(401);
      const started = await fetch(`${origin}${BASE}/`, {
        method: "POST",
        headers: { authorization: `Bearer ${mill.token}`, "content-type": "application/json" },
        body: JSON.stringify({ path: ESPRESSO, type: "ASSET_PROCESSING" }),
      });
      expect(started.status).to.equal(200);
      const { processingId } = (await started.json()) as { processingId: string };
      expect((await endOf(mill, processingId)).status).to.equal("SUCCESS");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("processes a repository of the host's own, and writes the results there", async () => {
    const assets = new MemoryAssetRepository({ "/in/a.dita": TOPIC, "/in/sub/b.txt": "B", "/out/c.txt": "C" });
    const plugins = [own(async (_asset, context) => ({ properties: { text: await context.text() } }))];
    const mill = await host.mill({ assets, plugins });
    const report = await processed(mill, "/in");
    expect(report).to.deep.include({ status: "SUCCESS", succeededCount: 2 });
    const [a, b, c] = await assets.results(["/in/a.dita", "/in/sub/b.txt", "/out/c.txt"]);
    expect(a?.properties).to.deep.include({ text: TOPIC, fmditaTitle: "T" });
    expect(a?.stamp.handlers).to.deep.equal({ dita: "2", own: "1" });
    expect(b).to.deep.include({ path: "/in/sub/b.txt", properties: { text: "B" }, jobId: report.processingId });
    expect(c).to.equal(undefined);
    expect(await mill.operator.results("/in/sub/b.txt")).to.deep.equal({ ...b, exists: true });
    expect(
      assets.reads.filter((path) => path === "/in/a.dita"),
      "reads, however many handlers",
    ).to.have.length(1);
  });

  it("also accepts handlers as ContainerModules, and has none of its own if the host wants none", async () => {
    const seen: string[] = [];
    const module = new ContainerModule(({ bind }) => {
      bind(ASSET_HANDLER).toConstantValue(own((asset) => void seen.push(asset.path)));
    });
    const assets = new MemoryAssetRepository({ "/in/a.dita": "<not-well-formed" });
    const mill = await host.mill({ assets, plugins: [module], builtIns: false });
    expect(await processed(mill, "/in")).to.include({ status: "SUCCESS", succeededCount: 1 });
    expect(seen).to.deep.equal(["/in/a.dita"]);
  });

  it("never has more assets in flight than its concurrency, and as many if there is work", async () => {
    let inFlight = 0;
    let most = 0;
    const plugin = own(async () => {
      most = Math.max(most, ++inFlight);
      await new Promise((over) => setTimeout(over, 5));
      inFlight--;
    });
    const names = Array.from({ length: 60 }, (_, i) => `${i}.txt`);
    const mill = await host.mill({ assets: texts(...names), plugins: [plugin], concurrency: 3, chunkSize: 7 });
    expect(await processed(mill)).to.include({ status: "SUCCESS", succeededCount: 60 });
    expect(most).to.equal(3);
  });

  it("retries RetryableError after a pause, and makes SkipAsset SKIPPED, AssetFailure and any other error FAILED", async () => {
    const tries: Record<string, number> = {};
    const began = performance.now();
    const plugin = own(async (_asset, context) => {
      const what = await context.text();
      tries[what] = (tries[what] ?? 0) + 1;
      expect(context.attempt).to.equal(tries[what]);
      if (what === "always") throw new RetryableError("not today");
      if (what === "twice" && context.attempt < 3) throw new RetryableError("not yet");
      if (what === "skip") throw new SkipAsset("nothing for me");
      if (what === "fail") throw new AssetFailure("TOO_BAD", "bad");
      if (what === "late" && context.attempt === 2) throw new TypeError("oops");
      if (what === "late") throw new RetryableError("first");
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- plain JavaScript may, and does
      if (what === "text") throw "a string";
    });
    const assets = texts("always", "fail", "fine", "late", "skip", "text", "twice");
    const mill = await host.mill({ assets, plugins: [plugin], engine: { retryDelayMs: 40 } });
    const report = await processed(mill);
    expect(report).to.include({ status: "SUCCESS", succeededCount: 2, failedCount: 4, skippedCount: 1 });
    expect(report.comments).to.equal("completed with 4 failed of 7 assets");
    const ends = await outcomesOf(mill, report.processingId);
    const failed = { outcome: "FAILED", handler: "own" };
    expect(ends.fine).to.include({ outcome: "SUCCEEDED", attempts: 1 });
    expect(ends.twice).to.include({ outcome: "SUCCEEDED", attempts: 3 });
    expect(ends.always).to.include({ ...failed, code: "HANDLER_ERROR", message: "not today", attempts: 3 });
    expect(ends.late).to.include({ ...failed, code: "HANDLER_ERROR", message: "oops", attempts: 2 });
    expect(ends.fail).to.include({ ...failed, code: "TOO_BAD", message: "bad", attempts: 1 });
    expect(ends.text).to.include({ ...failed, code: "HANDLER_ERROR", message: "a string", attempts: 1 });
    expect(ends.skip).to.include({ outcome: "SKIPPED", code: "BY_HANDLER", message: "nothing for me", attempts: 1 });
    expect(tries).to.deep.equal({ always: 3, fail: 1, fine: 1, late: 2, skip: 1, text: 1, twice: 3 });
    // Two pauses, the second twice as long, each jittered down to its half at most.
    expect(performance.now() - began).to.be.at.least(20 + 40);
  });

  it("writes what a handler logs to the job's log and the host's winston logger, with the job's id", async () => {
    const lines: { level: string; message: string; jobId: string }[] = [];
    class Memory extends Transport {
      override log(line: any, next: () => void): void {
        lines.push({ level: line.level, message: line.message, jobId: line.jobId });
        next();
      }
    }
    const logger = createLogger({ level: "debug", transports: [new Memory()] });
    const plugin = own((_asset, { logger: log }) => {
      log.debug("for the host alone");
      log.info("all is well");
      log.warn("in two\nlines");
      log.error("100 % bad %s %d");
    });
    const mill = await host.mill({ assets: texts("a.txt"), plugins: [plugin], logger });
    const { processingId: jobId, succeededCount } = await processed(mill);
    expect(succeededCount).to.equal(1);
    expect(lines).to.deep.include.members([
      { level: "debug", message: "/in/a.txt: for the host alone", jobId },
      { level: "info", message: "/in/a.txt: all is well", jobId },
      { level: "warn", message: "/in/a.txt: in two\nlines", jobId },
      { level: "error", message: "/in/a.txt: 100 % bad %s %d", jobId },
    ]);
    const log = await logOf(mill, jobId);
    expect(log.filter((line) => line.includes("/in/a.txt"))).to.deep.equal([
      "INFO: [ASSET_PROCESSING] /in/a.txt: all is well",
      "WARN: [ASSET_PROCESSING] /in/a.txt: in two\\nlines",
      "ERROR: [ASSET_PROCESSING] /in/a.txt: 100 % bad %s %d",
    ]);
  });

  it("gives a handler the deadline, the signal and other assets; beyond the deadline its asset is FAILED and it is told", async () => {
    let told: unknown;
    const plugin = own(async (asset, context) => {
      if (asset.path === "/in/slow.txt") {
        await new Promise<void>((over) => context.signal.addEventListener("abort", () => over()));
        told = context.signal.reason;
        return undefined;
      }
      const { repository } = context;
      const other = (await repository.exists("/in/slow.txt")) ? await repository.text("/in/slow.txt") : "";
      return { properties: { deadlineMs: context.deadlineMs, other, none: await repository.exists("/in/none") } };
    });
    const assets = texts("quick.txt", "slow.txt");
    const mill = await host.mill({ assets, plugins: [plugin], engine: { deadlineMs: 300 } });
    const report = await processed(mill);
    const ends = await outcomesOf(mill, report.processingId);
    expect(ends["slow.txt"]).to.include({ outcome: "FAILED", code: "DEADLINE" });
    expect(told).to.be.instanceOf(Error);
    const result = await mill.operator.results("/in/quick.txt");
    expect(result?.properties).to.deep.equal({ deadlineMs: 300, other: "slow.txt", none: false });
  });

  const closeOnDeaf = async (): Promise<number> => {
    let begun = false;
    const plugin = own(() => {
      begun = true;
      return new Promise<undefined>(() => undefined);
    });
    const mill = await host.mill({ assets: texts("a.txt"), plugins: [plugin], engine: { drainMs: 200 } });
    await mill.operator.start({ path: "/", type: "ASSET_PROCESSING" }, "host");
    await until("the handler at work", () => begun);
    const began = performance.now();
    await mill.close();
    const tookMs = performance.now() - began;
    expect(tookMs, "the drain").to.be.at.least(150);
    return tookMs;
  };
  itMeasures(
    "lets close() end even if a handler ignores its signal",
    closeOnDeaf,
    "lets close() end soon after the drain if a handler ignores its signal",
    (tookMs) => expect(tookMs).to.be.lessThan(6_000),
  );

  it("lets a running handler end on close() and keeps its outcome; the rest waits for the next mill", async () => {
    const calls: string[] = [];
    const plugin = own(async (asset) => {
      calls.push(asset.path);
      await new Promise((over) => setTimeout(over, 150));
    });
    const assets = texts("a.txt", "b.txt", "c.txt");
    const mill = await host.mill({ assets, plugins: [plugin], concurrency: 1 });
    const { processingId } = await mill.operator.start({ path: "/", type: "ASSET_PROCESSING" }, "host");
    await until("the first handler at work", () => calls.length > 0);
    await mill.close();
    await mill.close();
    expect(calls).to.deep.equal(["/in/a.txt"]);
    const next = await host.mill({ assets, plugins: [plugin] });
    expect(await next.operator.status(processingId)).to.include({ status: "PROCESSING", succeededCount: 1 });
    next.start();
    expect(await endOf(next, processingId)).to.include({ status: "SUCCESS", succeededCount: 3, attempt: 1 });
    expect(calls).to.deep.equal(["/in/a.txt", "/in/b.txt", "/in/c.txt"]);
  });

  it("tells the handlers of a cancel at once, and the job is CANCELLED once the last one ended", async () => {
    const events: string[] = [];
    const plugin = own(async (_asset, { signal }) => {
      events.push("begin");
      await new Promise<void>((over) => signal.addEventListener("abort", () => over()));
      events.push("told");
      await new Promise((over) => setTimeout(over, 300));
      events.push("ended");
    });
    const mill = await host.mill({ assets: texts("a.txt", "b.txt"), plugins: [plugin], concurrency: 1 });
    const { processingId } = await mill.operator.start({ path: "/", type: "ASSET_PROCESSING" }, "host");
    await until("the handler at work", () => events.length > 0);
    expect((await mill.operator.cancel(processingId, "host")).status).to.equal("CANCELLING");
    const report = await endOf(mill, processingId);
    events.push(report.status);
    expect(events).to.deep.equal(["begin", "told", "ended", "CANCELLED"]);
    expect(report.comments).to.equal("cancelled by host");
  });

  const shareJob = async (): Promise<number> => {
    const calls: string[] = [];
    const names = Array.from({ length: 200 }, (_, i) => `${i}.txt`);
    const assets = texts(...names);
    const plugin = own(async (asset) => {
      calls.push(asset.path);
      await new Promise((over) => setTimeout(over, 5));
    });
    const began = performance.now();
    const opened = await Promise.allSettled(
      // More than the four threads that libuv has for all of them together.
      Array.from({ length: 6 }, () => host.mill({ assets, plugins: [plugin], chunkSize: 10, concurrency: 2 })),
    );
    const refused = opened.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
    expect(refused, "mills that could not be opened").to.deep.equal([]);
    const mills = opened.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    const [first] = mills;
    if (!first) throw new Error("no mill");
    for (const mill of mills) mill.start();
    const report = await processed(first);
    expect(report).to.include({ status: "SUCCESS", succeededCount: 200 });
    expect(calls).to.have.length(200);
    expect(new Set(calls).size).to.equal(200);
    return performance.now() - began;
  };
  itMeasures(
    "shares a job with other mills opened at once on one store in one process, each asset processed once",
    shareJob,
    "does not get in the way of other mills in one process, where each would wait for half a minute",
    (tookMs) => expect(tookMs).to.be.lessThan(10_000),
  );

  it("says which option is wrong, as INVALID_PARAMETER, and opens nothing", async () => {
    const assets = SAMPLE;
    const wrong: readonly (readonly [string, object])[] = [
      ["assets", { assets: "ftp:x" }],
      ["store", { assets, store: "mysql:x" }],
      ["concurrency", { assets, concurrency: 0 }],
      ["chunkSize", { assets, chunkSize: 1.5 }],
      ["tries", { assets, engine: { tries: 0 } }],
      ["renewEveryMs", { assets, engine: { leaseTtlMs: 100, renewEveryMs: 90 } }],
      ["plugins", { assets, builtIns: false }],
      ["plugins", { assets, plugins: [own(() => undefined), own(() => undefined)] }],
    ];
    for (const [field, options] of wrong) {
      const error = await host.mill(options as never).catch((caught: unknown) => caught);
      if (!AssetmillError.is(error)) throw new Error(`${field}: ${String(error)}`);
      expect([error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", field]);
    }
    expect(host.bench.has("store.sqlite")).to.equal(false);
  });
});
