import { expect } from "chai";
import fc from "fast-check";
import { FILE_TYPES, type FileType } from "../../../src/core/asset/file-type.js";
import { CostCounter, costsLeftBy } from "../../../src/core/job/cost.js";
import { etaOf, remainingMsOf } from "../../../src/core/job/eta.js";
import type { Job } from "../../../src/core/job/job.js";
import { addPace, NO_PACE, type Pace, type PaceSample, restPace } from "../../../src/core/job/pace.js";
import { addTallies, EMPTY_TALLY } from "../../../src/core/job/tally.js";
import { costOf, jobOf, tallyOf } from "../../support/builders.js";

interface Ended {
  readonly type?: FileType;
  readonly size?: number;
  readonly ms: number;
}

/** One worker with so many lanes commits these assets, twenty a part. */
function handled(assets: readonly Ended[], pace: Pace = NO_PACE, lanes = 1): Pace {
  let at = pace.lastAtMs || 1_000_000;
  let last = pace;
  for (let i = 0; i < assets.length; i += 20) {
    const costs = new CostCounter();
    const part = assets.slice(i, i + 20);
    for (const { type = "DITATOPIC", size = 1_000, ms } of part) costs.add(type, size, ms);
    const elapsedMs = part.reduce((sum, { ms }) => sum + ms, 0) / lanes;
    at += elapsedMs;
    last = JSON.parse(JSON.stringify(addPace(last, [{ types: costs.take(), elapsedMs }], at))) as Pace;
  }
  return last;
}

const times = (count: number, asset: Ended | ((i: number) => Ended)): readonly Ended[] =>
  Array.from({ length: count }, (_, i) => (typeof asset === "function" ? asset(i) : asset));

/** What is left, in seconds, with so many assets of these types and sizes open. */
function leftSeconds(pace: Pace, open: Partial<Record<FileType, readonly [assets: number, bytes: number]>>): number {
  const tally = Object.entries(open)
    .map(([type, [total, leftBytes]]) => tallyOf({ total, leftBytes }, type as FileType))
    .reduce(addTallies, EMPTY_TALLY);
  return remainingMsOf({ pace, tally }) / 1_000;
}

describe("the remaining time", () => {
  it("rests on the sizes of what is left, once enough was seen", () => {
    const pace = handled(times(100, (i) => ({ size: 1_000 * (1 + (i % 10)), ms: 10 * (1 + (i % 10)) })));
    expect(leftSeconds(pace, { DITATOPIC: [10, 10 * 1_000] })).to.be.closeTo(0.1, 0.01);
    expect(leftSeconds(pace, { DITATOPIC: [10, 10 * 100_000] })).to.be.closeTo(10, 0.5);
  });

  it("leaves sizes alone that do not tell the cost", () => {
    let seed = 1;
    const chance = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const pace = handled(times(400, () => ({ size: 1 + 50_000 * chance(), ms: 5 + 10 * chance() })));
    expect(leftSeconds(pace, { DITATOPIC: [100, 100 * 200_000] })).to.be.closeTo(1, 0.25);
  });

  it("foresees a slow type that comes last, if an earlier job knew it, on a machine of another speed", () => {
    const earlier = { DITATOPIC: costOf(500, 5_000), DITAMAP: costOf(10, 4_000) };
    const pace = handled(times(200, { ms: 5 }), { ...NO_PACE, earlier });
    // Topics take half as long as they did, and so will maps: 200 ms each.
    expect(leftSeconds(pace, { DITAMAP: [50, 50_000] })).to.be.closeTo(10, 0.1);
    const unforeseen = handled(times(200, { ms: 5 }));
    expect(leftSeconds(unforeseen, { DITAMAP: [50, 50_000] })).to.be.closeTo(0.25, 0.01);
  });

  it("believes its own measurements of a type more than those of earlier jobs", () => {
    const earlier = { DITATOPIC: costOf(500, 5_000), DITAMAP: costOf(1_000, 400_000) };
    const assets = [...times(100, { ms: 10 }), ...times(100, { type: "DITAMAP", ms: 20 } as const)];
    const pace = handled(assets, { ...NO_PACE, earlier });
    expect(leftSeconds(pace, { DITAMAP: [100, 100_000] })).to.be.closeTo(2, 0.4);
  });

  it("follows a change of speed within seconds, for types that the new speed was not measured for, too", () => {
    const before = times(600, (i) => ({ type: i % 2 ? "DITATOPIC" : "DITAMAP", ms: i % 2 ? 10 : 100 }) as const);
    const pace = handled(before);
    expect(leftSeconds(pace, { DITAMAP: [100, 100_000] })).to.be.closeTo(10, 0.1);
    const slower = handled(times(200, { ms: 30 }), pace);
    expect(leftSeconds(slower, { DITAMAP: [100, 100_000] })).to.be.within(25, 31);
  });

  it("is not misled by a few assets of sixty times the usual cost", () => {
    const pace = handled(times(1_000, (i) => ({ ms: i % 100 === 42 ? 600 : 10 })));
    const just = handled([...times(19, { ms: 10 }), { ms: 600 }], pace);
    // One in a hundred: 15.9 ms on average, also just after one, and long after.
    expect(leftSeconds(pace, { DITATOPIC: [1_000, 1e6] })).to.be.within(12, 20);
    expect(leftSeconds(just, { DITATOPIC: [1_000, 1e6] })).to.be.within(12, 20);
    expect(leftSeconds(handled(times(60, { ms: 10 }), pace), { DITATOPIC: [1_000, 1e6] })).to.be.within(12, 20);
  });

  it("counts assets that run side by side once", () => {
    const pace = handled(times(200, { ms: 100 }), NO_PACE, 8);
    expect(leftSeconds(pace, { DITATOPIC: [80, 80_000] })).to.be.closeTo(1, 0.01);
  });

  it("counts what is between assets if handlers take no time, for all types alike", () => {
    let pace = NO_PACE;
    for (let i = 1; i <= 10; i++) {
      pace = addPace(pace, [{ types: { DITATOPIC: costOf(10, 0) }, elapsedMs: 100 }], 1_000 + 100 * i);
    }
    expect(leftSeconds(pace, { DITATOPIC: [50, 0], MARKDOWN: [50, 0] })).to.be.closeTo(1, 0.01);
  });

  it("is the same after a pause as before it", () => {
    const pace = handled(times(200, { ms: 10 }));
    const later = { ...restPace(pace), lastAtMs: 0 };
    const open = { DITATOPIC: [500, 500_000] } as const;
    expect(leftSeconds(later, open)).to.equal(leftSeconds(pace, open));
    const sample: PaceSample = { types: { DITATOPIC: costOf(20, 200, 1_000) }, elapsedMs: 200 };
    expect(leftSeconds(addPace(later, [sample], 9e9), open)).to.be.closeTo(leftSeconds(pace, open), 0.01);
  });

  it("runs down while nothing is committed, as long as that is usual", () => {
    const job = jobOf({ pace: handled(times(200, { ms: 10 })), tally: tallyOf({ total: 1_000, leftBytes: 1e6 }) });
    const at = (sinceMs: number): number => etaOf(job, job.pace.lastAtMs + sinceMs).value;
    expect([at(0), at(1_000), at(2_000)]).to.deep.equal([10, 9, 8]);
    expect(at(-5_000), "a clock that goes back").to.equal(10);
  });

  it("says that what is stuck may last as long again", () => {
    const job = jobOf({ pace: handled(times(200, { ms: 10 })), tally: tallyOf({ total: 14, leftBytes: 14_000 }) });
    const at = (sinceMs: number): number => etaOf(job, job.pace.lastAtMs + sinceMs).value;
    expect(at(0)).to.equal(1);
    expect(at(60_000)).to.be.within(55, 60);
    expect(at(300_000)).to.be.within(295, 300);
  });

  it("does not take the time of a job that rests for stuck", () => {
    const pace = restPace(handled(times(200, { ms: 10 })));
    const job: Job = jobOf({ pace, state: { status: "PAUSED" }, tally: tallyOf({ total: 1_000, leftBytes: 1e6 }) });
    expect(etaOf(job, 9e12).value).to.equal(10);
  });

  it("does not take a job with assets of a minute each for stuck", () => {
    const job = jobOf({ pace: handled(times(20, { ms: 60_000 })), tally: tallyOf({ total: 10, leftBytes: 10_000 }) });
    expect(etaOf(job, job.pace.lastAtMs + 50_000).value).to.equal(550);
  });
});

describe("what a job stores to tell its remaining time", () => {
  it("stays small however long it runs, and whatever its parts are like", () => {
    const parts = fc.array(fc.record({ ms: fc.double({ min: 0, max: 1e7, noNaN: true }), assets: fc.nat(500) }), {
      minLength: 300,
      maxLength: 1_500,
    });
    fc.assert(
      fc.property(parts, (all) => {
        let pace: Pace = NO_PACE;
        for (const [i, { ms, assets }] of all.entries()) {
          const type = FILE_TYPES[i % FILE_TYPES.length] as FileType;
          pace = addPace(pace, [{ types: { [type]: costOf(assets, ms, i) }, elapsedMs: ms }], 1e12 + i * 1e7);
        }
        expect(pace.spans.length).to.be.at.most(64);
        expect(JSON.stringify(pace).length).to.be.below(8_000);
      }),
      { numRuns: 20 },
    );
  });

  it("is worth as much to another process that goes on with the job", () => {
    const pace = handled(times(300, (i) => ({ size: 100 * i, ms: 1 + i / 10 })));
    const read = JSON.parse(JSON.stringify(pace)) as Pace;
    expect(read).to.deep.equal(pace);
    expect(leftSeconds(read, { DITATOPIC: [9, 9_000] })).to.equal(leftSeconds(pace, { DITATOPIC: [9, 9_000] }));
  });
});

describe("what a job leaves to later ones", () => {
  it("is what it measured, and of types that it had none of, what it knew from earlier ones, scaled", () => {
    const earlier = { DITATOPIC: costOf(1_000, 10_000), DITAMAP: costOf(30, 3_000) };
    const left = costsLeftBy({ DITATOPIC: costOf(50, 1_000) }, earlier);
    expect(left.DITATOPIC).to.deep.equal({ assets: 50, bytes: 0, busyMs: 1_000 });
    // Topics took twice as long: this machine is half as fast.
    expect(left.DITAMAP).to.deep.equal({ assets: 30, bytes: 0, busyMs: 6_000 });
  });

  it("does not rest on a handful of assets, such as those that a retry had, if more is known", () => {
    const left = costsLeftBy({ DITATOPIC: costOf(2, 900) }, { DITATOPIC: costOf(1_000, 10_000) });
    expect(left.DITATOPIC?.assets).to.equal(1_000);
    expect(costsLeftBy({ DITATOPIC: costOf(2, 900) }).DITATOPIC?.assets).to.equal(2);
  });
});
