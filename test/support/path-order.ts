import fc from "fast-check";

export const segmentsOf = (path: string): string[] => path.split("/").filter((segment) => segment !== "");

/** Path order by its definition, word for word: segment by segment, each by UTF-16 code unit, the shorter first. */
export function referenceOrder(a: string, b: string): number {
  const [x, y] = [segmentsOf(a), segmentsOf(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [s, t] = [x[i] ?? "", y[i] ?? ""];
    for (let k = 0; k < Math.min(s.length, t.length); k++) {
      if (s.charCodeAt(k) !== t.charCodeAt(k)) return s.charCodeAt(k) - t.charCodeAt(k);
    }
    if (s.length !== t.length) return s.length - t.length;
  }
  return x.length - y.length;
}

/** Whatever sorts on the wrong side of "/" in plain string order, means something in URIs, or is beyond 16 bits. */
const TRICKY = [
  "a",
  "b",
  "A",
  "0",
  "-",
  ".",
  " ",
  "!",
  "%",
  "+",
  "#",
  "?",
  "\n",
  "é",
  "\uff5e",
  "\u{1f600}",
  "\u{10000}",
  "\u{2f800}",
];

/** A name as a file may have it. */
export const anyName = fc
  .array(fc.constantFrom(...TRICKY), { minLength: 1, maxLength: 3 })
  .map((units) => units.join(""))
  .filter((name) => name !== "." && name !== "..");

export const anyPath = fc.array(anyName, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
