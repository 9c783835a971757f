import type { KeyRange } from "./key-ranges.js";

/**
 * Keys that begin with `stem` and go on from `from` (inclusive) to `to` (exclusive; undefined: to the stem's last key).
 * The stem has a multiple of the bytes that an index holds; the bounds have no more than these.
 */
export interface KeyPart {
  readonly stem: Buffer;
  readonly from: Buffer;
  readonly to: Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

/** Splits a range of keys, of which an index holds the first bytes only, into parts that an index can walk, in order. */
export function keyParts({ from, to }: KeyRange, headBytes: number): KeyPart[] {
  return split({ stem: NOTHING, from, to }, headBytes);
}

function split({ stem, from, to }: KeyPart, headBytes: number): KeyPart[] {
  const [first, last] = [longHead(from, headBytes), longHead(to, headBytes)];
  if (first && last && first.equals(last)) return split(within({ stem, from, to }, headBytes), headBytes);
  const begin = first ? after(first) : from;
  const end = last ?? to;
  const parts: KeyPart[] = [];
  if (first) parts.push(...split(within({ stem, from, to: undefined }, headBytes), headBytes));
  if (begin && !(end && Buffer.compare(begin, end) >= 0)) parts.push({ stem, from: begin, to: end });
  if (to && last) parts.push(...split(within({ stem, from: last, to }, headBytes), headBytes));
  return parts;
}

/** Returns the head of a bound that an index cannot hold. */
const longHead = (bound: Buffer | undefined, headBytes: number): Buffer | undefined =>
  bound && bound.length > headBytes ? bound.subarray(0, headBytes) : undefined;

/** Moves the head of `from` to the stem. */
const within = ({ stem, from, to }: KeyPart, headBytes: number): KeyPart => ({
  stem: Buffer.concat([stem, from.subarray(0, headBytes)]),
  from: from.subarray(headBytes),
  to: to?.subarray(headBytes),
});

/** Splits off the keys with one head of full length: those keys, by what follows the head, and the rest of the part. */
export function partsOfHead({ stem, to }: KeyPart, head: Buffer): readonly KeyPart[] {
  const from = after(head);
  const rest = from && !(to && Buffer.compare(from, to) >= 0) ? [{ stem, from, to }] : [];
  return [{ stem: Buffer.concat([stem, head]), from: NOTHING, to: undefined }, ...rest];
}

/** Returns the smallest key behind all that begin with this head; undefined if there is none. */
function after(head: Buffer): Buffer | undefined {
  let length = head.length;
  while (length > 0 && head[length - 1] === 0xff) length--;
  if (length === 0) return undefined;
  const next = Buffer.from(head.subarray(0, length));
  next[length - 1] = (next[length - 1] ?? 0) + 1;
  return next;
}
