import { expect } from "chai";
import fc from "fast-check";
import { FILE_TYPES } from "../../../src/core/asset/file-type.js";
import { SKIP_CODES } from "../../../src/core/asset/outcome.js";
import { addTallies, EMPTY_TALLY, sumOf, type Tally, TallyCounter } from "../../../src/core/job/tally.js";
import { failedWith, SUCCEEDED, skippedFor } from "../../support/builders.js";

const anyEvent = fc.record({
  type: fc.constantFrom(...FILE_TYPES),
  outcome: fc.oneof(
    fc.constant(undefined),
    fc.constant(SUCCEEDED),
    fc.constant(failedWith("X")),
    fc.constantFrom(...SKIP_CODES).map(skippedFor),
  ),
});
type Event = typeof anyEvent extends fc.Arbitrary<infer E> ? E : never;

function count(events: readonly Event[]): Tally {
  const counter = new TallyCounter();
  for (const { type, outcome } of events) {
    if (outcome) counter.ended(type, outcome);
    else counter.found(type);
  }
  return counter.take();
}

describe("a tally", () => {
  it("leaves out what never occurred", () => {
    const tally = count([{ type: "MARKDOWN", outcome: undefined }]);
    expect(tally).to.deep.equal({ types: { MARKDOWN: { total: 1, succeeded: 0, failed: 0, skipped: 0 } }, skips: {} });
  });

  it("counts every event once, by type and by reason", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const tally = count(events);
        const sum = sumOf(tally);
        const of = (kind: string | undefined): number =>
          events.filter(({ outcome }) => (outcome as { kind?: string } | undefined)?.kind === kind).length;
        expect(sum).to.deep.equal({
          total: of(undefined),
          succeeded: of("SUCCEEDED"),
          failed: of("FAILED"),
          skipped: of("SKIPPED"),
        });
        expect(Object.values(tally.skips).reduce((a, b) => a + b, 0)).to.equal(sum.skipped);
      }),
    );
  });

  it("is the sum of both tallies when two parts are added", () => {
    fc.assert(
      fc.property(fc.array(anyEvent), fc.array(anyEvent), (a, b) => {
        expect(addTallies(count(a), count(b))).to.deep.equal(count([...a, ...b]));
      }),
    );
  });

  it("has the bytes of what is left, and none once all have their outcome", () => {
    const found = new TallyCounter();
    found.found("DITAMAP", 300);
    found.found("DITAMAP", 20);
    const ended = new TallyCounter();
    ended.ended("DITAMAP", SUCCEEDED, 300);
    const one = addTallies(found.take(), ended.take());
    expect(one.types.DITAMAP).to.deep.equal({ total: 2, succeeded: 1, failed: 0, skipped: 0, leftBytes: 20 });
    const other = new TallyCounter();
    other.ended("DITAMAP", skippedFor("GONE"), 20);
    expect(addTallies(one, other.take()).types.DITAMAP).to.deep.equal({
      total: 2,
      succeeded: 1,
      failed: 0,
      skipped: 1,
    });
  });

  it("is not changed by being added to another", () => {
    const [a, b] = [count([{ type: "DITAMAP", outcome: SUCCEEDED }]), count([{ type: "DITAMAP", outcome: SUCCEEDED }])];
    const before = structuredClone([a, b, EMPTY_TALLY]);
    addTallies(addTallies(EMPTY_TALLY, a), b);
    expect([a, b, EMPTY_TALLY]).to.deep.equal(before);
  });

  it("counts a discovered asset that a skip rule decided as found and skipped", () => {
    const counter = new TallyCounter();
    counter.found("OTHERS", 0);
    counter.skipped("OTHERS", "SUB_ASSET");
    expect(counter.take()).to.deep.equal({
      types: { OTHERS: { total: 1, succeeded: 0, failed: 0, skipped: 1 } },
      skips: { SUB_ASSET: 1 },
    });
  });
});
