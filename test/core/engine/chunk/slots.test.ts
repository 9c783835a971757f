import { expect } from "chai";
import { LaneSlots } from "../../../../src/core/engine/chunk/lane-slots.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { jobOf } from "../../../support/builders.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

const jobWith = (id: string, priority: number) => jobOf({ id, request: { ...jobOf().request, priority } });

describe("the slots of a process", () => {
  it("are limited in number, and waiters of one job are served in order", async () => {
    const slots = new Slots(2, new ManualClock());
    const share = slots.shareOf(jobOf());
    const granted: number[] = [];
    for (let i = 0; i < 5; i++) void slots.acquire(share).then(() => granted.push(i));
    await quiet();
    expect(granted).to.deep.equal([0, 1]);
    slots.release(share);
    await quiet();
    expect(granted).to.deep.equal([0, 1, 2]);
    slots.release(share);
    slots.release(share);
    await quiet();
    expect(granted).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("can be reduced: taken slots stay taken, and nobody gets one until enough are free; and raised again", async () => {
    const slots = new Slots(4, new ManualClock());
    const share = slots.shareOf(jobOf());
    const granted: number[] = [];
    for (let i = 0; i < 8; i++) void slots.acquire(share).then(() => granted.push(i));
    await quiet();
    slots.resize(2);
    expect([slots.mustMakeRoom(share, 0), slots.free]).to.deep.equal([true, 0]);
    slots.release(share);
    slots.release(share);
    await quiet();
    expect([slots.mustMakeRoom(share, 0), granted.length]).to.deep.equal([false, 4]);
    slots.release(share);
    await quiet();
    expect(granted.length).to.equal(5);
    slots.resize(4);
    await quiet();
    expect(granted).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  it("go to a job that begins while another has them all, as soon as an asset of that one ends", async () => {
    const { lane, counts, clock } = plot(2);
    for (let i = 0; i < 4; i++) lane("big", 5);
    await clock.run(100);
    lane("small", 5);
    lane("small", 5);
    await clock.run(10);
    expect(counts.get("small")).to.be.greaterThan(0);
  });

  for (const [priorities, shares] of [
    [
      [5, 5],
      [1, 1],
    ],
    [
      [5, 6],
      [2, 1],
    ],
    [
      [3, 5],
      [4, 1],
    ],
  ] as const) {
    it(`are shared between priorities ${priorities.join(" and ")} as ${shares.join(" : ")}, by time`, async () => {
      const { lane, counts, clock } = plot(4);
      // The second job's assets take twice as long.
      for (let i = 0; i < 8; i++) {
        lane("first", priorities[0], 5);
        lane("second", priorities[1], 10);
      }
      await clock.run(6_000);
      const [first = 0, second = 0] = [(counts.get("first") ?? 0) * 5, (counts.get("second") ?? 0) * 10];
      expect(first + second).to.be.within(23_500, 24_500);
      expect(first / second).to.be.within((shares[0] / shares[1]) * 0.9, (shares[0] / shares[1]) * 1.1);
    });
  }

  it("starve no job: even priority 9 beside priority 0 moves", async () => {
    const { lane, counts, clock } = plot(2);
    for (let i = 0; i < 4; i++) {
      lane("urgent", 0);
      lane("idle", 9);
    }
    await clock.run(5_000);
    expect(counts.get("idle")).to.be.within(2, 20);
  });

  it("are not made up for: a job that wanted none for a while gets its share from then on, not more", async () => {
    const { lane, counts, clock } = plot(2);
    const stop = lane("late", 5);
    await clock.run(50);
    stop();
    for (let i = 0; i < 4; i++) lane("steady", 5);
    await clock.run(1_000);
    const before = counts.get("steady") ?? 0;
    for (let i = 0; i < 4; i++) lane("late", 5);
    await clock.run(100);
    expect((counts.get("steady") ?? 0) - before).to.be.within(16, 24);
  });

  it("go to a job that begins beside busy ones from where the one is that is furthest behind", async () => {
    const clock = new ManualClock();
    const slots = new Slots(3, clock);
    const ahead = slots.shareOf(jobWith("ahead", 5));
    const behind = slots.shareOf(jobWith("behind", 5));
    const late = slots.shareOf(jobWith("late", 5));
    for (const share of [ahead, ahead, behind]) await slots.acquire(share);
    await clock.advance(100);
    const granted: string[] = [];
    void slots.acquire(ahead).then(() => granted.push("ahead"));
    void slots.acquire(late).then(() => granted.push("late"));
    await quiet();
    expect(slots.mustMakeRoom(behind, clock.monotonicMs()), "level with it").to.equal(false);
    expect(slots.mustMakeRoom(ahead, clock.monotonicMs())).to.equal(true);
    slots.release(behind);
    await quiet();
    expect(granted).to.deep.equal(["late"]);
  });

  it("are looked at again within a millisecond", async () => {
    const clock = new ManualClock();
    const slots = new Slots(1, clock);
    const [mine, other] = [slots.shareOf(jobWith("mine", 5)), slots.shareOf(jobWith("other", 5))];
    await slots.acquire(mine);
    void slots.acquire(other);
    await clock.advance(1);
    expect(slots.mustMakeRoom(mine, clock.monotonicMs()), "not yet behind enough").to.equal(false);
    await clock.advance(2);
    expect(slots.mustMakeRoom(mine, clock.monotonicMs())).to.equal(true);
  });

  it("that become free together are shared, too", async () => {
    const slots = new Slots(0, new ManualClock());
    const granted: string[] = [];
    for (const id of ["a", "b"]) {
      const share = slots.shareOf(jobWith(id, 5));
      for (let i = 0; i < 4; i++) void slots.acquire(share).then(() => granted.push(id));
    }
    slots.resize(4);
    await quiet();
    expect(granted.sort()).to.deep.equal(["a", "a", "b", "b"]);
  });

  it("stay with a lane of the only job, and a lane that makes room comes before the others of its job", async () => {
    const clock = new ManualClock();
    const slots = new Slots(1, clock);
    const [big, other] = [slots.shareOf(jobWith("big", 5)), slots.shareOf(jobWith("other", 5))];
    await slots.acquire(big);
    const granted: string[] = [];
    void slots.acquire(big).then(() => granted.push("second lane"));
    await clock.advance(100);
    expect(slots.mustMakeRoom(big, clock.monotonicMs())).to.equal(false);
    void slots.acquire(other).then(() => granted.push("other"));
    await clock.advance(100);
    expect(slots.mustMakeRoom(big, clock.monotonicMs())).to.equal(true);
    void slots.makeRoom(big).then(() => granted.push("first lane"));
    await quiet();
    slots.release(other);
    await quiet();
    expect(granted).to.deep.equal(["other", "first lane"]);
  });

  it("forget jobs that are idle, and never one that holds or wants some", async () => {
    const slots = new Slots(1, new ManualClock());
    const held = slots.shareOf(jobWith("held", 5));
    await slots.acquire(held);
    const wanting = slots.shareOf(jobWith("wanting", 5));
    void slots.acquire(wanting);
    const idle = slots.shareOf(jobWith("idle", 5));
    for (let i = 0; i < 1_000; i++) slots.shareOf(jobWith(`job-${i}`, 5));
    expect(slots.shareOf(jobWith("held", 5))).to.equal(held);
    expect(slots.shareOf(jobWith("wanting", 5))).to.equal(wanting);
    expect(slots.shareOf(jobWith("idle", 5))).not.to.equal(idle);
  });

  it("owe nothing to a job that begins when nobody else wants any: it starts level with the one served last", async () => {
    const clock = new ManualClock();
    const slots = new Slots(1, clock);
    const [first, second] = [slots.shareOf(jobWith("first", 5)), slots.shareOf(jobWith("second", 5))];
    await slots.acquire(first);
    await clock.advance(100);
    slots.release(first);
    await slots.acquire(first);
    slots.release(first);
    await slots.acquire(second);
    void slots.acquire(first);
    await clock.advance(5);
    expect(slots.mustMakeRoom(second, clock.monotonicMs()), "it has had five milliseconds more").to.equal(true);
  });

  for (const [what, withThreads] of [
    ["one of each kind if it runs in threads", true],
    ["none of a thread if it does not", false],
  ] as const) {
    it(`are held by a lane, ${what}, left while work runs outside, and given back`, async () => {
      const clock = new ManualClock();
      const [slots, threads] = [new Slots(2, clock), new Slots(2, clock)];
      const free = (): readonly number[] => [slots.free, threads.free];
      const [lane, other] = ["a", "b"].map(
        (id) => new LaneSlots(jobWith(id, 5), slots, withThreads ? threads : undefined),
      );
      if (!lane || !other) throw new Error("there are two lanes");
      const thread = withThreads ? 1 : 0;
      await lane.acquire();
      expect(free()).to.deep.equal([1, 2 - thread]);
      await lane.outside(async () => expect(free()).to.deep.equal([2, 2 - thread]));
      expect(free()).to.deep.equal([1, 2 - thread]);
      await other.acquire();
      await lane.makeRoom(clock.monotonicMs());
      threads.resize(1);
      expect(lane.mustMakeRoom(clock.monotonicMs())).to.equal(withThreads);
      const again = lane.makeRoom(clock.monotonicMs());
      await quiet();
      expect(slots.free, "while it waits for a thread").to.equal(thread);
      other.release();
      await again;
      lane.release();
      expect(free()).to.deep.equal([2, 1]);
    });
  }

  it("of threads are shared likewise", async () => {
    const clock = new ManualClock();
    const [slots, threads] = [new Slots(8, clock), new Slots(1, clock)];
    const big = new LaneSlots(jobWith("big", 5), slots, threads);
    const small = new LaneSlots(jobWith("small", 5), slots, threads);
    await big.acquire();
    let isGranted = false;
    void small.acquire().then(() => (isGranted = true));
    await clock.advance(100);
    expect(big.mustMakeRoom(clock.monotonicMs())).to.equal(true);
    void big.makeRoom(clock.monotonicMs());
    await quiet();
    expect(isGranted).to.equal(true);
  });
});

/** Lanes that run assets one after the other, by a clock that the test moves. `counts`: assets that ended, by job. */
function plot(count: number) {
  const manual = new ManualClock();
  const slots = new Slots(count, manual);
  const counts = new Map<string, number>();
  const lane = (id: string, priority: number, assetMs = 5): (() => void) => {
    const mine = new LaneSlots(jobWith(id, priority), slots, undefined);
    let isOver = false;
    void (async () => {
      await mine.acquire();
      while (!isOver) {
        await manual.sleep(assetMs);
        counts.set(id, (counts.get(id) ?? 0) + 1);
        if (mine.mustMakeRoom(manual.monotonicMs())) await mine.makeRoom(manual.monotonicMs());
      }
      mine.release();
    })();
    return () => (isOver = true);
  };
  const run = async (ms: number): Promise<void> => {
    await quiet();
    await manual.advance(ms);
  };
  return { lane, counts, clock: { run } };
}
