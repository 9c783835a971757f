const START = /[\p{L}_:]/uy;
/** Bounded: in an unbounded repetition, a regular expression keeps a way back for each character outside the BMP. */
const MORE = /[\p{L}\p{N}\p{M}_:.\u00b7-]{1,1000}/uy;
const NUMBER = /#(?:[0-9]+|x[0-9a-fA-F]+);/y;

const MOST_SHOWN = 100;

/**
 * Returns where the XML name at an offset ends; the offset itself if no name begins there. In linear time, whatever its
 * length.
 */
export function endOfName(text: string, from: number): number {
  let end = endOf(START, text, from);
  if (end === from) return from;
  for (let next = endOf(MORE, text, end); next > end; next = endOf(MORE, text, end)) end = next;
  return end;
}

/** Returns whether the `&` at an offset begins a reference to a character or an entity. */
export function isReference(text: string, ampersand: number): boolean {
  const from = ampersand + 1;
  if (text[from] === "#") return endOf(NUMBER, text, from) > from;
  const end = endOfName(text, from);
  return end > from && text[end] === ";";
}

/** Shortens a name for a message: a file may have names of any length. */
export const shortName = (name: string): string => (name.length <= MOST_SHOWN ? name : `${name.slice(0, MOST_SHOWN)}…`);

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
