// Characters that a segment cannot have: absolute paths exclude only what no repository can name; paths without a leading
// "/" also exclude control characters and backslashes, see `normalisePath`.
const NEVER = String.raw`/\u0000\ud800-\udfff`;
const ODD = String.raw`/\\\u0000-\u001f\u007f-\u009f\ud800-\udfff`;
const BLANK = String.raw` \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff`;

/** A segment that is neither "." nor "..", without these characters, and whose first one is none of `first` either. */
const segment = (not: string, first = ""): string =>
  `(?:[^.${not}${first}][^${not}]*|\\.[^.${not}][^${not}]*|\\.\\.[^${not}]+)`;

const ABSOLUTE = `/+(?:${segment(NEVER)}/+)*(?:${segment(NEVER)})?`;
const RELATIVE = `(?:[${BLANK}]+[^${BLANK}${ODD}][^${ODD}]*|${segment(ODD, BLANK)})(?:/+${segment(ODD)})*/*`;

/**
 * What `normalisePath` accepts, but for the length, as a regular expression for schemas: of JavaScript with the flag `u`,
 * and without look-ahead, so that other languages and generators of examples take it, too.
 */
export const PATH_PATTERN = `^(?:${ABSOLUTE}|${RELATIVE})$`;
