import { expect } from "chai";
import fc from "fast-check";
import { FILE_TYPES, type FileType } from "../../../src/core/asset/file-type.js";
import { addSums, type CostSums } from "../../../src/core/job/cost.js";
import type { Job } from "../../../src/core/job/job.js";
import { JOB_STATUSES } from "../../../src/core/job/lifecycle.js";
import { etaOf, throughputOf } from "../../../src/core/job/eta.js";
import { addPace, NO_PACE, type Pace, type PaceSample, restPace } from "../../../src/core/job/pace.js";
import { addTallies, EMPTY_TALLY, type Tally } from "../../../src/core/job/tally.js";
import { costOf, jobOf, PROCESSING, tallyOf } from "../../support/builders.js";

const sample = (assets: number, busyMs: number, elapsedMs: number, type: FileType = "DITATOPIC"): PaceSample => ({
  types: { [type]: costOf(assets, busyMs) },
  elapsedMs,
});

/** 100 of 1,000 assets done at 10 ms each, one at a time. */
const steady = (over: Partial<Job> = {}): Job =>
  jobOf({
    tally: tallyOf({ total: 1_000, succeeded: 100 }),
    pace: addPace(NO_PACE, [sample(100, 1_000, 1_000)], 10_000),
    ...over,
  });

describe("the ETA", () => {
  it("is UNKNOWN, 0, before any asset has ended", () => {
    expect(etaOf(jobOf())).to.deep.equal({ value: 0, unit: "SECONDS", basis: "UNKNOWN" });
  });

  it("is UNKNOWN after too few assets", () => {
    expect(etaOf(jobOf({ pace: addPace(NO_PACE, [sample(2, 20, 20)], 1_000) })).basis).to.equal("UNKNOWN");
  });

  it("is UNKNOWN while the job waits for a worker, whatever was measured before", () => {
    expect(etaOf(steady({ state: { status: "WAITING" } })).basis).to.equal("UNKNOWN");
    expect(etaOf(steady({ state: { status: "PAUSED" } })).basis).to.equal("ESTIMATE");
  });

  it("is the remaining work at the measured cost", () => {
    expect(etaOf(steady())).to.deep.equal({ value: 9, unit: "SECONDS", basis: "ESTIMATE" });
  });

  it("is a LOWER_BOUND while discovery is counting", () => {
    expect(etaOf(steady({ counting: "PROCESSING" }))).to.deep.equal({
      value: 9,
      unit: "SECONDS",
      basis: "LOWER_BOUND",
    });
  });

  it("is DONE, 0, once the job has ended", () => {
    for (const status of ["SUCCESS", "FAILURE", "CANCELLED"] as const) {
      expect(etaOf(steady({ state: { status, completedAtMs: 1 } }))).to.deep.equal({
        value: 0,
        unit: "SECONDS",
        basis: "DONE",
      });
    }
  });

  it("takes the measured concurrency into account", () => {
    const pace = addPace(NO_PACE, [sample(100, 8_000, 1_000)], 10_000);
    expect(etaOf(steady({ pace })).value).to.equal(9);
  });

  it("is based on the rate if handlers take no measurable time", () => {
    const pace = addPace(NO_PACE, [sample(100, 0, 1_000)], 10_000);
    expect(etaOf(steady({ pace })).value).to.equal(9);
  });

  it("does not count what skip rules decided as work", () => {
    expect(etaOf(steady({ tally: tallyOf({ total: 1_000, succeeded: 100, skipped: 800 }) })).value).to.equal(1);
  });

  it("counts a type that has not been seen yet at the average cost", () => {
    const tally = addTallies(tallyOf({ total: 100, succeeded: 100 }), tallyOf({ total: 100 }, "MARKDOWN"));
    expect(etaOf(steady({ tally })).value).to.equal(1);
  });

  it("weighs each type by its own cost", () => {
    const tally = addTallies(
      tallyOf({ total: 1_000, succeeded: 900 }, "DITAMAP"),
      tallyOf({ total: 1_000, succeeded: 100 }, "MARKDOWN"),
    );
    const pace = addPace(
      NO_PACE,
      [sample(900, 900 * 100, 90_000, "DITAMAP"), sample(100, 100, 100, "MARKDOWN")],
      99_000,
    );
    // 100 maps at 100 ms and 900 texts at 1 ms are 10.9 s; 1,000 assets at the average of 90 ms would be 90 s.
    expect(etaOf(steady({ tally, pace })).value).to.be.within(10, 12);
  });

  it("is whole, finite and never negative, whatever was counted and measured", () => {
    const counts = fc.nat({ max: 1_000_000 });
    const anyTally: fc.Arbitrary<Tally> = fc
      .array(
        fc.record({
          type: fc.constantFrom(...FILE_TYPES),
          left: counts,
          succeeded: counts,
          failed: counts,
          skipped: counts,
        }),
        { maxLength: 4 },
      )
      .map((rows) =>
        rows
          .map(({ type, left, ...ends }) =>
            tallyOf({ total: left + ends.succeeded + ends.failed + ends.skipped, ...ends }, type),
          )
          .reduce(addTallies, EMPTY_TALLY),
      );
    const someMs = fc.oneof(
      fc.constantFrom(0, 0.001),
      // Clocks tell microseconds.
      fc.nat({ max: 1e12 }).map((us) => us / 1_000),
    );
    const anyParts = fc.array(
      fc.record({
        types: fc.dictionary(
          fc.constantFrom(...FILE_TYPES),
          fc
            .tuple(fc.nat({ max: 10_000 }), someMs, fc.nat({ max: 1e9 }))
            .map(([assets, busyMs, sizeBytes]) => costOf(assets, busyMs, sizeBytes)),
        ),
        elapsedMs: someMs,
        passedMs: fc.oneof(someMs, fc.constant(-5_000)),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        anyTally,
        anyParts,
        fc.constantFrom(...JOB_STATUSES),
        fc.constantFrom("WAITING", "PROCESSING", "SUCCESS", "FAILURE"),
        fc.nat({ max: 3 }),
        (tally, parts, status, counting, openChunks) => {
          let nowMs = 1_000;
          let pace: Pace = NO_PACE;
          for (const part of parts) {
            nowMs += part.passedMs;
            pace = addPace(pace, [part], nowMs);
          }
          const state = status === "PROCESSING" ? PROCESSING : ({ status, completedAtMs: 1 } as Job["state"]);
          const job = jobOf({ tally, pace, state, counting, openChunks });
          const { value, unit, basis } = etaOf(job);
          expect(Number.isSafeInteger(value) && value >= 0, `value ${value}`).to.equal(true);
          expect(Object.is(value, -0), "minus zero").to.equal(false);
          expect(unit).to.equal("SECONDS");
          expect(["UNKNOWN", "LOWER_BOUND", "ESTIMATE", "DONE"]).to.include(basis);
          if (basis === "UNKNOWN" || basis === "DONE") expect(value).to.equal(0);
          const rate = throughputOf(job);
          expect(rate === null || (Number.isFinite(rate) && rate >= 0), `rate ${rate}`).to.equal(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe("the pace", () => {
  it("counts the time of two workers once", () => {
    let pace = addPace(NO_PACE, [sample(10, 1_000, 1_000)], 1_000);
    // Each worker was at it for a second, but together only half a second passed since the last part.
    pace = addPace(pace, [sample(10, 1_000, 1_000)], 1_500);
    expect(pace.workedMs).to.equal(1_500);
    expect(pace.assets).to.equal(20);
  });

  it("counts parts that were committed together as the time of the longest", () => {
    const pace = addPace(NO_PACE, [sample(10, 1, 300), sample(10, 1, 700)], 1_000);
    expect(pace.workedMs).to.equal(700);
  });

  it("leaves a pause out", () => {
    const before = addPace(NO_PACE, [sample(100, 1_000, 1_000)], 10_000);
    const after = addPace(restPace(before), [sample(100, 1_000, 1_000)], 9_000_000);
    expect(after.workedMs).to.equal(2_000);
    expect(throughputOf(jobOf({ pace: after }))).to.equal(100);
  });

  it("leaves downtime out, though nobody recorded its beginning", () => {
    const before = addPace(NO_PACE, [sample(100, 1_000, 1_000)], 10_000);
    const after = addPace(before, [sample(100, 1_000, 1_000)], 9_000_000);
    expect(after.workedMs).to.equal(2_000);
  });

  it("never counts a negative time if the clock goes back", () => {
    const pace = addPace(addPace(NO_PACE, [sample(10, 10, 500)], 10_000), [sample(10, 10, 500)], 4_000);
    expect(pace.workedMs).to.equal(500);
  });

  it("follows a change of speed: after a minute at the new speed the old one hardly counts", () => {
    let pace = NO_PACE;
    let nowMs = 0;
    const work = (seconds: number, assets: number): void => {
      for (let i = 0; i < seconds; i++) {
        nowMs += 1_000;
        pace = addPace(pace, [sample(assets, 1_000, 1_000)], nowMs);
      }
    };
    work(600, 10);
    work(120, 100);
    const rate = throughputOf(jobOf({ pace })) ?? 0;
    expect(rate).to.be.within(85, 101);
  });

  it("keeps the speed through an idle period", () => {
    const pace = addPace(NO_PACE, [sample(100, 1_000, 1_000)], 10_000);
    expect(throughputOf(jobOf({ pace: restPace(pace) }))).to.equal(throughputOf(jobOf({ pace })));
  });

  it("forgets no type that it still has a share of", () => {
    let pace = addPace(NO_PACE, [sample(10, 1_000, 1_000, "DITAMAP")], 1_000);
    for (let i = 2; i < 60; i++) pace = addPace(pace, [sample(10, 1_000, 1_000, "MARKDOWN")], i * 1_000);
    const { DITAMAP: map } = pace.types;
    expect((map?.busyMs ?? 0) / (map?.assets ?? 1)).to.be.closeTo(100, 1e-6);
  });
});

describe("the ETA of a heterogeneous tree", () => {
  /** Costs in ms; the dear ones come last, as maps after topics in many a tree, so that elapsed time misleads. */
  const COSTS: Readonly<Partial<Record<FileType, number>>> = { DITATOPIC: 20, MARKDOWN: 2, DITAMAP: 200 };
  const ORDER: FileType[] = [
    ...Array.from({ length: 4_000 }, (_, i): FileType => (i % 100 === 0 ? "DITAMAP" : "MARKDOWN")),
    ...Array.from({ length: 2_000 }, (_, i): FileType => (i % 50 === 0 ? "DITAMAP" : "DITATOPIC")),
    ...Array.from({ length: 500 }, (): FileType => "DITAMAP"),
  ];
  const cost = (type: FileType): number => COSTS[type] ?? 0;

  it("errs at most half as much as extrapolation of the elapsed time", () => {
    const whole = ORDER.map((type) => tallyOf({ total: 1 }, type)).reduce(addTallies, EMPTY_TALLY);
    const totalMs = ORDER.reduce((sum, type) => sum + cost(type), 0);
    let tally = whole;
    let pace: Pace = NO_PACE;
    let elapsedMs = 0;
    const ours: number[] = [];
    const theirs: number[] = [];
    const PART = 50;
    for (let i = 0; i < ORDER.length; i += PART) {
      const part = ORDER.slice(i, i + PART);
      const types: Partial<Record<FileType, CostSums>> = {};
      for (const type of part) {
        types[type] = addSums(types[type], costOf(1, cost(type)));
      }
      const partMs = part.reduce((sum, type) => sum + cost(type), 0);
      elapsedMs += partMs;
      pace = addPace(pace, [{ types, elapsedMs: partMs }], 1_000 + elapsedMs);
      tally = part.map((type) => tallyOf({ succeeded: 1 }, type)).reduce(addTallies, tally);
      const done = i + part.length;
      const share = elapsedMs / totalMs;
      if (share < 0.1 || share > 0.9) continue;
      const trueMs = totalMs - elapsedMs;
      ours.push(Math.abs(etaOf(jobOf({ tally, pace })).value * 1_000 - trueMs));
      theirs.push(Math.abs((elapsedMs / done) * (ORDER.length - done) - trueMs));
    }
    const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
    expect(ours.length).to.be.above(20);
    expect(median(ours)).to.be.at.most(median(theirs) / 2);
  });
});
