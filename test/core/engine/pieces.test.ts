import { expect } from "chai";
import { ClaimSize } from "../../../src/core/engine/claim-size.js";
import { Slots } from "../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../src/core/engine/chunk/time-slice.js";
import { ManualClock, quiet } from "../../support/manual-clock.js";

describe("the slots of a process", () => {
  it("are limited in number, and waiters are served in order", async () => {
    const slots = new Slots(2);
    const granted: number[] = [];
    for (let i = 0; i < 5; i++) void slots.acquire().then(() => granted.push(i));
    await quiet();
    expect(granted).to.deep.equal([0, 1]);
    slots.release();
    await quiet();
    expect(granted).to.deep.equal([0, 1, 2]);
    slots.release();
    slots.release();
    await quiet();
    expect(granted).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("can be reduced: taken slots stay taken, and nobody gets one until enough are free; and raised again", async () => {
    const slots = new Slots(4);
    const granted: number[] = [];
    for (let i = 0; i < 8; i++) void slots.acquire().then(() => granted.push(i));
    await quiet();
    slots.resize(2);
    expect([slots.crowded, slots.free]).to.deep.equal([true, 0]);
    slots.release();
    slots.release();
    await quiet();
    expect([slots.crowded, granted.length]).to.deep.equal([false, 4]);
    slots.release();
    await quiet();
    expect(granted.length).to.equal(5);
    slots.resize(4);
    await quiet();
    expect(granted).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("a time slice", () => {
  it("is over after a given number of milliseconds of work, and restarts with each turn", async () => {
    const clock = new ManualClock();
    const slice = new TimeSlice(clock, 5);
    await slice.turn();
    expect(slice.isOver(clock.monotonicMs() + 5)).to.equal(false);
    expect(slice.isOver(clock.monotonicMs() + 6)).to.equal(true);
    await clock.advance(10);
    expect(slice.isOver(clock.monotonicMs())).to.equal(true);
    await slice.turn();
    expect(slice.isOver(clock.monotonicMs())).to.equal(false);
  });
});

/** All slots are taken. */
const NO_SLOT = { free: 0 };

describe("a worker's claim size", () => {
  it("grows by the idle slots while no chunk ends, within bounds", async () => {
    const slots = { free: 8 };
    const clock = new ManualClock();
    const size = new ClaimSize(clock, slots);
    for (let i = 0; i < 2; i++) size.began();
    slots.free = 6;
    expect(size.chunks).to.equal(0);
    await clock.advance(300);
    expect(size.chunks).to.equal(6);
    for (let i = 0; i < 16; i++) size.began();
    expect(size.chunks).to.equal(2);
    for (let i = 0; i < 4; i++) size.began();
    expect(size.chunks).to.equal(0);
  });

  /** So many chunks begin and end one after the other, each after so many milliseconds. */
  const eat = async (size: ClaimSize, clock: ManualClock, chunks: number, ms: number): Promise<void> => {
    size.began();
    for (let i = 0; i < chunks; i++) {
      size.began();
      await clock.advance(ms);
      size.ended();
    }
    size.ended();
  };

  it("is a few chunks at first, and zero once enough are claimed", () => {
    const size = new ClaimSize(new ManualClock(), NO_SLOT);
    const first = size.chunks;
    expect(first).to.be.within(1, 5);
    for (let i = 0; i < first; i++) size.began();
    expect(size.chunks).to.equal(0);
  });

  it("grows if chunks end fast, but not without bound", async () => {
    const clock = new ManualClock();
    const size = new ClaimSize(clock, NO_SLOT);
    await eat(size, clock, 60, 1);
    expect(size.chunks).to.be.within(10, 100);
  });

  it("is small if chunks take long, so that leases are not hoarded", async () => {
    const clock = new ManualClock();
    const size = new ClaimSize(clock, NO_SLOT);
    await eat(size, clock, 10, 30_000);
    expect(size.chunks).to.be.within(1, 3);
  });
});
