import { expect } from "chai";
import fc from "fast-check";
import type { Outcome } from "../../../src/core/asset/outcome.js";
import { EndedOutcomes, type IndexedOutcome, Outcomes, PLAIN_SUCCESS } from "../../../src/core/job/outcomes.js";

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant(PLAIN_SUCCESS),
  fc.record({ kind: fc.constant("SUCCEEDED" as const), attempts: fc.nat(3), warnings: fc.array(fc.string()) }),
  fc.record({ kind: fc.constant("SKIPPED" as const), code: fc.constant("GONE" as const), attempts: fc.nat(3) }),
  fc.record({ kind: fc.constant("FAILED" as const), code: fc.string(), message: fc.string(), attempts: fc.nat(3) }),
);
const anyOutcomes: fc.Arbitrary<IndexedOutcome[]> = fc.array(
  fc.record({ index: fc.nat(), outcome: anyOutcome, ageMs: fc.nat() }),
  { maxLength: 30 },
);

describe("the outcomes of a part", () => {
  it("list what was put in, in the same order, with warnings and all", () => {
    fc.assert(
      fc.property(anyOutcomes, (list) => {
        const outcomes = Outcomes.of(list);
        expect([...outcomes]).to.deep.equal(list);
        expect(outcomes.length).to.equal(list.length);
        expect(list.map((_one, position) => outcomes.at(position))).to.deep.equal(list.map(({ outcome }) => outcome));
      }),
    );
  });

  it("count each kind", () => {
    fc.assert(
      fc.property(anyOutcomes, (list) => {
        const of = (kind: string): number => list.filter(({ outcome }) => outcome.kind === kind).length;
        expect(Outcomes.of(list).count()).to.deep.equal({
          SUCCEEDED: of("SUCCEEDED"),
          SKIPPED: of("SKIPPED"),
          FAILED: of("FAILED"),
        });
      }),
    );
  });

  it("take their ages when they are taken, and leave nothing behind", () => {
    const ended = new EndedOutcomes();
    ended.add(3, PLAIN_SUCCESS, 1_000.4);
    ended.add(1, { kind: "FAILED", code: "X", message: "", attempts: 1 }, 1_200);
    expect([...ended.take(1_500)].map(({ index, ageMs }) => [index, ageMs])).to.deep.equal([
      [3, 500],
      [1, 300],
    ]);
    expect([ended.length, ended.take(1_600).length, [...ended.take(1_600)]]).to.deep.equal([0, 0, []]);
  });
});
