import { expect } from "chai";
import { type KeyPart, keyParts, partsOfHead } from "../../../../src/adapters/assets/database/key-parts.js";
import { Dice } from "../../../../src/testing/conformance/random-tree.js";

/** So short a head that few bytes make many stems. */
const HEAD = 2;
const BYTES = [0, 1, 0xfe, 0xff];

const randomKey = (dice: Dice, most = 7): Buffer =>
  Buffer.from(Array.from({ length: dice.roll(most + 1) }, () => dice.pick(BYTES)));

/** Whether an index finds a key in a part: it sees the stem as a whole, and no more than the head of what follows it. */
function holds({ stem, from, to }: KeyPart, key: Buffer): boolean {
  if (!key.subarray(0, stem.length).equals(stem)) return false;
  const head = key.subarray(stem.length, stem.length + HEAD);
  return Buffer.compare(from, head) <= 0 && !(to && Buffer.compare(head, to) >= 0);
}

const show = (buffer: Buffer | undefined): string => buffer?.toString("hex") ?? "end";

describe("keyParts", () => {
  it("holds exactly the keys of a range, each in one part, in key order, in bounds that an index can hold", () => {
    const dice = new Dice(7);
    for (let i = 0; i < 400; i++) {
      const [from = Buffer.of(), to = Buffer.of()] = [randomKey(dice), randomKey(dice)].sort(Buffer.compare);
      if (from.equals(to)) continue;
      const parts = keyParts({ from, to }, HEAD);
      const told = `${show(from)} to ${show(to)}`;
      for (const { stem, ...bounds } of parts) {
        expect(stem.length % HEAD, told).to.equal(0);
        for (const bound of [bounds.from, bounds.to]) expect(bound?.length ?? 0, told).to.be.at.most(HEAD);
      }
      const keys = Array.from({ length: 60 }, () => randomKey(dice)).sort(Buffer.compare);
      let reached = 0;
      for (const key of [from, ...keys, to].sort(Buffer.compare)) {
        const isIn = Buffer.compare(from, key) <= 0 && Buffer.compare(key, to) < 0;
        const at = parts.flatMap((part, n) => (holds(part, key) ? [n] : []));
        expect(at, `${show(key)} in ${told}`).to.have.length(isIn ? 1 : 0);
        if (!isIn) continue;
        expect(at[0], `${show(key)} in ${told}`).to.be.at.least(reached);
        reached = at[0] ?? 0;
      }
    }
  });

  it("is one part without a stem for bounds that an index can hold, and for an index of whole keys", () => {
    const [from, to] = [Buffer.of(1, 2), Buffer.of(1, 3)];
    expect(keyParts({ from, to }, HEAD)).to.deep.equal([{ stem: Buffer.of(), from, to }]);
    const long = { from: Buffer.alloc(100, 1), to: Buffer.alloc(100, 2) };
    expect(keyParts(long, Number.POSITIVE_INFINITY)).to.deep.equal([{ stem: Buffer.of(), ...long }]);
  });
});

describe("partsOfHead", () => {
  it("separates the keys that begin with a head from the later ones of its part, and loses none", () => {
    const dice = new Dice(8);
    for (let i = 0; i < 2_000; i++) {
      const stem = Buffer.from([dice.pick(BYTES), dice.pick(BYTES)]);
      const head = Buffer.from([dice.pick(BYTES), dice.pick(BYTES)]);
      const end = randomKey(dice, HEAD);
      const part = { stem, from: head, to: Buffer.compare(head, end) < 0 ? end : undefined };
      const parts = partsOfHead(part, head);
      for (let n = 0; n < 30; n++) {
        const key = Buffer.concat([stem, randomKey(dice, 4)]);
        const found = parts.filter((one) => holds(one, key)).length;
        expect(found, `${show(key)} of ${show(head)} to ${show(part.to)}`).to.equal(holds(part, key) ? 1 : 0);
      }
    }
  });
});
