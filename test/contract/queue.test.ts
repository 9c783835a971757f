import { expect } from "chai";
import fc from "fast-check";
import { holdsScope, scopeOfRequest } from "../../src/core/job/job-request.js";
import { mustWait } from "../../src/core/job/job-queue.js";
import { refuseStart } from "../../src/core/operator/overlap.js";
import { covers } from "../../src/core/asset/scope.js";
import { until } from "../cli/workbench.js";
import { endOf } from "../embedding/host.js";
import { jobOf } from "../support/builders.js";
import { ContractHost, refusal, request, tree } from "./contract-host.js";
import { othersOf } from "../support/others-of.js";

describe("jobs on overlapping scopes", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  const NAMES = ["a", "b", "bc"];
  const paths = NAMES.flatMap((x) => [
    `/${x}`,
    ...NAMES.flatMap((y) => [`/${x}/${y}`, ...NAMES.map((z) => `/${x}/${y}/${z}`)]),
  ]);
  const scope = fc.record({
    paths: fc.uniqueArray(fc.constantFrom(...paths), { minLength: 1, maxLength: 2 }),
    excludedPaths: fc.uniqueArray(fc.constantFrom(...paths), { maxLength: 2 }),
  });

  it("are refused exactly if some path of a finite tree lies in both", async () => {
    // Deeper than any root or exclusion: what covers a leaf of these covers all that could lie below it.
    const leaves = paths.flatMap((path) => [path, `${path}/leaf`]);
    await fc.assert(
      fc.asyncProperty(scope, scope, async (x, y) => {
        const [a, b] = [x, y].map((over) => ({ type: "T", priority: 5, ...over }));
        if (!a || !b) throw new Error("two are needed");
        const shared = leaves.some((leaf) => covers(scopeOfRequest(a), leaf) && covers(scopeOfRequest(b), leaf));
        const code = await refuseStart(b, othersOf([jobOf({ request: a })])).catch((error) => error.code);
        expect(code).to.equal(shared ? "PATH_BUSY" : undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it("wait with onOverlap queue until every earlier one has ended, in order of creation", async () => {
    const gates = new Map<string, () => void>();
    const begun: string[] = [];
    const mill = await host.over(tree(1), async (_asset, { jobId }) => {
      begun.push(jobId);
      await new Promise<void>((over) => gates.set(jobId, over));
    });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await mill.operator.start(request({ onOverlap: "queue" }), "ann")).processingId);
    }
    for (const [i, id] of ids.entries()) {
      await until("the next job at work", () => gates.has(id));
      expect(begun).to.deep.equal(ids.slice(0, i + 1));
      for (const later of ids.slice(i + 1)) expect((await mill.operator.status(later)).status).to.equal("WAITING");
      gates.get(id)?.();
      expect((await endOf(mill, id)).status).to.equal("SUCCESS");
    }
  });

  it("hold their scope while queued against later starts and resumes", async () => {
    const mill = await host.over(tree(1), () => new Promise(() => undefined), {
      engine: { drainMs: 50 },
      autoStart: false,
    });
    const first = await mill.operator.start(request(), "ann");
    const queued = await mill.operator.start(request({ onOverlap: "queue", path: "/" }), "ann");
    await mill.operator.cancel(first.processingId, "ann");
    expect(await refusal(mill.operator.start(request(), "ann"))).to.equal("PATH_BUSY");
    expect(await refusal(mill.operator.resume(first.processingId, "ann"))).to.equal("PATH_BUSY");
    await mill.operator.cancel(queued.processingId, "ann");
    expect((await mill.operator.resume(first.processingId, "ann")).status).to.equal("WAITING");
  });

  it("cannot be resumed after a cancel in the queue while a later one that went ahead is running", async () => {
    const mill = await host.over(tree(1), undefined, { autoStart: false });
    const [a, b, c] = [
      await mill.operator.start(request(), "ann"),
      await mill.operator.start(request({ onOverlap: "queue" }), "ann"),
      await mill.operator.start(request({ onOverlap: "queue" }), "ann"),
    ];
    await mill.operator.cancel(b.processingId, "ann");
    expect(await refusal(mill.operator.resume(b.processingId, "ann"))).to.equal("PATH_BUSY");
    await mill.operator.pause(c.processingId, "ann");
    expect((await mill.operator.resume(c.processingId, "ann")).status).to.equal("WAITING");
    expect((await mill.operator.status(a.processingId)).status).to.equal("WAITING");
  });

  it("are resumed from PAUSED even if others are queued behind them, and all of them end", async () => {
    const mill = await host.over(tree(2), undefined, { autoStart: false });
    const [first, second, third] = [
      await mill.operator.start(request(), "ann"),
      await mill.operator.start(request({ onOverlap: "queue" }), "ann"),
      await mill.operator.start(request({ onOverlap: "queue" }), "ann"),
    ];
    for (const { processingId } of [first, second]) await mill.operator.pause(processingId, "ann");
    mill.start();
    for (const { processingId } of [second, first]) {
      expect((await mill.operator.resume(processingId, "ann")).status).to.be.oneOf([
        "WAITING",
        "PROCESSING",
        "SUCCESS",
      ]);
    }
    for (const { processingId } of [first, second, third]) {
      expect((await endOf(mill, processingId)).status).to.equal("SUCCESS");
    }
    expect(host.handled).to.have.length(6);
  });

  it("hide no other job while they wait or need a handler that is missing here, however many they are", async () => {
    const away = await host.over({ ...tree(2), ...tree(2, "/b") }, undefined, {
      autoStart: false,
      handler: { name: "elsewhere", types: ["ELSEWHERE"] },
    });
    for (let i = 0; i < 60; i++) await away.operator.start(request({ type: "ELSEWHERE", onOverlap: "queue" }), "ann");
    const mill = await host.over({ ...tree(2), ...tree(2, "/b") }, undefined, { autoStart: false });
    const first = await mill.operator.start(request({ priority: 9 }), "ann");
    await mill.operator.pause(first.processingId, "ann");
    const queued: string[] = [];
    for (let i = 0; i < 120; i++) {
      queued.push((await mill.operator.start(request({ onOverlap: "queue", priority: 0 }), "ann")).processingId);
    }
    const other = await mill.operator.start(request({ path: "/b", priority: 9 }), "ann");
    mill.start();
    expect((await endOf(mill, other.processingId, 5_000)).status).to.equal("SUCCESS");
    await mill.operator.resume(first.processingId, "ann");
    expect((await endOf(mill, first.processingId, 5_000)).status).to.equal("SUCCESS");
    // The queue moves on, one after the other.
    for (const id of queued.slice(0, 3)) expect((await endOf(mill, id)).status).to.equal("SUCCESS");
  });

  it("neither wait nor are refused if one has another type or is a dry run", async () => {
    const mill = await host.over(tree(2), undefined, {
      autoStart: false,
      handler: { types: ["ASSET_PROCESSING", "OTHER"] },
    });
    await mill.operator.start(request(), "ann");
    await mill.operator.start(request({ type: "OTHER" }), "ann");
    const dry = await mill.operator.start(request({ dryRun: true }), "ann");
    mill.start({ jobId: dry.processingId });
    expect((await endOf(mill, dry.processingId)).status).to.equal("SUCCESS");
    expect(holdsScope({ type: "T", paths: ["/"], priority: 5, dryRun: true })).to.equal(false);
  });

  it("wait for earlier ones only, as mustWait says", () => {
    const job = (sequence: number, onOverlap?: "queue") =>
      jobOf({
        id: String(sequence),
        sequence,
        state: { status: "WAITING" },
        request: { type: "T", paths: ["/a"], priority: 5, ...(onOverlap ? { onOverlap } : {}) },
      });
    expect(mustWait(job(2, "queue"), [job(1)])).to.equal(true);
    expect(mustWait(job(2, "queue"), [job(3)])).to.equal(false);
    expect(mustWait(job(2), [job(1)])).to.equal(false);
  });
});
