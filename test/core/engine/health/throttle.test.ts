import { expect } from "chai";
import { HostProbe } from "../../../../src/adapters/runtime/index.js";
import { HealthWatch } from "../../../../src/core/engine/health/health-watch.js";
import type { LeasedWork } from "../../../../src/core/engine/leased-work.js";
import { ENGINE_DEFAULTS } from "../../../../src/core/engine/options.js";
import { Stopwatch } from "../../../../src/core/engine/health/stopwatch.js";
import { DOWN_AFTER, Throttle, UP_AFTER, type Vitals } from "../../../../src/core/engine/health/throttle.js";
import { cancel, pause, progressed } from "../../../../src/core/job/job-transitions.js";
import type { Job } from "../../../../src/core/job/job.js";
import type { JobStore } from "../../../../src/core/ports/job-store.js";
import { EMPTY_TALLY } from "../../../../src/core/job/tally.js";
import { jobOf } from "../../../support/builders.js";
import { engineTools, noJobs } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";
import { othersOf } from "../../../support/others-of.js";

const LIMITS: Vitals = { loopMs: 250, heapPercent: 90, storeMs: 5_000, repositoryMs: 30_000 };
const WELL: Vitals = { loopMs: 5, heapPercent: 30, storeMs: 20, repositoryMs: 20 };
const LATE: Vitals = { ...WELL, loopMs: 350 };

/** The counts after so many looks at the same. */
const looks = (throttle: Throttle, count: number, vitals: Vitals): readonly number[] =>
  Array.from({ length: count }, () => {
    throttle.look(vitals);
    return throttle.count;
  });

describe("the throttle", () => {
  it("halves the limit while the host is unhealthy, never below one, and says why", () => {
    const throttle = new Throttle(8, LIMITS);
    expect(looks(throttle, DOWN_AFTER - 1, LATE)).to.deep.equal([8, 8, 8]);
    expect(throttle.why).to.equal(undefined);
    expect(throttle.look(LATE)).to.equal(true);
    expect(throttle.why).to.equal("event loop 350 ms late; 4 of 8 assets at once");
    looks(throttle, 10 * DOWN_AFTER, LATE);
    expect(throttle.count).to.equal(1);
  });

  it("raises the limit step by step once the host has been healthy for a while, and reports nothing at full speed", () => {
    const throttle = new Throttle(8, LIMITS);
    looks(throttle, 3 * DOWN_AFTER, LATE);
    expect(new Set(looks(throttle, UP_AFTER - 1, WELL))).to.deep.equal(new Set([1]));
    const steps = looks(throttle, 4 * UP_AFTER, WELL);
    expect([...new Set(steps)]).to.deep.equal([3, 5, 7, 8]);
    expect(throttle.why).to.equal(undefined);
  });

  it("ignores a short disturbance, and changes nothing between the two thresholds", () => {
    const throttle = new Throttle(8, LIMITS);
    for (let i = 0; i < 20; i++) {
      looks(throttle, DOWN_AFTER - 1, LATE);
      looks(throttle, 1, WELL);
    }
    expect(throttle.count).to.equal(8);
    looks(throttle, DOWN_AFTER, LATE);
    const between = { ...WELL, loopMs: 0.9 * LIMITS.loopMs };
    expect(new Set(looks(throttle, 100, between))).to.deep.equal(new Set([4]));
  });

  it("reports the worst of its causes", () => {
    const causes = ([sick]: readonly Vitals[]): string | undefined => {
      const throttle = new Throttle(2, LIMITS);
      looks(throttle, DOWN_AFTER, sick ?? WELL);
      return throttle.why;
    };
    expect(causes([{ ...WELL, heapPercent: 96.4 }])).to.equal("heap 96 % full; 1 of 2 assets at once");
    expect(causes([{ ...WELL, storeMs: 7_340 }])).to.equal("store took 7.3 s to answer; 1 of 2 assets at once");
    expect(causes([{ ...LATE, repositoryMs: 61_000 }])).to.equal(
      "repository took 61.0 s to answer; 1 of 2 assets at once",
    );
  });

  it("ignores a measure whose limit is 0, and treats one that cannot be taken as healthy", () => {
    const throttle = new Throttle(8, { loopMs: 0, heapPercent: 0, storeMs: 0, repositoryMs: 90 });
    const sick = { loopMs: 1e9, heapPercent: 100, storeMs: 1e9, repositoryMs: Number.NaN };
    looks(throttle, 50, sick);
    expect(throttle.count).to.equal(8);
  });
});

describe("the response time", () => {
  it("is the longest since the last look, including calls that are still unanswered", async () => {
    const clock = new ManualClock();
    const watch = new Stopwatch(clock);
    expect(watch.worstMs()).to.equal(0);
    await watch.time(() => clock.advance(300));
    await watch.time(() => clock.advance(100));
    expect(watch.worstMs()).to.equal(300);
    const end = watch.begin();
    await clock.advance(2_000);
    expect([watch.worstMs(), watch.worstMs()]).to.deep.equal([2_000, 2_000]);
    end();
    end();
    expect([watch.worstMs(), watch.worstMs()]).to.deep.equal([2_000, 0]);
  });

  it("is that of a content's first piece, not of the reader that consumes the pieces", async () => {
    const clock = new ManualClock();
    const watch = new Stopwatch(clock);
    async function* pieces() {
      await clock.advance(50);
      yield 1;
      yield 2;
    }
    for await (const piece of watch.timeFirst(pieces())) await clock.advance(1_000 * piece);
    expect(watch.worstMs()).to.equal(50);
  });
});

describe("the watch over the host's health", () => {
  function bench() {
    const clock = new ManualClock();
    let job = jobOf({ state: { status: "PROCESSING", pausing: false }, comments: "" });
    const lines: string[] = [];
    let reachable = true;
    const jobs: JobStore = {
      ...noJobs,
      update: async (_id, decide) => {
        if (!reachable) throw new Error("gone");
        const change = await decide({ job, facts: { leased: true, nowMs: 0 }, others: othersOf([]) });
        job = change.job;
        lines.push(...change.lines.map(({ message }) => message));
        return job;
      },
    };
    let health = { loopMs: 5, heapPercent: 30 };
    const probe = { start: () => {}, look: () => health, stop: () => {} };
    const sizes: number[] = [];
    const held = new Set([{ job: { id: job.id } } as LeasedWork]);
    const watch = new HealthWatch(probe, held, (count) => sizes.push(count), engineTools({ jobs, clock }));
    watch.start();
    return {
      watch,
      clock,
      sizes,
      lines,
      job: () => job,
      change: (to: (job: Job) => Job) => (job = to(job)),
      is: (now: typeof health) => (health = now),
      reach: (can: boolean) => (reachable = can),
    };
  }

  it("lowers the count, and has the job say why only while it lasts", async () => {
    const { watch, clock, sizes, lines, job, is } = bench();
    await clock.advance(60_000);
    expect([sizes, lines]).to.deep.equal([[], []]);
    is({ loopMs: 350, heapPercent: 30 });
    await clock.advance(4_500);
    expect(job().comments).to.equal("slowed down: event loop 350 ms late; 4 of 8 assets at once");
    await clock.advance(20_000);
    is({ loopMs: 5, heapPercent: 30 });
    await clock.advance(60_000);
    expect(sizes).to.deep.equal([4, 2, 1, 3, 5, 7, 8]);
    expect(job().comments).to.equal("");
    expect(lines.at(0)).to.equal("Slowed down: event loop 350 ms late; 4 of 8 assets at once");
    expect(lines.at(-1)).to.equal("Back at full speed");
    expect(lines.length, "one line a step").to.equal(7);
    await watch.stop();
  });

  it("repeats its message if another one replaced it, unless that one matters more", async () => {
    const { clock, job, is, change } = bench();
    is({ loopMs: 5, heapPercent: 95 });
    await clock.advance(13_000);
    const said = job().comments;
    expect(said).to.equal("slowed down: heap 95 % full; 1 of 8 assets at once");
    change((now) => ({ ...now, comments: "" }));
    await clock.advance(6_000);
    expect(job().comments).to.equal(said);
    change((now) => ({ ...now, comments: "waiting: for the repository" }));
    await clock.advance(20_000);
    expect(job().comments).to.equal("waiting: for the repository");
  });

  it("withdraws its message when the worker ends and on a pause or a cancel; progress alone leaves it", async () => {
    const { watch, clock, job, is } = bench();
    is({ loopMs: 350, heapPercent: 30 });
    await clock.advance(5_000);
    const slow = job();
    const facts = { leased: false, nowMs: 5 };
    const progress = { tally: EMPTY_TALLY, closedChunks: 0, warnings: 0, samples: [] };
    expect(progressed({ ...slow, openChunks: 2 }, progress, facts).job.comments).to.equal(slow.comments);
    expect(pause({ ...slow, openChunks: 2 }, "ann", facts).job.comments).to.equal("");
    expect(cancel(slow, "ann", facts).job.comments).to.equal("cancelled by ann");
    const stopped = watch.stop();
    await clock.advance(1_000);
    await stopped;
    expect(job().comments).to.equal("");
  });

  it("keeps checking while the store does not answer", async () => {
    const { watch, clock, sizes, is, reach } = bench();
    reach(false);
    is({ loopMs: 350, heapPercent: 30 });
    await clock.advance(30_000);
    expect(sizes).to.deep.equal([4, 2, 1]);
    is({ loopMs: 5, heapPercent: 30 });
    await clock.advance(60_000);
    expect(sizes.at(-1)).to.equal(8);
    const stopped = watch.stop();
    await clock.advance(2_000);
    await stopped;
  });
});

describe("the probe of the host", () => {
  const limits: Vitals = {
    loopMs: ENGINE_DEFAULTS.throttleLoopMs,
    heapPercent: ENGINE_DEFAULTS.throttleHeapPercent,
    storeMs: ENGINE_DEFAULTS.throttleStoreMs,
    repositoryMs: ENGINE_DEFAULTS.throttleRepositoryMs,
  };

  it("detects a blocked event loop, and measures a healthy one far below the default limits", async () => {
    const probe = new HostProbe();
    probe.start();
    await new Promise((over) => setTimeout(over, 300));
    probe.look();
    await new Promise((over) => setTimeout(over, 100));
    const busyUntil = performance.now() + 600;
    while (performance.now() < busyUntil);
    await quiet();
    await new Promise((over) => setTimeout(over, 50));
    expect(probe.look().loopMs).to.be.greaterThan(400);
    // Busy, but in slices, as the engine works: several seconds of it never look bad often enough.
    const throttle = new Throttle(8, limits);
    for (let look = 0; look < 6; look++) {
      for (const end = performance.now() + 500; performance.now() < end;) {
        const slice = performance.now() + 1;
        while (performance.now() < slice);
        await new Promise((turn) => setImmediate(turn));
      }
      const { loopMs, heapPercent } = probe.look();
      expect(heapPercent).to.be.within(0, 100);
      throttle.look({ loopMs, heapPercent, storeMs: 20, repositoryMs: 20 });
    }
    expect(throttle.why).to.equal(undefined);
    probe.stop();
  });
});
