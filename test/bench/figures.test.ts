import { expect } from "chai";
import { compare, type Figure, goalOf, reaches, type Run, valueOf } from "../../bench/figures.js";

const run = (handled: number, seconds: number, wanted = 1_000): Run => ({ wanted, handled, seconds });
const between = (ours: readonly Run[], peer: readonly Run[]): Figure =>
  compare({
    name: "1000 assets",
    ours: { name: "assetmill", runs: ours },
    peer: { name: "the loop", runs: peer },
    goal: { atLeast: 1.5 },
  });

describe("a figure of the benchmarks", () => {
  it("is the ratio of the median rates, not of the best or the last", () => {
    const ours = [run(1_000, 0.1), run(1_000, 0.5), run(1_000, 10)];
    const peer = [run(1_000, 1), run(1_000, 0.001), run(1_000, 100)];
    expect(between(ours, peer)).to.deep.equal({
      name: "1000 assets",
      ours: "2.0 k/s",
      peer: "the loop: 1.0 k/s",
      rounds: "10.0 2.0 0.1; 1.0 1000.0 0.0",
      value: 2,
      goal: { atLeast: 1.5 },
    });
  });

  const GOOD = [run(1_000, 1), run(1_000, 1), run(1_000, 1)];
  const REFUSED: readonly [title: string, ours: readonly Run[], peer: readonly Run[], says: string][] = [
    [
      "one of our runs failed",
      [...GOOD, { failed: "the job ended with status FAILURE" }],
      GOOD,
      "assetmill failed: the job ended with status FAILURE",
    ],
    ["a run of the peer failed", GOOD, [{ failed: "its process ended" }], "the loop failed: its process ended"],
    ["we handled fewer assets than we were given", [...GOOD, run(999, 1)], GOOD, "assetmill handled 999 of 1000"],
    ["the peer handled more than it was given", GOOD, [run(1_001, 1), ...GOOD], "the loop handled 1001 of 1000"],
    ["the peer did not run", GOOD, [], "the loop did not run"],
    ["we did not run", [], GOOD, "assetmill did not run"],
  ];
  for (const [title, ours, peer, says] of REFUSED) {
    it(`has no ratio if ${title}, says why, and reaches no goal`, () => {
      const figure = between(ours, peer);
      expect(figure.refused).to.equal(says);
      expect(figure).not.to.have.property("value");
      expect(valueOf(figure)).to.equal("none");
      expect(reaches(figure)).to.equal(false);
    });
  }

  it("shows no rate of a contender that failed", () => {
    const { ours, peer } = between(GOOD, [...GOOD, { failed: "no disk" }]);
    expect([ours, peer]).to.deep.equal(["1.0 k/s", "the loop: no rate"]);
  });

  const GOALS: readonly [Pick<Figure, "value" | "unit" | "goal">, reached: boolean | undefined, goal: string][] = [
    [{ value: 1.5, goal: { atLeast: 1.5 } }, true, "≥ 1.5 ×"],
    [{ value: 1.499, goal: { atLeast: 1.5 } }, false, "≥ 1.5 ×"],
    [{ value: 160, unit: "MB", goal: { atMost: 160 } }, true, "≤ 160 MB"],
    [{ value: 160.1, unit: "MB", goal: { atMost: 160 } }, false, "≤ 160 MB"],
    [{ value: 1 }, undefined, ""],
  ];
  for (const [given, reached, goal] of GOALS) {
    it(`of ${given.value} with the goal "${goal}" ${reached === undefined ? "has nothing to reach" : reached ? "reaches it" : "does not reach it"}`, () => {
      const figure = { name: "x", ours: "y", ...given };
      expect(reaches(figure)).to.equal(reached);
      expect(goalOf(figure)).to.equal(goal);
    });
  }
});
