import { expect } from "chai";
import { ClaimSize } from "../../../src/core/engine/claim-size.js";
import { TimeSlice } from "../../../src/core/engine/chunk/time-slice.js";
import { ManualClock } from "../../support/manual-clock.js";

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
    for (let i = 0; i < 56; i++) size.began();
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
