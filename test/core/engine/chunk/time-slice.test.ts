import { expect } from "chai";
import { countedTurns } from "../../../support/counted-turns.js";
import { systemClock } from "../../../../src/adapters/runtime/index.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";

/** Some steps of promises, as between a turn and what is done with it. */
async function steps(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

const block = (ms: number): void => {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
};

describe("a time slice", () => {
  it("lets work go on until it is over, then gives the event loop a turn", async () => {
    const slice = new TimeSlice(systemClock, 20);
    await slice.turn();
    expect(slice.pass()).to.equal(undefined);
    block(25);
    expect(slice.pass()).to.be.a("promise");
  });

  it("lets one of many that wait go on after each turn, so that their work does not add up", async () => {
    const slice = new TimeSlice(systemClock, 1);
    const turns = countedTurns();
    const seen: number[] = [];
    block(5);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await slice.pass();
        await steps();
        seen.push(turns.count());
        block(2);
      }),
    );
    turns.stop();
    expect(new Set(seen).size).to.equal(8);
    block(2);
    await slice.turn();
    expect(slice.pass()).to.equal(undefined);
  });
});
