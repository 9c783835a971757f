import { expect } from "chai";
import { backOff, retryCurve } from "../../../src/core/engine/back-off.js";

/** The longest pauses that jitter leaves, after so many failed tries. */
const longest = (tries: number, curve?: ReturnType<typeof retryCurve>): number[] =>
  Array.from({ length: tries }, (_, i) => backOff(i + 1, () => 1, curve));

describe("the back-off before a store or repository is called again", () => {
  it("starts at 0.2 s and doubles up to ten seconds", () => {
    expect(longest(8)).to.deep.equal([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it("is jittered to between half and all of the delay", () => {
    expect(backOff(1, () => 0)).to.equal(100);
    expect(backOff(3, () => 0.5)).to.equal(600);
    expect(backOff(20, () => 0)).to.equal(5_000);
  });

  it("stays at its cap after a million failed attempts", () => {
    expect(backOff(1_000_000, () => 1)).to.equal(10_000);
  });
});

describe("the back-off before an asset is retried", () => {
  it("starts at the option's delay and doubles up to an hour", () => {
    expect(longest(4, retryCurve(1_000))).to.deep.equal([1_000, 2_000, 4_000, 8_000]);
    expect(longest(14, retryCurve(1_000)).slice(11)).to.deep.equal([2_048_000, 3_600_000, 3_600_000]);
    expect(backOff(100, () => 1, retryCurve(1_000))).to.equal(3_600_000);
  });

  it("is always the option's delay if that is longer than the cap", () => {
    expect(longest(3, retryCurve(7_200_000))).to.deep.equal([7_200_000, 7_200_000, 7_200_000]);
  });

  it("is zero if the option is 0", () => {
    expect(longest(3, retryCurve(0))).to.deep.equal([0, 0, 0]);
    expect(backOff(1_000_000, () => 1, retryCurve(0))).to.equal(0);
  });

  it("is jittered like every other", () => {
    expect(backOff(2, () => 0, retryCurve(1_000))).to.equal(1_000);
  });
});
