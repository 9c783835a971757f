import { expect } from "chai";
import fc from "fast-check";
import { DISCOVERY } from "../../../src/core/job/lease.js";
import {
  decideClaim,
  died,
  isCareful,
  type LeaseRecord,
  MAX_CHARGES,
  MAX_CHUNK_DEATHS,
  MAX_DISCOVERY_DEATHS,
  NO_DEATHS,
  poisoned,
  released,
  takenBack,
} from "../../../src/core/job/lease-rules.js";

const ready = (chunk: number, more: Partial<LeaseRecord> = {}): LeaseRecord => ({
  chunk,
  state: "READY",
  epoch: 0,
  part: 0,
  triggerable: chunk === DISCOVERY ? 0 : 10,
  ...NO_DEATHS,
  ...more,
});

const leased = (chunk: number, more: Partial<LeaseRecord> = {}): LeaseRecord =>
  ready(chunk, { state: "LEASED", epoch: 1, ...more });

const times = (count: number, lease: LeaseRecord): LeaseRecord =>
  Array.from({ length: count }).reduce<LeaseRecord>((before) => died(before), lease);

const ALL = { chunks: 100, discoveries: 1, alone: false };
const ALONE = { ...ALL, alone: true };

describe("the death of a lease's owner", () => {
  it("is counted, and blames no asset if none was announced", () => {
    expect(died(leased(1))).to.deep.equal(leased(1, { deaths: 1 }));
  });

  it("charges the announced asset and clears the announcement", () => {
    const dead = died(leased(1, { deaths: 2, announced: 7 }));
    expect(dead).to.deep.include({ deaths: 3, announced: undefined, charge: { index: 7, times: 1 } });
  });

  it("charges the same asset again and again, but never beyond what makes it poisoned", () => {
    let lease = leased(1);
    const charges: number[] = [];
    for (let i = 0; i < 5; i++) {
      lease = died({ ...lease, announced: 7 });
      charges.push(lease.charge?.times ?? 0);
    }
    expect(charges).to.deep.equal([1, 2, MAX_CHARGES, MAX_CHARGES, MAX_CHARGES]);
  });

  it("starts at one when another asset is announced", () => {
    const dead = died(leased(1, { announced: 8, charge: { index: 7, times: 2 } }));
    expect(dead.charge).to.deep.equal({ index: 8, times: 1 });
  });

  it("keeps an earlier charge if nothing was announced", () => {
    expect(died(leased(1, { charge: { index: 7, times: 2 } })).charge).to.deep.equal({ index: 7, times: 2 });
  });
});

describe("a chunk", () => {
  it("is careful from the second death in a row, or while an asset is charged", () => {
    expect([0, 1, 2, 3].map((deaths) => isCareful(ready(1, { deaths })))).to.deep.equal([false, false, true, true]);
    expect(isCareful(ready(1, { charge: { index: 0, times: 1 } }))).to.equal(true);
  });

  it("has a poisoned asset from the third charge in a row", () => {
    const of = (count: number): number | undefined => poisoned(ready(1, { charge: { index: 4, times: count } }));
    expect([1, 2, 3].map(of)).to.deep.equal([undefined, undefined, 4]);
    expect(poisoned(ready(1, { deaths: 9 }))).to.equal(undefined);
  });

  it("has no deaths, announcement or charge once it is released, and keeps its epoch", () => {
    const lease = leased(1, { epoch: 5, deaths: 3, announced: 2, charge: { index: 2, times: 2 } });
    expect(released(lease)).to.deep.equal(ready(1, { epoch: 5 }));
  });

  it("is READY under the next epoch once it is taken back, its owner's death counted", () => {
    const back = takenBack(leased(1, { epoch: 5, announced: 2 }));
    expect(back).to.deep.equal(ready(1, { epoch: 6, deaths: 1, charge: { index: 2, times: 1 } }));
  });
});

describe("discovery", () => {
  it("is never careful, however often its owners have died", () => {
    expect(isCareful(ready(DISCOVERY, { deaths: 9 }))).to.equal(false);
  });

  it("keeps its count of pages when it is claimed, while a chunk starts at part 0", () => {
    const { take } = decideClaim([ready(DISCOVERY, { part: 4 }), ready(1, { part: 4 })], ALL);
    expect(take.map(({ lease }) => [lease.state, lease.epoch, lease.part])).to.deep.equal([
      ["LEASED", 1, 4],
      ["LEASED", 1, 0],
    ]);
  });

  it("makes the job give up at its third death in a row without a page", () => {
    const claim = (deaths: number): string | undefined => decideClaim([leased(DISCOVERY, { deaths })], ALL).giveUp;
    expect(claim(MAX_DISCOVERY_DEATHS - 2)).to.equal(undefined);
    expect(claim(MAX_DISCOVERY_DEATHS - 1)).to.equal("workers died 3 times in a row during discovery");
  });
});

describe("a claim", () => {
  it("takes what was requested, in the order given, and no more", () => {
    const free = [ready(DISCOVERY), ready(3), ready(4), ready(5)];
    const of = (chunks: number, discoveries: number): number[] =>
      decideClaim(free, { chunks, discoveries, alone: false }).take.map(({ lease }) => lease.chunk);
    expect(of(2, 1)).to.deep.equal([DISCOVERY, 3, 4]);
    expect(of(0, 1)).to.deep.equal([DISCOVERY]);
    expect(of(1, 0)).to.deep.equal([3]);
    expect(of(-1, -1)).to.deep.equal([]);
  });

  it("tells a takeover, which counts the owner's death, from a first claim", () => {
    const { take } = decideClaim([ready(1), leased(2, { epoch: 3 })], ALL);
    expect(take.map(({ lease, takenOver }) => [lease.chunk, lease.epoch, lease.deaths, takenOver])).to.deep.equal([
      [1, 1, 0, false],
      [2, 4, 1, true],
    ]);
  });

  it("puts a careful chunk back for a worker that is alone, its owner's death counted", () => {
    const { take, putBack } = decideClaim([leased(1, { deaths: 1, epoch: 2 }), ready(2)], ALL);
    expect(take.map(({ lease }) => lease.chunk)).to.deep.equal([2]);
    expect(putBack).to.deep.equal([ready(1, { deaths: 2, epoch: 3 })]);
  });

  it("takes one careful chunk and leaves all others as they are if the worker is alone", () => {
    const free = [ready(DISCOVERY), ready(1, { deaths: 2 }), leased(2, { deaths: 4 }), ready(3)];
    const { take, putBack, giveUp } = decideClaim(free, ALONE);
    expect(take.map(({ lease }) => lease.chunk)).to.deep.equal([1]);
    expect(putBack).to.deep.equal([]);
    expect(giveUp).to.equal(undefined);
  });

  it("makes the job give up at a chunk's tenth death in a row", () => {
    const claim = (deaths: number): string | undefined => decideClaim([leased(6, { deaths })], ALL).giveUp;
    expect(claim(MAX_CHUNK_DEATHS - 2)).to.equal(undefined);
    expect(claim(MAX_CHUNK_DEATHS - 1)).to.equal("workers died 10 times in a row on chunk 6, without any outcome");
  });

  it("always raises the epoch of what it changes, and changes nothing twice", () => {
    const lease = fc.record({
      state: fc.constantFrom("READY" as const, "LEASED" as const),
      epoch: fc.nat(5),
      deaths: fc.nat(11),
      announced: fc.option(fc.nat(3), { nil: undefined }),
      charge: fc.option(fc.record({ index: fc.nat(3), times: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
    });
    const wanted = fc.record({ chunks: fc.nat(4), discoveries: fc.nat(1), alone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(lease, { maxLength: 6 }), wanted, (states, request) => {
        const free = states.map((state, chunk) => ready(chunk, state));
        const { take, putBack } = decideClaim(free, request);
        const touched = [...take.map((one) => one.lease), ...putBack];
        expect(new Set(touched.map(({ chunk }) => chunk)).size).to.equal(touched.length);
        for (const { chunk, epoch } of touched) expect(epoch).to.equal((free[chunk]?.epoch ?? 0) + 1);
        const careful = take.filter((one) => isCareful(one.lease));
        if (careful.length > 0) expect([request.alone, take.length]).to.deep.equal([true, 1]);
        for (const one of putBack) expect([isCareful(one), one.state]).to.deep.equal([true, "READY"]);
      }),
    );
  });
});

describe("three deaths of an announced asset's owner", () => {
  it("make the asset poisoned, and its chunk stays careful until the asset has its outcome", () => {
    const lease = times(2, leased(1));
    expect(isCareful(lease)).to.equal(true);
    const charged = [1, 2, 3].reduce<LeaseRecord>((before) => died({ ...before, announced: 5 }), lease);
    expect(poisoned(charged)).to.equal(5);
    expect(poisoned({ ...charged, ...NO_DEATHS })).to.equal(undefined);
  });
});
