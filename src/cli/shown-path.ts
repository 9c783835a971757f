/**
 * What a line of output would break, hide or obey: control characters, line separators, half pairs, and characters without
 * a width of their own, which include those that turn the direction of the text.
 */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cs}|\p{Cf}/u;
const EVERY_UNPRINTABLE = new RegExp(UNPRINTABLE, "gu");
const BLANK_END = /\s$/u;

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Escapes a character as bash reads it in `$'…'`. */
function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return ESCAPES[character] ?? (hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`);
}

/**
 * Formats a path for a line of output. Most paths are shown as they are. One that a line cannot show is quoted as bash
 * reads it, `$'/a\nb'`, so that it can be pasted into the next command. A path begins with `/`: the two cannot be confused.
 */
export function shownPath(path: string): string {
  if (!UNPRINTABLE.test(path) && !BLANK_END.test(path)) return path;
  return `$'${path.replace(/[\\']/g, "\\$&").replace(EVERY_UNPRINTABLE, escaped)}'`;
}

/** Formats a message as one line: the paths in it as `shownPath` does, and nothing in the rest that a line cannot show. */
export function shownMessage(message: string, paths: readonly string[] = []): string {
  const odd = paths.filter((path) => UNPRINTABLE.test(path)).sort((a, b) => b.length - a.length);
  const shown = odd.reduce((text, path) => text.replaceAll(path, () => shownPath(path)), message);
  return shown.replace(EVERY_UNPRINTABLE, escaped);
}
