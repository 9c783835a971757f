import type { OtherAssets, Stamp, StampBasis } from "../../core/asset/stamp.js";

/**
 * A stamp's handlers and basis in one column, `{ "NAME": "VERSION", "": BASIS }`: no handler has an empty name. In one
 * column, because an older program that shares the database knows only the handlers: it replaces both when it writes a
 * stamp, and ignores the basis when it reads one. Rows that such a program wrote have no basis.
 */
type HandlersColumn = Readonly<Record<string, string>> & { readonly ""?: PackedBasis };

/** Short, since there is one for each asset; most are empty. */
interface PackedBasis {
  readonly c?: number;
  readonly p?: 1;
  readonly o?: OtherAssets;
}

export const packHandlers = ({ handlers, basis }: Stamp): string =>
  JSON.stringify(basis ? { ...handlers, "": packed(basis) } : handlers);

export function unpackHandlers(text: string): Pick<Stamp, "handlers" | "basis"> {
  const { "": basis, ...handlers } = JSON.parse(text) as HandlersColumn;
  return { handlers, ...(basis === undefined ? {} : { basis: unpacked(basis) }) };
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
