/** What a line of output would break, hide or obey: control characters, line separators, half pairs, a blank at the end. */
const NEEDS_QUOTES = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cs}|\s$/u;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Formats a path for a line of output. Most paths are shown as they are. One that a line cannot show is quoted as bash
 * reads it, `$'/a\nb'`, so that it can be pasted into the next command. A path begins with `/`: the two cannot be confused.
 */
export function shownPath(path: string): string {
  if (!NEEDS_QUOTES.test(path)) return path;
  const escaped = path.replace(
    /[\\'\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cs}/gu,
    (character) => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `$'${escaped}'`;
}
