import { expect } from "chai";
import type { ChunkClaim } from "../../../../src/core/job/chunk.js";
import { type SharedWork } from "../../../../src/core/engine/chunk/asset-lanes.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import type { EngineTools } from "../../../../src/core/engine/tools.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import type { AssetHandler } from "../../../../src/core/ports/asset-handler.js";
import { entriesOf, jobOf, pathsOf } from "../../../support/builders.js";
import { type Deferred, deferred } from "../../../support/deferred.js";
import { engineTools, repositoryOf, type ToolsUnderTest, startLanes } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

const claimOf = (count: number, over: Partial<ChunkClaim> = {}): ChunkClaim => ({
  lease: { jobId: jobOf().id, chunk: 1, epoch: 1 },
  entries: entriesOf(pathsOf(count)),
  open: Array.from({ length: count }, (_, i) => i),
  takenOver: false,
  ...over,
});

const sharedOf = (slots: number, tools: EngineTools): SharedWork => ({
  slots: new Slots(slots, tools.clock),
  slice: new TimeSlice(tools.clock, 1_000),
});

/** A handler whose every call hangs until the test ends it. */
class Held {
  readonly calls = new Map<string, Deferred<object>>();
  readonly started: string[] = [];
  readonly aborted: string[] = [];
  most = 0;
  readonly handler: AssetHandler = {
    name: "h",
    version: "1",
    process: async (asset, context) => {
      const call = deferred<object>();
      this.calls.set(asset.path, call);
      this.started.push(asset.path);
      this.most = Math.max(this.most, this.calls.size);
      context.signal.addEventListener("abort", () => this.aborted.push(asset.path), { once: true });
      try {
        return await call.promise;
      } finally {
        this.calls.delete(asset.path);
      }
    },
  };

  async end(path: string, result: object = {}): Promise<void> {
    this.calls.get(path)?.resolve(result);
    await quiet();
  }

  async fail(path: string, error: unknown): Promise<void> {
    this.calls.get(path)?.reject(error);
    await quiet();
  }
}

function bench(count: number, options: { concurrency?: number; slots?: number; claim?: ChunkClaim } = {}) {
  const held = new Held();
  const clock = new ManualClock();
  const concurrency = options.concurrency ?? 2;
  const tools: ToolsUnderTest = engineTools({
    handlers: [held.handler],
    clock,
    options: { concurrency, deadlineMs: 100 },
  });
  const shared = sharedOf(options.slots ?? concurrency, tools);
  const run = startLanes(jobOf(), options.claim ?? claimOf(count), 10_000, shared, tools);
  let hasEnded = false;
  void run.drained().then(() => {
    hasEnded = true;
  });
  return { held, clock, tools, shared, run, ended: () => hasEnded };
}

describe("a running chunk", () => {
  it("has as many assets in flight as the concurrency allows, never more, in path order", async () => {
    const { held, run, ended } = bench(20, { concurrency: 3 });
    await quiet();
    expect(held.started).to.deep.equal(pathsOf(3));
    while (held.calls.size > 0) await held.end([...held.calls.keys()][0] ?? "");
    expect(held.most).to.equal(3);
    expect(held.started).to.deep.equal(pathsOf(20));
    expect(ended()).to.equal(true);
    const part = run.part.take();
    expect(part?.closes).to.equal(true);
    expect(part?.outcomes.indices).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
  });

  it("has fewer assets in flight as soon as there are fewer slots, and more once there are more", async () => {
    const { held, shared, ended } = bench(40, { concurrency: 8 });
    await quiet();
    shared.slots.resize(2);
    const endOne = () => held.end([...held.calls.keys()][0] ?? "");
    for (let i = 0; i < 8; i++) await endOne();
    expect(held.calls.size).to.equal(2);
    for (let i = 0; i < 5; i++) await endOne();
    expect([held.calls.size, held.started.length]).to.deep.equal([2, 15]);
    shared.slots.resize(5);
    await quiet();
    expect(held.calls.size).to.equal(5);
    while (held.calls.size > 0) await endOne();
    expect([held.started.length, ended()]).to.deep.equal([40, true]);
  });

  it("finds paths similar to missing ones for all its handlers, with one listing of a folder", async () => {
    const listed: string[] = [];
    const similar: (string | undefined)[] = [];
    const handler: AssetHandler = {
      name: "h",
      version: "1",
      process: async (_asset, context) => {
        similar.push(await context.repository.similar("/img/Logo.png"));
      },
    };
    const repository = repositoryOf({
      names: async (folder) => {
        listed.push(folder);
        return ["logo.PNG"];
      },
      stat: async (paths) => paths.map((path) => ({ kind: "folder", path })),
    });
    const tools = engineTools({ handlers: [handler], repository, clock: new ManualClock() });
    const run = startLanes(jobOf(), claimOf(3), 10_000, sharedOf(2, tools), tools);
    await run.drained();
    expect(similar).to.deep.equal(["/img/logo.PNG", "/img/logo.PNG", "/img/logo.PNG"]);
    expect(listed).to.deep.equal(["/img"]);
  });

  it("finds no similar paths in a repository that cannot list names", async () => {
    const found: unknown[] = [];
    const process: AssetHandler["process"] = async (_asset, context) => {
      found.push(await context.repository.similar("/img/Logo.png"));
    };
    const handlers = [{ name: "h", version: "1", process }];
    const tools = engineTools({ handlers, repository: repositoryOf(), clock: new ManualClock() });
    const run = startLanes(jobOf(), claimOf(1), 10_000, sharedOf(2, tools), tools);
    await run.drained();
    expect(found).to.deep.equal([undefined]);
  });

  it("shares the slots of its process with other chunks", async () => {
    const { held, tools, shared, run } = bench(10, { concurrency: 4 });
    const others = [2, 3].map((chunk) =>
      startLanes(
        jobOf(),
        claimOf(10, {
          lease: { jobId: jobOf().id, chunk, epoch: 1 },
          entries: entriesOf(pathsOf(10, `/root/${chunk}`)),
        }),
        10_000,
        shared,
        tools,
      ),
    );
    await quiet();
    while (held.calls.size > 0) await held.end([...held.calls.keys()].at(-1) ?? "");
    await Promise.all([run, ...others].map((one) => one.drained()));
    expect(held.most).to.equal(4);
    expect(held.started).to.have.length(30);
  });

  it("runs only the open indices", async () => {
    const { held, run } = bench(5, { claim: claimOf(5, { open: [1, 4] }) });
    await quiet();
    expect(held.started).to.deep.equal([pathsOf(5)[1], pathsOf(5)[4]]);
    for (const path of held.started) await held.end(path);
    const part = run.part.take();
    expect(part?.outcomes.indices).to.deep.equal([1, 4]);
    expect(part?.closes).to.equal(true);
  });

  it("hands out each outcome once, part by part, as assets end", async () => {
    const { held, run } = bench(3, { concurrency: 1 });
    const [a = "", b = "", c = ""] = pathsOf(3);
    await quiet();
    expect(run.part.take()).to.equal(undefined);
    await held.end(a, { properties: { x: 1 } });
    const first = run.part.take();
    expect([first?.part, first?.closes, first?.outcomes.length, first?.writes.length]).to.deep.equal([0, false, 1, 1]);
    expect(first?.tally.types.DITATOPIC).to.deep.include({ total: 0, succeeded: 1, failed: 0, skipped: 0 });
    await held.end(b);
    await held.fail(c, new Error("boom"));
    const second = run.part.take();
    expect([second?.part, second?.closes]).to.deep.equal([1, true]);
    expect(second?.tally.types.DITATOPIC).to.deep.include({ total: 0, succeeded: 1, failed: 1, skipped: 0 });
    expect(second?.lines.map((line) => line.message)).to.deep.equal([`Failed ${c}: HANDLER_ERROR boom`]);
    expect(run.part.take()).to.equal(undefined);
  });

  it("dates each outcome by its age at the commit", async () => {
    const { held, run, clock } = bench(2, { concurrency: 2 });
    const [a = "", b = ""] = pathsOf(2);
    await quiet();
    await clock.advance(10);
    await held.end(a);
    await clock.advance(30);
    await held.end(b);
    await clock.advance(5);
    const part = run.part.take();
    expect([...(part?.outcomes ?? [])].map(({ ageMs }) => ageMs)).to.deep.equal([35, 5]);
    expect(part?.pace).to.deep.include({ elapsedMs: 40, idleMs: 5 });
    expect(part?.pace.types.DITATOPIC).to.deep.include({ assets: 2, busyMs: 50 });
  });

  it("does not count the wait for a slot as an asset's own time", async () => {
    const { held, tools, shared, clock } = bench(1, { concurrency: 1 });
    const second = startLanes(jobOf(), claimOf(1), 10_000, shared, tools);
    await quiet();
    await clock.advance(50);
    await held.end(pathsOf(1)[0] ?? "");
    await clock.advance(7);
    await held.end(pathsOf(1)[0] ?? "");
    expect(second.part.take()?.pace.elapsedMs).to.equal(7);
  });
});

describe("a chunk that is told to stop", () => {
  it("starts nothing more, and lets running assets end", async () => {
    const { held, run, ended } = bench(10);
    await quiet();
    run.stop("shutting down", false);
    expect(held.aborted).to.deep.equal([]);
    for (const path of pathsOf(2)) await held.end(path);
    expect(ended()).to.equal(true);
    expect(held.started).to.deep.equal(pathsOf(2));
    const part = run.part.take();
    expect([part?.closes, part?.outcomes.length]).to.deep.equal([false, 2]);
  });

  it("tells every running handler if it is told to abort; the assets that they leave have no outcome", async () => {
    const { held, run, ended } = bench(10);
    await quiet();
    run.stop("lease lost", true);
    expect(held.aborted).to.deep.equal(pathsOf(2));
    expect(ended()).to.equal(false);
    for (const path of pathsOf(2)) await held.fail(path, new Error("aborted"));
    expect(ended()).to.equal(true);
    expect(run.part.take()).to.equal(undefined);
  });

  it("passes its slot on if it is told to stop while it waits for one", async () => {
    const { held, run, tools, shared } = bench(3, { concurrency: 1 });
    const waiting = startLanes(jobOf(), claimOf(3), 10_000, shared, tools);
    await quiet();
    waiting.stop("job is stopping", true);
    for (const path of pathsOf(3)) await held.end(path);
    await Promise.all([run.drained(), waiting.drained()]);
    expect(held.started).to.deep.equal(pathsOf(3));
  });
});

describe("an asset's deadline", () => {
  it("fails the asset with DEADLINE, tells its handler and frees its lane for the next asset", async () => {
    const { held, run, clock, ended } = bench(3, { concurrency: 1 });
    const [a = "", b = "", c = ""] = pathsOf(3);
    await quiet();
    await clock.advance(101);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(held.aborted).to.deep.equal([a]);
    expect(held.started).to.deep.equal([a, b]);
    await held.end(b);
    await held.end(c);
    expect(ended()).to.equal(true);
    const part = run.part.take();
    expect(part?.closes).to.equal(true);
    expect([...(part?.outcomes ?? [])].map(({ index, outcome }) => [index, outcome.kind])).to.deep.equal([
      [0, "FAILED"],
      [1, "SUCCEEDED"],
      [2, "SUCCEEDED"],
    ]);
    expect(part?.outcomes.at(0)).to.include({ code: "DEADLINE" });
  });

  /** Two assets whose handler reads; the content of those named never comes. */
  function reading(...silent: readonly string[]) {
    const read = async function* (path: string): AsyncGenerator<Uint8Array> {
      if (silent.includes(path)) await new Promise(() => {});
      yield Buffer.from("content");
    };
    const handler: AssetHandler = {
      name: "h",
      version: "1",
      process: async (_, context) => void (await context.text()),
    };
    const tools = engineTools({
      repository: repositoryOf({ read }),
      handlers: [handler],
      options: { deadlineMs: 100 },
    });
    return { run: startLanes(jobOf(), claimOf(2), 10_000, sharedOf(1, tools), tools), ...tools };
  }

  it("blames no asset if the repository is unreachable when it passes: the chunk stops", async () => {
    const { run, clock } = reading(...pathsOf(2));
    await quiet();
    await clock.advance(101);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(run.stopped).to.equal("unavailable");
    expect(run.error).to.have.property("code", "UNAVAILABLE");
    expect(run.part.take()).to.equal(undefined);
  });

  it("is the asset's own failure if the repository answers other assets when it passes", async () => {
    const [a = ""] = pathsOf(2);
    const { run, clock, latency } = reading(a);
    await quiet();
    await clock.advance(80);
    await latency.repository.time(async () => {});
    await clock.advance(21);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(run.stopped).to.equal(undefined);
    expect([...(run.part.take()?.outcomes ?? [])].map(({ index, outcome }) => [index, outcome.kind])).to.deep.equal([
      [0, "FAILED"],
      [1, "SUCCEEDED"],
    ]);
  });

  it("changes nothing before it passes", async () => {
    const { held, run, clock } = bench(1);
    await quiet();
    await clock.advance(100);
    run.enforceDeadline(clock.monotonicMs());
    expect(held.aborted).to.deep.equal([]);
    expect(run.part.take()).to.equal(undefined);
  });

  for (const [title, late] of [
    ["result", (held: Held, path: string) => held.end(path, { properties: { late: true } })],
    ["failure", (held: Held, path: string) => held.fail(path, new Error("late"))],
    ["UNAVAILABLE", (held: Held, path: string) => held.fail(path, new AssetmillError("UNAVAILABLE", "late"))],
  ] as const) {
    it(`discards a late ${title} once it has passed`, async () => {
      const { held, run, clock, ended } = bench(3, { concurrency: 1 });
      const [a = "", b = "", c = ""] = pathsOf(3);
      await quiet();
      await clock.advance(101);
      run.enforceDeadline(clock.monotonicMs());
      await quiet();
      const hung = held.calls.get(a);
      await held.end(b);
      expect(hung).not.to.equal(undefined);
      await late(held, a);
      expect(held.most).to.equal(2);
      expect(held.started).to.deep.equal([a, b, c]);
      await held.end(c);
      expect(ended()).to.equal(true);
      const part = run.part.take();
      expect(part?.outcomes).to.have.length(3);
      expect(part?.writes.map(({ path }) => path)).to.deep.equal([b, c]);
      expect(run.stopped).to.equal(undefined);
      expect(run.part.take()).to.equal(undefined);
    });
  }

  it("is enforced once", async () => {
    const { run, clock } = bench(2, { concurrency: 1 });
    await quiet();
    await clock.advance(101);
    run.enforceDeadline(clock.monotonicMs());
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(run.part.take()?.outcomes).to.have.length(1);
  });

  it("returns its slot once, so that the limit holds", async () => {
    const { held, run, clock, tools, shared } = bench(2, { concurrency: 1 });
    const [a = "", b = ""] = pathsOf(2);
    await quiet();
    await clock.advance(101);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    await held.end(b);
    await held.end(a);
    await run.drained();
    held.most = 0;
    const claim = claimOf(5, { entries: entriesOf(pathsOf(5, "/root/next")) });
    const next = [1, 2].map(() => startLanes(jobOf(), claim, 10_000, shared, tools));
    await quiet();
    while (held.calls.size > 0) await held.end([...held.calls.keys()][0] ?? "");
    await Promise.all(next.map((one) => one.drained()));
    expect(held.most).to.equal(1);
  });

  it("reports the number of attempts if it passes at a later one", async () => {
    const clock = new ManualClock();
    const flaky: AssetHandler = {
      name: "h",
      version: "1",
      process: (_asset, context) => {
        if (context.attempt === 1) throw context.retry("not now");
        return new Promise(() => {});
      },
    };
    const tools = engineTools({ handlers: [flaky], clock, options: { deadlineMs: 100 } });
    const run = startLanes(jobOf(), claimOf(1), 10_000, sharedOf(1, tools), tools);
    await quiet();
    await clock.advance(1_000);
    await clock.advance(101);
    run.enforceDeadline(clock.monotonicMs());
    expect(run.part.take()?.outcomes.at(0)).to.include({ code: "DEADLINE", attempts: 2 });
  });
});

describe("an unreachable repository", () => {
  it("stops the chunk, tells the other running handlers, and blames no asset", async () => {
    const { held, run, ended } = bench(10, { concurrency: 3 });
    const [a = "", b = "", c = ""] = pathsOf(3);
    await quiet();
    const error = new AssetmillError("UNAVAILABLE", "gone fishing");
    await held.fail(b, error);
    expect(held.aborted).to.deep.equal([a, c]);
    await held.fail(a, new Error("aborted"));
    await held.end(c);
    expect(ended()).to.equal(true);
    expect(held.started).to.have.length(3);
    expect([run.stopped, run.error]).to.deep.equal(["unavailable", error]);
    // What had ended all the same is kept.
    const part = run.part.take();
    expect([...(part?.outcomes ?? [])].map(({ index, outcome }) => [index, outcome.kind])).to.deep.equal([
      [2, "SUCCEEDED"],
    ]);
  });
});

describe("handlers' own log lines", () => {
  const chatty = (lines: number): AssetHandler => ({
    name: "h",
    version: "1",
    process: (_asset, context) => {
      for (let i = 0; i < lines; i++) context.logger.info(`line ${i}`);
      return {};
    },
  });

  it("are in the part, prefixed with the asset's path", async () => {
    const tools = engineTools({ handlers: [chatty(1)] });
    const run = startLanes(jobOf(), claimOf(1), 10_000, sharedOf(1, tools), tools);
    await run.drained();
    expect(run.part.take()?.lines).to.deep.equal([{ level: "INFO", message: `${pathsOf(1)[0]}: line 0` }]);
  });

  it("are counted instead of kept beyond a thousand in a part", async () => {
    const tools = engineTools({ handlers: [chatty(1_500)] });
    const run = startLanes(jobOf(), claimOf(1), 10_000, sharedOf(1, tools), tools);
    await run.drained();
    const lines = run.part.take()?.lines ?? [];
    expect(lines).to.have.length(1_001);
    expect(lines.at(-1)?.message).to.match(/^Left out 500 more log lines of handlers/);
  });

  it("are never left out if they report failures", async () => {
    const noisy: AssetHandler = {
      ...chatty(2_000),
      process: (asset, context) => {
        void chatty(2_000).process(asset, context);
        throw new Error("boom");
      },
    };
    const tools = engineTools({ handlers: [noisy] });
    const run = startLanes(jobOf(), claimOf(3), 10_000, sharedOf(1, tools), tools);
    await run.drained();
    const errors = (run.part.take()?.lines ?? []).filter(({ level }) => level === "ERROR");
    expect(errors).to.have.length(3);
  });

  it("are one line per reason if they report skips, however many assets there are", async () => {
    const tools = engineTools({ handlers: [] });
    const run = startLanes(jobOf(), claimOf(400), 10_000, sharedOf(1, tools), tools);
    await run.drained();
    expect(run.part.take()?.lines.map(({ message }) => message)).to.deep.equal(["Skipped 400 NO_HANDLER"]);
  });
});

describe("a job's handlers", () => {
  it("are those it was started with, in registration order, whatever else has been loaded since", async () => {
    const calls: string[] = [];
    const named = (name: string): AssetHandler => ({
      name,
      version: "1",
      process: () => {
        calls.push(name);
        return {};
      },
    });
    const tools = engineTools({ handlers: [named("first"), named("later"), named("second")] });
    const job = { ...jobOf(), handlers: ["second", "first"] };
    await startLanes(job, claimOf(1), 10_000, sharedOf(1, tools), tools).drained();
    expect(calls).to.deep.equal(["first", "second"]);
  });

  it("logs the first hundred warnings of each asset, then how many more there are; all count", async () => {
    const { held, run } = bench(3, { concurrency: 3 });
    await quiet();
    const [a = "", b = "", c = ""] = held.started;
    const warnings = Array.from({ length: 150 }, (_, i) => `w${i}`);
    await held.end(a, { warnings, moreWarnings: 1_000_000 });
    await held.end(b, { warnings: warnings.slice(0, 101) });
    await held.end(c, { warnings: warnings.slice(0, 100) });
    const part = run.part.take();
    expect(part?.warnings).to.equal(1_000_150 + 101 + 100);
    const lines = part?.lines.filter(({ level }) => level === "WARN").map(({ message }) => message) ?? [];
    expect(lines).to.have.length(302);
    expect([lines[0], lines[99], lines[100], lines[101]]).to.deep.equal([
      `${a}: w0`,
      `${a}: w99`,
      `${a}: … and 1000050 more warnings`,
      `${b}: w0`,
    ]);
    expect(lines[201]).to.equal(`${b}: … and 1 more warning`);
  });
});
