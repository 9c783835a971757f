import { expect } from "chai";
import { AssetTask } from "../../../../src/core/engine/asset/asset-task.js";
import { type AssetEnd, type AssetRunTools, runAsset } from "../../../../src/core/engine/asset/run-asset.js";
import { AssetFailure, AssetmillError, RetryableError, SkipAsset } from "../../../../src/core/errors.js";
import type { AssetHandler, HandlerContext } from "../../../../src/core/ports/asset-handler.js";
import type { AssetRepository } from "../../../../src/core/ports/asset-repository.js";
import { assetOf } from "../../../support/builders.js";
import { deferred, rejection } from "../../../support/deferred.js";
import { engineTools, repositoryOf } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

const PATH = "/root/a.dita";
const ASSET = assetOf(PATH);

const handler = (process: AssetHandler["process"], over: Partial<AssetHandler> = {}): AssetHandler => ({
  name: "h",
  version: "1",
  process,
  ...over,
});

interface Bench {
  readonly task: AssetTask;
  readonly tools: AssetRunTools;
  readonly clock: ManualClock;
  run(): Promise<AssetEnd | undefined>;
}

function bench(
  handlers: readonly AssetHandler[],
  options: {
    clock?: ManualClock;
    random?: () => number;
    repository?: Partial<AssetRepository>;
    maxBytes?: number;
  } = {},
): Bench {
  const clock = options.clock ?? new ManualClock({ autoAdvance: true });
  const engine = engineTools({ clock });
  const repository = repositoryOf(options.repository);
  const maxBytes = options.maxBytes ?? 1_000;
  const silent = (): void => {};
  const tools: AssetRunTools = {
    handlers,
    context: {
      jobId: "job",
      type: "ASSET_PROCESSING",
      deadlineMs: 60_000,
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      repository,
      maxContentBytes: maxBytes,
    },
    content: { repository, createDigest: engine.createDigest, maxBytes },
    clock,
    random: options.random ?? (() => 1),
    tries: 3,
    retryDelayMs: 1_000,
  };
  const task = new AssetTask(0, ASSET, tools.content, clock.monotonicMs());
  return { task, tools, clock, run: async () => runAsset(task, tools) };
}

const outcomeOf = async (handlers: readonly AssetHandler[]): Promise<AssetEnd["outcome"] | undefined> =>
  (await bench(handlers).run())?.outcome;

const throwing = (error: unknown): AssetHandler =>
  handler(() => {
    throw error;
  });

describe("an asset's run", () => {
  for (const [title, process] of [
    ["sync", () => ({ properties: { a: 1 } })],
    ["async", async () => ({ properties: { a: 1 } })],
    ["thenable", () => ({ then: (yes: (v: object) => void) => yes({ properties: { a: 1 } }) }) as never],
  ] as [string, AssetHandler["process"]][]) {
    it(`succeeds with the result of a handler that is ${title}`, async () => {
      const end = await bench([handler(process)]).run();
      expect(end?.outcome).to.deep.equal({ kind: "SUCCEEDED", attempts: 1, warnings: [] });
      expect(end?.write?.properties).to.deep.equal({ a: 1 });
    });
  }

  it("ends at once if its handlers answer at once: nothing is awaited", () => {
    let told = 0;
    const quick = handler(() => void told++);
    const slow = handler(async () => {});
    const at = (handlers: readonly AssetHandler[]): unknown => {
      const { task, tools } = bench(handlers);
      return runAsset(task, tools);
    };
    expect(at([quick, quick])).to.have.property("outcome");
    expect(told).to.equal(2);
    expect(at([throwing(new Error("boom"))])).to.be.a("promise");
    expect(at([quick, slow, quick])).to.be.a("promise");
    // What follows a handler that is awaited runs when that has ended.
    expect(told).to.equal(3);
  });

  it("succeeds and writes only the stamp if the handler returns nothing", async () => {
    const end = await bench([handler(() => {})]).run();
    expect(end?.outcome.kind).to.equal("SUCCEEDED");
    expect(end?.write).to.deep.equal({
      path: PATH,
      properties: {},
      references: {},
      stamp: { sizeBytes: 10, modifiedMs: 2_000, contentHash: null, handlers: { h: "1" }, basis: { others: {} } },
      jobId: "job",
    });
  });

  it("ends as SKIPPED NO_HANDLER with no attempt if no handler accepts the asset", async () => {
    const picky = handler(() => ({}), { accepts: () => false });
    expect(await outcomeOf([])).to.deep.equal({ kind: "SKIPPED", code: "NO_HANDLER", attempts: 0 });
    expect(await outcomeOf([picky])).to.deep.equal({ kind: "SKIPPED", code: "NO_HANDLER", attempts: 0 });
  });

  it("fails with HANDLER_ERROR and names the handler, whatever is thrown", async () => {
    for (const [error, message] of [
      [new Error("boom"), "boom"],
      [new TypeError(""), "TypeError"],
      ["a string", "a string"],
      [undefined, "undefined"],
      [null, "null"],
      [Object.create(null), "an error that cannot be shown"],
    ] as const) {
      expect(await outcomeOf([throwing(error)])).to.deep.equal({
        kind: "FAILED",
        code: "HANDLER_ERROR",
        message,
        handler: "h",
        attempts: 1,
      });
    }
  });

  it("fails with HANDLER_ERROR if accepts throws", async () => {
    const broken = handler(() => ({}), {
      accepts: () => {
        throw new Error("boom");
      },
    });
    expect(await outcomeOf([broken])).to.include({ kind: "FAILED", code: "HANDLER_ERROR", message: "boom" });
  });

  it("fails with HANDLER_ERROR if the handler returns an invalid result", async () => {
    const end = await outcomeOf([handler(() => ({ properties: { a: {} } }) as never)]);
    expect(end).to.include({ kind: "FAILED", code: "HANDLER_ERROR" });
  });

  it("fails with the handler's own code", async () => {
    const failure = new AssetFailure("XML_NOT_WELL_FORMED", "line 3");
    expect(await outcomeOf([throwing(failure)])).to.include({ kind: "FAILED", code: "XML_NOT_WELL_FORMED" });
    const own = handler((_asset, context) => {
      throw context.fail("TOO_SMALL", "tiny");
    });
    expect(await outcomeOf([own])).to.include({ code: "TOO_SMALL", message: "tiny" });
  });

  it("fails with HANDLER_ERROR if the handler's own code is invalid", async () => {
    for (const code of ["lower", "", "A B", "9A", "Ä", "A".repeat(65)]) {
      const message = `x (invalid code ${JSON.stringify(code)})`;
      const end = await outcomeOf([throwing(new AssetFailure(code, "x"))]);
      expect(end, code).to.include({ code: "HANDLER_ERROR", message });
    }
  });

  it("recognises the errors of another copy of this package", async () => {
    const foreign = Object.assign(new Error("not mine"), { [Symbol.for("assetmill.SkipAsset")]: true });
    expect(await outcomeOf([throwing(foreign)])).to.include({ kind: "SKIPPED", code: "BY_HANDLER" });
  });

  it("clips a message that is too long for a log line", async () => {
    const outcome = await outcomeOf([throwing(new Error("x".repeat(1_000_000)))]);
    expect((outcome as { message: string }).message.length).to.be.at.most(1_000);
  });

  describe("with too large results", () => {
    const list = (length: number, text = "x"): string[] => Array.from({ length }, () => text);
    const MB = 1024 * 1024;
    const large: readonly [string, object][] = [
      ["more than 100,000 texts in a list", { properties: { ids: list(100_001) } }],
      ["more than 100,000 properties", { properties: Object.fromEntries(list(100_001).map((x, i) => [x + i, i])) }],
      ["more than 100,000 references", { references: list(100_001).map((target) => ({ kind: "topic", target })) }],
      ["a text of more than 16 MiB", { properties: { text: "x".repeat(16 * MB) } }],
      ["a property's name of more than 16 MiB", { properties: { ["x".repeat(16 * MB)]: true } }],
      ["a list of more than 16 MiB", { properties: { texts: list(17, "x".repeat(MB)) } }],
      [
        "a reference of more than 16 MiB",
        { references: [{ kind: "key", target: "k", fragment: "x".repeat(16 * MB) }] },
      ],
      [
        "a field of a reference's own of more than 16 MiB",
        { references: [{ kind: "key", target: "k", x: ["x".repeat(16 * MB)] }] },
      ],
    ];
    for (const [what, result] of large) {
      it(`fails as RESULT_TOO_LARGE, and nothing is written: ${what}`, async () => {
        const end = await bench([handler(() => result)]).run();
        expect(end?.write).to.equal(undefined);
        expect(end?.outcome).to.include({ kind: "FAILED", code: "RESULT_TOO_LARGE", handler: "h" });
        expect((end?.outcome as { message: string }).message).to.match(
          /^the asset yields more than (100,000|16,777,216) /,
        );
      });
    }

    it("fails likewise if all its handlers together yield too much, and succeeds with exactly 100,000 values", async () => {
      const of = (name: string, length: number): AssetHandler =>
        handler(() => ({ properties: { [name]: list(length) } }), { name });
      expect(await outcomeOf([of("a", 50_000), of("b", 50_001)])).to.include({
        code: "RESULT_TOO_LARGE",
        handler: "b",
      });
      expect(await outcomeOf([of("a", 50_000), of("b", 50_000)])).to.include({ kind: "SUCCEEDED" });
    });
  });

  it("keeps the first hundred warnings of all handlers together, shortened, and counts all others", async () => {
    const warning = (name: string, more: object): AssetHandler =>
      handler(() => ({ warnings: Array.from({ length: 80 }, (_, i) => `${name}${i}`), ...more }), { name });
    const outcome = await outcomeOf([warning("a", {}), warning("b", { moreWarnings: 1_000 })]);
    expect(outcome).to.include({ kind: "SUCCEEDED", moreWarnings: 1_060 });
    const { warnings } = outcome as { warnings: readonly string[] };
    expect([warnings.length, warnings[99]]).to.deep.equal([100, "b19"]);
    const only = await outcomeOf([handler(() => ({ moreWarnings: 5 }))]);
    expect(only).to.deep.equal({ kind: "SUCCEEDED", attempts: 1, warnings: [], moreWarnings: 5 });
    const [long] = (
      (await outcomeOf([handler(() => ({ warnings: ["x".repeat(5_000)] }))])) as typeof outcome & {
        warnings: readonly string[];
      }
    ).warnings;
    expect(long).to.have.length(1_000);
  });

  it("collects the warnings of all handlers", async () => {
    const warning = (name: string): AssetHandler => handler(() => ({ warnings: [name] }), { name });
    expect(await outcomeOf([warning("a"), warning("b")])).to.deep.include({ warnings: ["a", "b"] });
  });
});

describe("several handlers", () => {
  const recording = (calls: string[], name: string, process: AssetHandler["process"] = () => ({})): AssetHandler =>
    handler(
      (asset, context) => {
        calls.push(name);
        return process(asset, context);
      },
      { name, version: `${name}1` },
    );
  const fails = (): never => {
    throw new Error("boom");
  };
  const skips = (): never => {
    throw new SkipAsset("none of mine");
  };

  it("run one after the other, in registration order", async () => {
    const calls: string[] = [];
    const gate = deferred();
    const run = bench([
      recording(calls, "a", async () => {
        await gate.promise;
        return {};
      }),
      recording(calls, "b"),
    ]).run();
    await quiet();
    expect(calls).to.deep.equal(["a"]);
    gate.resolve();
    await run;
    expect(calls).to.deep.equal(["a", "b"]);
  });

  it("have their results merged: later properties win, references stay with their handler, all versions are stamped", async () => {
    const end = await bench([
      recording([], "a", () => ({ properties: { x: 1, y: 1 }, references: [{ kind: "topic", target: "/a" }] })),
      recording([], "b", () => ({ properties: { y: 2 }, references: [{ kind: "map", target: "/b" }] })),
    ]).run();
    expect(end?.write?.properties).to.deep.equal({ x: 1, y: 2 });
    expect(end?.write?.references).to.deep.equal({
      a: [{ kind: "topic", target: "/a" }],
      b: [{ kind: "map", target: "/b" }],
    });
    expect(end?.write?.stamp.handlers).to.deep.equal({ a: "a1", b: "b1" });
  });

  it("stop at the first failure, and nothing is written", async () => {
    const calls: string[] = [];
    const end = await bench([recording(calls, "a"), recording(calls, "b", fails), recording(calls, "c")]).run();
    expect(calls).to.deep.equal(["a", "b"]);
    expect(end?.outcome).to.include({ kind: "FAILED", handler: "b" });
    expect(end).not.to.have.property("write");
  });

  it("make the asset SKIPPED BY_HANDLER with the first one's reason if all of them skip", async () => {
    const end = await bench([recording([], "a", skips), recording([], "b", skips)]).run();
    expect(end).to.deep.equal({
      outcome: { kind: "SKIPPED", code: "BY_HANDLER", message: "none of mine", handler: "a", attempts: 1 },
    });
  });

  it("cannot redirect their results to another path by changing the asset", async () => {
    const before = { ...ASSET };
    try {
      const changes = recording([], "a", (asset: unknown) => {
        Object.assign(asset as object, { path: "/evil", sizeBytes: -1, modifiedMs: -1 });
        return { properties: { p: 1 } };
      });
      const { write } = (await bench([changes]).run()) ?? {};
      expect(write?.path).to.equal(before.path);
      expect([write?.stamp.sizeBytes, write?.stamp.modifiedMs]).to.deep.equal([before.sizeBytes, before.modifiedMs]);
    } finally {
      Object.assign(ASSET, before);
    }
  });

  it("make the asset SUCCEEDED, stamped with all that ran, if one of them did something", async () => {
    for (const handlers of [
      [recording([], "a", skips), recording([], "b")],
      [recording([], "b"), recording([], "a", skips)],
    ]) {
      const end = await bench(handlers).run();
      expect(end?.outcome.kind).to.equal("SUCCEEDED");
      expect(end?.write?.stamp.handlers).to.deep.equal({ a: "a1", b: "b1" });
    }
  });

  it("count towards skipping only if they accept the asset", async () => {
    const end = await bench([
      recording([], "a", skips),
      { ...recording([], "b"), accepts: (asset) => asset.fileType === "DITAMAP" },
    ]).run();
    expect(end?.outcome).to.include({ kind: "SKIPPED", code: "BY_HANDLER" });
  });

  it("make the asset FAILED if one fails after others skipped", async () => {
    expect(await outcomeOf([recording([], "a", skips), recording([], "b", fails)])).to.include({ kind: "FAILED" });
  });
});

describe("a retry", () => {
  /** Throws RetryableError so many times, then does what it is told. */
  function flaky(times: number, then: AssetHandler["process"] = () => ({})): AssetHandler & { attempts: number[] } {
    const attempts: number[] = [];
    return {
      attempts,
      ...handler((asset, context) => {
        attempts.push(context.attempt);
        if (attempts.length <= times) throw new RetryableError("not now");
        return then(asset, context);
      }),
    };
  }

  it("follows a RetryableError, increments the attempt and can succeed", async () => {
    const one = flaky(2);
    const { run, clock } = bench([one]);
    expect((await run())?.outcome).to.deep.equal({ kind: "SUCCEEDED", attempts: 3, warnings: [] });
    expect(one.attempts).to.deep.equal([1, 2, 3]);
    expect(clock.sleeps).to.deep.equal([1_000, 2_000]);
  });

  it("gives up after the last attempt and reports how many there were", async () => {
    const one = flaky(99);
    const { run, clock } = bench([one]);
    expect((await run())?.outcome).to.deep.equal({
      kind: "FAILED",
      code: "HANDLER_ERROR",
      message: "not now",
      handler: "h",
      attempts: 3,
    });
    expect(one.attempts).to.deep.equal([1, 2, 3]);
    expect(clock.sleeps).to.deep.equal([1_000, 2_000]);
  });

  it("waits for a jittered pause between half and all of the delay", async () => {
    const { run, clock } = bench([flaky(2)], { random: () => 0 });
    await run();
    expect(clock.sleeps).to.deep.equal([500, 1_000]);
  });

  it("does not follow any other error", async () => {
    const { run, clock } = bench([throwing(new Error("boom"))]);
    await run();
    expect(clock.sleeps).to.deep.equal([]);
  });

  it("reports the number of attempts if it ends in another error", async () => {
    const failing = flaky(1, () => {
      throw new AssetFailure("BROKEN", "x");
    });
    expect((await bench([failing]).run())?.outcome).to.include({ code: "BROKEN", attempts: 2 });
  });

  it("reports the number of attempts if it ends in a skip", async () => {
    const skipping = flaky(1, () => {
      throw new SkipAsset("after all");
    });
    expect((await bench([skipping]).run())?.outcome).to.include({ code: "BY_HANDLER", attempts: 2 });
  });

  it("can be requested without an import", async () => {
    let tries = 0;
    const end = await bench([
      handler((_asset, context) => {
        if (++tries === 1) throw context.retry("not now");
        return {};
      }),
    ]).run();
    expect(end?.outcome).to.include({ kind: "SUCCEEDED", attempts: 2 });
  });

  it("repeats only the handler that requested it", async () => {
    let firsts = 0;
    const first = handler(
      () => {
        firsts++;
        return {};
      },
      { name: "first" },
    );
    await bench([first, flaky(2)]).run();
    expect(firsts).to.equal(1);
  });

  it("does not call accepts again for a handler that already accepted the asset", async () => {
    let asked = 0;
    const once = { ...flaky(1), accepts: () => ++asked === 1 };
    expect((await bench([once]).run())?.outcome).to.include({ kind: "SUCCEEDED", attempts: 2 });
  });

  it("follows a RetryableError from accepts and calls accepts again", async () => {
    let asked = 0;
    const accepts = (): boolean => {
      if (++asked === 1) throw new RetryableError("not now");
      return true;
    };
    const { run, clock } = bench([handler(() => ({}), { accepts })]);
    expect((await run())?.outcome).to.include({ kind: "SUCCEEDED", attempts: 2 });
    expect([asked, clock.sleeps]).to.deep.equal([2, [1_000]]);
  });

  it("runs no deadline while it waits, and a fresh one afterwards", async () => {
    const clock = new ManualClock();
    const { run, task } = bench([flaky(1, () => new Promise(() => {}))], { clock });
    void run();
    await quiet();
    expect(task.tryStartedMs).to.equal(Number.POSITIVE_INFINITY);
    await clock.advance(1_000);
    expect(task.tryStartedMs).to.equal(clock.monotonicMs());
  });

  it("ends at once without an outcome if it is told to stop while it waits", async () => {
    const clock = new ManualClock();
    const one = flaky(1);
    const { run, task } = bench([one], { clock });
    const running = run();
    await quiet();
    task.abort(new Error("job is stopping"));
    expect(await running).to.equal(undefined);
    expect(one.attempts).to.deep.equal([1]);
  });
});

describe("a repository error", () => {
  const code = (of: ConstructorParameters<typeof AssetmillError>[0], path?: string): AssetmillError =>
    new AssetmillError(of, "hm", path === undefined ? {} : { ids: { path } });

  it("makes the asset SKIPPED GONE if it reports GONE for it: the asset vanished since discovery", async () => {
    expect(await outcomeOf([throwing(code("GONE", PATH))])).to.include({ kind: "SKIPPED", code: "GONE" });
  });

  for (const one of ["ACCESS_DENIED", "READ_FAILED", "ENCODING_INVALID", "ENCODING_UNKNOWN"] as const) {
    it(`makes the asset FAILED ${one} if it reports ${one} for it`, async () => {
      expect(await outcomeOf([throwing(code(one, PATH))])).to.include({ kind: "FAILED", code: one, handler: "h" });
    });
  }

  for (const one of ["GONE", "ACCESS_DENIED", "READ_FAILED", "ENCODING_INVALID"] as const) {
    it(`counts as the handler's failure if it reports ${one} for another asset`, async () => {
      for (const path of ["/root/b.dita", undefined]) {
        const message = path === undefined ? "hm" : `${path}: hm`;
        expect(await outcomeOf([throwing(code(one, path))])).to.include({
          kind: "FAILED",
          code: "HANDLER_ERROR",
          message,
        });
      }
    });
  }

  it("is rethrown if it is UNAVAILABLE: no asset is to blame", async () => {
    const error = code("UNAVAILABLE");
    expect(await rejection(bench([throwing(error)]).run())).to.equal(error);
  });

  it("is rethrown if it is UNAVAILABLE at a later attempt", async () => {
    let tries = 0;
    const error = code("UNAVAILABLE");
    const run = bench([
      handler(() => {
        throw ++tries === 1 ? new RetryableError("not now") : error;
      }),
    ]).run();
    expect(await rejection(run)).to.equal(error);
  });
});

describe("an abort", () => {
  const untilAborted = (context: HandlerContext, then: () => unknown): Promise<never> =>
    new Promise((_yes, no) => {
      context.signal.addEventListener("abort", () => no(then()), { once: true });
    });

  it("leaves no outcome if the handler throws in response: the asset stays open", async () => {
    for (const error of [new Error("aborted"), new RetryableError("aborted"), new AssetFailure("X", "aborted")]) {
      const { run, task } = bench([handler((_asset, context) => untilAborted(context, () => error))]);
      const running = run();
      await quiet();
      task.abort(new Error("job is stopping"));
      expect(await running).to.equal(undefined);
    }
  });

  it("gives the handler its reason, even if the handler checks its signal only afterwards", async () => {
    const gate = deferred();
    let seen: unknown;
    const { run, task } = bench([
      handler(async (_asset, context) => {
        await gate.promise;
        seen = context.signal.reason;
        return {};
      }),
    ]);
    const running = run();
    task.abort(new Error("lease lost"));
    gate.resolve();
    await running;
    expect((seen as Error).message).to.equal("lease lost");
  });

  it("does not undo what the last handler has already done", async () => {
    const gate = deferred();
    const { run, task } = bench([
      handler(async () => {
        await gate.promise;
        return { properties: { a: 1 } };
      }),
    ]);
    const running = run();
    await quiet();
    task.abort(new Error("job is stopping"));
    gate.resolve();
    expect((await running)?.outcome.kind).to.equal("SUCCEEDED");
  });

  for (const reason of ["job is stopping", "deadline"]) {
    it(`starts no further handler of the asset (${reason})`, async () => {
      const gate = deferred();
      let second = 0;
      const { run, task } = bench([
        handler(
          async () => {
            await gate.promise;
            return {};
          },
          { name: "first" },
        ),
        handler(() => {
          second++;
          return {};
        }),
      ]);
      const running = run();
      await quiet();
      task.abandoned = reason === "deadline";
      task.abort(new Error(reason));
      gate.resolve();
      await running;
      expect(second).to.equal(0);
    });
  }
});

describe("an asset's content", () => {
  const reading = (process: AssetHandler["process"], content: () => Uint8Array[], maxBytes = 1_000) => {
    let reads = 0;
    const { run } = bench([handler(process), handler(process, { name: "second" })], {
      maxBytes,
      repository: {
        read: async function* () {
          reads++;
          yield* content();
        },
      },
    });
    return run().then((end) => ({ end, reads: () => reads }));
  };
  const HASH_OF_ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  it("is read once, however many handlers ask for it, and its hash is stamped", async () => {
    const { end, reads } = await reading(
      async (_asset, context) => ({ properties: { text: await context.text(), size: (await context.bytes()).length } }),
      () => [Buffer.from("a"), Buffer.from("bc")],
    );
    expect(reads()).to.equal(1);
    expect(end?.write?.properties).to.deep.equal({ text: "abc", size: 3 });
    expect(end?.write?.stamp.contentHash).to.equal(HASH_OF_ABC);
  });

  it("is also hashed as a stream if the stream was read to its end", async () => {
    const { end } = await reading(
      async (_asset, context) => {
        for await (const _piece of context.stream());
        return {};
      },
      () => [Buffer.from("a"), Buffer.from("bc")],
    );
    expect(end?.write?.stamp.contentHash).to.equal(HASH_OF_ABC);
  });

  it("of other assets, and their existence, is part of the stamp as it was last seen", async () => {
    const contents: Record<string, string> = { "/there": "abc", "/read": "abc" };
    const asks = handler(async (_asset, { repository, attempt, retry }) => {
      if (attempt === 1) {
        await repository.exists("/read");
        delete contents["/there"];
        throw retry("not now");
      }
      for (const path of ["/there", "/away"]) await repository.exists(path);
      await repository.text("/read");
      await repository.exists("/read");
      for (const path of ["/away too", "/closed"]) await repository.bytes(path).catch(() => undefined);
    });
    const { run } = bench([asks], {
      repository: {
        stat: async (paths) =>
          paths.map((path) => (contents[path] === undefined ? undefined : { kind: "folder", path })),
        read: async function* (path) {
          const code = path === "/closed" ? "ACCESS_DENIED" : "GONE";
          if (contents[path] === undefined) throw new AssetmillError(code, code, { ids: { path } });
          yield Buffer.from(contents[path]);
        },
      },
    });
    expect((await run())?.write?.stamp.basis).to.deep.equal({
      others: {
        "/read": HASH_OF_ABC,
        "/there": false,
        "/away": false,
        "/away too": false,
        "/closed": "unreadable",
      },
    });
  });

  it("has no hash if a stream was read only in part", async () => {
    const { end } = await reading(
      async (_asset, context) => {
        for await (const _piece of context.stream()) break;
        return {};
      },
      () => [Buffer.from("a"), Buffer.from("bc")],
    );
    expect(end?.write?.stamp.contentHash).to.equal(null);
    expect(end?.write?.stamp.basis).to.deep.equal({ partial: true, others: {} });
  });

  const texts: [string, Buffer][] = [
    ["UTF-8", Buffer.from("né")],
    ["UTF-8 with a byte order mark", Buffer.from("\uFEFFné")],
    ["UTF-16, little end first", Buffer.from("\uFEFFné", "utf16le")],
    ["UTF-16, big end first", Buffer.from("\uFEFFné", "utf16le").swap16()],
  ];
  for (const [title, bytes] of texts) {
    it(`is decoded without its byte order mark in ${title}`, async () => {
      const { end } = await reading(
        async (_asset, context) => ({ properties: { text: await context.text() } }),
        () => [bytes],
      );
      expect(end?.write?.properties).to.deep.equal({ text: "né" });
    });
  }

  it("is FAILED with the offset if its bytes are none in the encoding that it names", async () => {
    const { end } = await reading(
      async (_asset, context) => ({ properties: { text: await context.text() } }),
      () => [Buffer.from("<?xml version='1.0' encoding='utf-8'?>caf"), Buffer.of(0xe9)],
    );
    expect(end).to.deep.equal({
      outcome: {
        kind: "FAILED",
        code: "ENCODING_INVALID",
        message: "offset 41: byte 0xE9 is not UTF-8, which the XML declaration names",
        handler: "h",
        attempts: 1,
      },
    });
  });

  it("has one warning, however many handlers decode it, if its byte order mark contradicts its declaration", async () => {
    const bytes = Buffer.from("\uFEFF<?xml version='1.0' encoding='latin1'?>é");
    const reads = async (_asset: unknown, context: HandlerContext): Promise<{ warnings: string[] }> => {
      expect(await context.text()).to.match(/é$/);
      return { warnings: ["own"] };
    };
    const { run } = bench([handler(reads), handler(reads, { name: "second" })], {
      repository: {
        read: async function* () {
          yield bytes;
        },
      },
    });
    const outcome = (await run())?.outcome;
    expect(outcome?.kind === "SUCCEEDED" && outcome.warnings).to.deep.equal([
      "own",
      "own",
      "the XML declaration says latin1, the byte order mark UTF-8; decoded as UTF-8",
    ]);
  });

  it("is an empty text if it has no bytes", async () => {
    const { end } = await reading(
      async (_asset, context) => ({ properties: { text: await context.text() } }),
      () => [],
    );
    expect(end?.write?.properties).to.deep.equal({ text: "" });
  });

  it("fails with READ_FAILED above the limit, and no more than the limit is kept", async () => {
    const { end } = await reading(
      async (_asset, context) => ({ properties: { text: await context.text() } }),
      () => [Buffer.alloc(6), Buffer.alloc(6)],
      ASSET.sizeBytes - 1,
    );
    expect(end?.outcome).to.include({
      kind: "FAILED",
      code: "READ_FAILED",
      message: `the content of ${ASSET.sizeBytes} bytes exceeds the limit of ${ASSET.sizeBytes - 1} bytes for content that is read as a whole`,
    });
  });

  it("fails without a size if it is above the limit although it was smaller when listed", async () => {
    const { end } = await reading(
      async (_asset, context) => ({ properties: { text: await context.text() } }),
      () => [Buffer.alloc(2_000_000)],
      1_500_000,
    );
    expect(end?.outcome).to.include({
      kind: "FAILED",
      code: "READ_FAILED",
      message: "the content exceeds the limit of 1500000 bytes (1.4 MiB) for content that is read as a whole",
    });
  });

  it("names the path and the size if it is another asset's and above the limit", async () => {
    const OTHER = "/root/b.dita";
    const { run } = bench(
      [handler(async (_asset, context) => ({ properties: { text: await context.repository.text(OTHER) } }))],
      {
        repository: {
          read: async function* () {
            yield Buffer.alloc(20);
          },
          stat: async () => [{ kind: "asset", asset: { ...assetOf(OTHER), sizeBytes: 20 } }],
        },
        maxBytes: 10,
      },
    );
    expect((await run())?.outcome).to.include({
      code: "HANDLER_ERROR",
      message: `${OTHER}: the content of 20 bytes exceeds the limit of 10 bytes for content that is read as a whole`,
    });
  });

  it("is accepted at the limit", async () => {
    const { end } = await reading(
      async (_asset, context) => ({ properties: { size: (await context.bytes()).length } }),
      () => [Buffer.alloc(5), Buffer.alloc(5)],
      10,
    );
    expect(end?.write?.properties).to.deep.equal({ size: 10 });
  });

  it("is read again at the next attempt if it could not be read", async () => {
    let reads = 0;
    const { run } = bench(
      [
        handler(async (_asset, context) => {
          try {
            return { properties: { text: await context.text() } };
          } catch {
            throw context.retry("not now");
          }
        }),
      ],
      {
        repository: {
          read: async function* () {
            if (++reads === 1) throw new Error("flaky disk");
            yield Buffer.from("abc");
          },
        },
      },
    );
    expect((await run())?.write?.properties).to.deep.equal({ text: "abc" });
  });
});
