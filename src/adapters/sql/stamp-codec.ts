import type { OtherAssets, Stamp, StampBasis } from "../../core/asset/stamp.js";

/**
 * A stamp's column: `[SIZE, MODIFIED, HASH, OWN]`. What is at the end and says nothing is left out: there is one for each
 * of a million assets, and most are two numbers. The handlers' versions are with the source of the result, see
 * `sourcesOf`.
 */
type StampColumn = readonly [sizeBytes: number, modifiedMs: number, contentHash?: string | null, own?: OwnColumn];

/**
 * The basis, under the empty name that no handler has; without it the basis is not known. Rows of before sources existed
 * have their handlers' versions here, too.
 */
type OwnColumn = Readonly<Record<string, string>> & { readonly ""?: PackedBasis };

interface PackedBasis {
  readonly c?: number;
  readonly p?: 1;
  readonly o?: OtherAssets;
}

/** Packs all of a stamp but its handlers. */
export function packStamp({ sizeBytes, modifiedMs, contentHash, basis }: Stamp): string {
  if (basis && saysNothing(basis))
    return contentHash === null
      ? `[${sizeBytes},${modifiedMs}]`
      : `[${sizeBytes},${modifiedMs},${JSON.stringify(contentHash)}]`;
  return JSON.stringify([sizeBytes, modifiedMs, contentHash, basis ? { "": packed(basis) } : {}]);
}

/** Reverses `packStamp`; `handlers` are those of the source. */
export function unpackStamp(text: string, handlers: Stamp["handlers"]): Stamp {
  const [sizeBytes, modifiedMs, contentHash = null, own = NO_BASIS] = JSON.parse(text) as StampColumn;
  const { "": basis, ...versions } = own;
  return {
    sizeBytes,
    modifiedMs,
    contentHash,
    handlers: { ...handlers, ...versions },
    ...(basis === undefined ? {} : { basis: unpacked(basis) }),
  };
}

/** Of a stamp that says nothing about its basis: it rests on nothing else. */
const NO_BASIS = { "": {} } as OwnColumn;

function saysNothing({ changedMs, partial, others }: StampBasis): boolean {
  if (changedMs !== undefined || partial) return false;
  for (const _ in others) return false;
  return true;
}

const packed = ({ changedMs, partial, others }: StampBasis): PackedBasis => ({
  ...(changedMs === undefined ? {} : { c: changedMs }),
  ...(partial ? { p: 1 } : {}),
  ...(Object.keys(others).length === 0 ? {} : { o: others }),
});

const unpacked = ({ c, p, o }: PackedBasis): StampBasis => ({
  ...(c === undefined ? {} : { changedMs: c }),
  ...(p === undefined ? {} : { partial: true }),
  others: o ?? {},
});
