import { expect } from "chai";
import { AssetLanes } from "../../../src/core/engine/chunk/asset-lanes.js";
import { Slots } from "../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../src/core/engine/chunk/time-slice.js";
import { DiscoveryRun } from "../../../src/core/engine/discovery/discovery-run.js";
import type { LeasedWork } from "../../../src/core/engine/leased-work.js";
import { MakingWay, type Room } from "../../../src/core/engine/making-way.js";
import type { Claimant } from "../../../src/core/job/share.js";
import { entriesOf, jobOf, pathsOf } from "../../support/builders.js";
import { engineTools } from "../../support/engine-tools.js";
import { ManualClock } from "../../support/manual-clock.js";

const FULL: Room = { chunks: 0, discoveries: 0 };

const waiting = (over: Partial<Claimant> = {}): Claimant => ({
  ...{ id: "waits", sequence: 9, weight: 16, held: 0, waitedMs: 5_000, ready: 1, discovery: false },
  ...over,
});

describe("a busy worker that makes way", () => {
  it("gives up the oldest chunk of the job that holds most, and no other while that one waits for its assets", async () => {
    const { way, chunk, held, clock } = plot();
    const [other, old, newer] = [chunk("small", 1), chunk("big", 1), chunk("big", 2)];
    const stopped = () => [old, newer, other].map(({ isStopped }) => isStopped);
    await clock.advance(1_500);
    await way.mayClaim(FULL, asked({ unserved: [waiting()] }));
    expect(stopped()).to.deep.equal([true, false, false]);
    await clock.advance(500);
    await way.mayClaim(FULL, asked({ unserved: [waiting()] }));
    expect(stopped(), "it makes room for the one that waits").to.deep.equal([true, false, false]);
    held.delete(old);
    await clock.advance(500);
    await way.mayClaim(FULL, asked({ unserved: [waiting()] }));
    expect(stopped().filter(Boolean), "for the next that waits").to.have.length(2);
  });

  it("gives up no more than half of its chunks at a time, however many jobs wait", async () => {
    const { way, chunk, clock } = plot();
    const all = ["a", "b", "c", "d"].map((id) => chunk(id, 1));
    const many = ["e", "f", "g", "h"].map((id) => waiting({ id }));
    for (let i = 0; i < 3; i++) {
      await clock.advance(1_500);
      await way.mayClaim(FULL, asked({ unserved: many }));
      expect(all.filter(({ isStopped }) => isStopped)).to.have.length(2);
    }
  });

  it("keeps what was claimed a moment ago, and everything while there is room for those that wait", async () => {
    const { way, chunk, clock } = plot();
    const work = chunk("big", 1);
    await clock.advance(900);
    await way.mayClaim(FULL, asked({ unserved: [waiting()] }));
    expect(work.isStopped).to.equal(false);
    await clock.advance(900);
    await way.mayClaim({ chunks: 1, discoveries: 0 }, asked({ unserved: [waiting()] }));
    expect(work.isStopped).to.equal(false);
    await clock.advance(900);
    await way.mayClaim({ chunks: 1, discoveries: 0 }, asked({ unserved: [waiting(), waiting({ id: "more" })] }));
    expect(work.isStopped).to.equal(true);
  });

  it("gives up nothing that would not go to the job that waits: an urgent job's chunk for a low one", async () => {
    const { way, chunk, clock } = plot();
    const urgent = chunk("urgent", 1, 0);
    await clock.advance(2_000);
    await way.mayClaim(FULL, asked({ unserved: [waiting({ weight: 1, waitedMs: 60_000 })] }));
    expect(urgent.isStopped).to.equal(false);
    await clock.advance(2_000);
    await way.mayClaim(FULL, asked({ unserved: [waiting({ weight: 1, waitedMs: 6_000_000 })] }));
    expect(urgent.isStopped, "after a long time").to.equal(true);
  });

  it("gives up nothing of a job that would then be further behind than the one that waits", async () => {
    const { way, chunk, clock } = plot();
    const work = chunk("big", 1);
    await clock.advance(2_000);
    await way.mayClaim(FULL, asked({ unserved: [waiting({ waitedMs: 1_900 })] }));
    expect(work.isStopped).to.equal(false);
    await clock.advance(500);
    await way.mayClaim(FULL, asked({ unserved: [waiting({ waitedMs: 2_600 })] }));
    expect(work.isStopped).to.equal(true);
  });

  it("gives up a discovery for a job whose discovery waits, and no chunk", async () => {
    const { way, chunk, discovery, clock } = plot();
    const [walk, work] = [discovery("big"), chunk("big", 1)];
    await clock.advance(2_000);
    await way.mayClaim(FULL, asked({ unserved: [waiting({ ready: 0, discovery: true, waitedMs: 60_000 })] }));
    expect(walk.isStopped, "before it has stored a page: a long listing would begin again and again").to.equal(false);
    walk.hasProgress = true;
    await clock.advance(2_000);
    await way.mayClaim(
      { ...FULL, discoveries: 1 },
      asked({ unserved: [waiting({ ready: 0, discovery: true, waitedMs: 60_000 })] }),
    );
    expect(walk.isStopped, "while there is room for it").to.equal(false);
    await clock.advance(2_000);
    await way.mayClaim(FULL, asked({ unserved: [waiting({ ready: 0, discovery: true, waitedMs: 60_000 })] }));
    expect([walk.isStopped, work.isStopped]).to.deep.equal([true, false]);
  });

  it("asks at most every 400 ms, and not at all if it holds nothing", async () => {
    const { way, chunk, held, clock } = plot();
    let times = 0;
    const ask = async () => {
      times++;
      return { care: false, unserved: [] };
    };
    expect(await way.mayClaim(FULL, ask)).to.equal(true);
    held.add(chunk("big", 1));
    for (let i = 0; i < 80; i++) {
      expect(await way.mayClaim(FULL, ask)).to.equal(true);
      await clock.advance(10);
    }
    expect(times).to.equal(1);
  });

  it("gives up everything for a careful chunk, and claims nothing until it holds nothing", async () => {
    const { way, chunk, discovery, held, clock } = plot();
    const all = [chunk("big", 1), discovery("big")];
    await clock.advance(4_500);
    expect(await way.mayClaim(FULL, asked({ care: true }))).to.equal(true);
    await clock.advance(600);
    expect(await way.mayClaim(FULL, asked({ care: true }))).to.equal(false);
    expect(all.every(({ isStopped }) => isStopped)).to.equal(true);
    expect(await way.mayClaim(FULL, asked({}))).to.equal(false);
    held.clear();
    expect(await way.mayClaim(FULL, asked({}))).to.equal(true);
    chunk("next", 1);
    expect(await way.mayClaim(FULL, asked({})), "as before").to.equal(true);
  });

  it("gives up work for a careful chunk every five seconds only: a worker that holds nothing should get it first", async () => {
    const { way, chunk, clock } = plot();
    const work = chunk("big", 1);
    await clock.advance(5_000);
    await way.mayClaim(FULL, asked({}));
    await clock.advance(4_900);
    await way.mayClaim(FULL, asked({ care: true }));
    expect(work.isStopped).to.equal(false);
    await clock.advance(400);
    await way.mayClaim(FULL, asked({ care: true }));
    expect(work.isStopped).to.equal(true);
  });
});

const asked =
  ({ care = false, unserved = [] }: { care?: boolean; unserved?: readonly Claimant[] }) =>
  async () => ({ care, unserved });

function plot() {
  const clock = new ManualClock();
  const held = new Set<LeasedWork>();
  const tools = engineTools({ clock });
  const shared = { slots: new Slots(0, clock), slice: new TimeSlice(clock, 1_000) };
  const jobWith = (id: string, priority: number) => jobOf({ id, request: { ...jobOf().request, priority } });
  const chunk = (id: string, number: number, priority = 5): AssetLanes => {
    const lease = { jobId: id, chunk: number, epoch: 1 };
    const claim = { lease, entries: entriesOf(pathsOf(3)), open: [0, 1, 2], takenOver: false };
    const lanes = new AssetLanes(jobWith(id, priority), claim, 60_000, shared, tools);
    held.add(lanes);
    return lanes;
  };
  const discovery = (id: string): DiscoveryRun => {
    const lease = { jobId: id, chunk: 0, epoch: 1 };
    const claim = { lease, part: 0, cursor: undefined, nextChunk: 1, takenOver: false };
    const run = new DiscoveryRun(jobWith(id, 5), claim, 60_000, clock.monotonicMs());
    held.add(run);
    return run;
  };
  return { way: new MakingWay(held, clock), chunk, discovery, held, clock };
}
