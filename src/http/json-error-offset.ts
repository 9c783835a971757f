/** What the grammar allows next. */
type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end";

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS = ["true", "false", "null"] as const;

/**
 * Returns the offset of the first character that is not valid JSON, the text's length if it ends too early, or undefined
 * if it is valid. JSON.parse reports the position only in its messages, which differ between Node versions. Does not
 * recurse, so any nesting depth is safe.
 */
export function jsonErrorOffset(text: string): number | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    while (at < text.length && " \t\n\r".includes(text[at] as string)) at++;
    const char = text[at];
    if (char === undefined) return expected === ", or end" && open.length === 0 ? undefined : at;
    if (expected === ":") {
      if (char !== ":") return at;
      at++;
      expected = "value";
    } else if (expected === ", or end") {
      const inside = open.at(-1);
      if (inside === undefined) return at;
      if (char === ",") expected = inside === "{" ? "key" : "value";
      else if (char === (inside === "{" ? "}" : "]")) open.pop();
      else return at;
      at++;
    } else if ((char === "]" && expected === "value or ]") || (char === "}" && expected === "key or }")) {
      open.pop();
      at++;
      expected = ", or end";
    } else if (expected === "key" || expected === "key or }") {
      if (char !== '"') return at;
      const end = endOfString(text, at);
      if (!end.closed) return end.at;
      at = end.at;
      expected = ":";
    } else if (char === "{" || char === "[") {
      open.push(char);
      at++;
      expected = char === "{" ? "key or }" : "value or ]";
    } else {
      const end = char === '"' ? endOfString(text, at) : endOfScalar(text, at);
      if (!end.closed) return end.at;
      at = end.at;
      expected = ", or end";
    }
  }
}

/** `at`: the offset after the token if `closed`, otherwise the offset of the invalid character. */
interface End {
  readonly at: number;
  readonly closed: boolean;
}

function endOfString(text: string, start: number): End {
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '"') return { at: at + 1, closed: true };
    if (char < " ") return { at, closed: false };
    if (char !== "\\") continue;
    at++;
    if (text[at] === "u") {
      for (let digit = 0; digit < 4; digit++) if (!/^[\da-fA-F]$/.test(text[++at] ?? "")) return { at, closed: false };
    } else if (!'"\\/bfnrt'.includes(text[at] ?? "?")) return { at, closed: false };
  }
  return { at: text.length, closed: false };
}

function endOfScalar(text: string, start: number): End {
  NUMBER.lastIndex = start;
  if (NUMBER.test(text)) return { at: NUMBER.lastIndex, closed: true };
  if (text[start] === "-") return { at: start + 1, closed: false };
  const word = WORDS.find((candidate) => candidate[0] === text[start]) ?? "";
  for (let i = 0; i < word.length; i++) if (text[start + i] !== word[i]) return { at: start + i, closed: false };
  return { at: start + word.length, closed: word !== "" };
}
