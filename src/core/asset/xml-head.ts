/** The doctype and root element of an XML document. */
export interface XmlHead {
  readonly doctype?: string;
  readonly root?: string;
  readonly rootClass?: string;
}

const SPACE = /\s*/y;
const NAME = /[^\s<>/="'[\]]+/y;
const ATTRIBUTE = /\s+([^\s<>/="']+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

/** Reads up to the root's start tag. Leaves out what is truncated or ill-formed. Runs in linear time. */
export function readXmlHead(text: string): XmlHead {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let doctype: string | undefined;
  const match = (pattern: RegExp, from: number): RegExpExecArray | null => {
    pattern.lastIndex = from;
    return pattern.exec(text);
  };
  const past = (end: string, from: number): number => {
    const found = text.indexOf(end, from);
    return found < 0 ? text.length : found + end.length;
  };
  for (;;) {
    at += match(SPACE, at)?.[0].length ?? 0;
    if (text.startsWith("<?", at)) at = past("?>", at);
    else if (text.startsWith("<!--", at)) at = past("-->", at + 4);
    else if (text.startsWith("<!DOCTYPE", at)) {
      const name = at + 9 + (match(SPACE, at + 9)?.[0].length ?? 0);
      doctype = match(NAME, name)?.[0];
      at = endOfDoctype(text, name, past);
    } else break;
  }
  const found = doctype === undefined ? {} : { doctype };
  const root = text[at] === "<" ? match(NAME, at + 1)?.[0] : undefined;
  if (root === undefined) return found;
  at += 1 + root.length;
  for (let attribute = match(ATTRIBUTE, at); attribute; attribute = match(ATTRIBUTE, at)) {
    const [whole, name, double, single] = attribute;
    if (name === "class") return { ...found, root, rootClass: double ?? single ?? "" };
    at += whole.length;
  }
  return { ...found, root };
}

/**
 * Returns the position after the `>` that ends a doctype; ignores those in literals, comments and the internal subset.
 */
function endOfDoctype(text: string, from: number, past: (end: string, from: number) => number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"' || character === "'") at = past(character, at + 1) - 1;
    else if (text.startsWith("<!--", at)) at = past("-->", at + 4) - 1;
    else if (text.startsWith("<?", at)) at = past("?>", at + 2) - 1;
    else if (character === "[") depth++;
    else if (character === "]") depth--;
    else if (character === ">" && depth <= 0) return at + 1;
  }
  return text.length;
}
