/** A parser's state when it reports an error. All positions are offsets into `source`. */
export interface ParserState {
  readonly source: string;
  /** Just after the last character read; past the end of the text if that was the end. */
  readonly position: number;
  /** The `<` of the last start tag. */
  readonly tagStart: number;
  /** Whether the parser is between a start tag's name and its `>`. */
  readonly inTag: boolean;
  /** The end of the last complete piece of markup. */
  readonly markupEnd: number;
  /** The `&` of the last entity reference. */
  readonly reference: number;
  /** The element that the last end tag was expected to close. */
  readonly lastClosed: string;
  /** The `<` of each open element, outermost first. */
  readonly starts: readonly number[];
}

/** Where an XML error begins, and what it is. */
export interface ParseError {
  readonly offset: number;
  readonly reason: string;
}

const BARE_AMPERSAND = /&(?!(?:[\p{L}_:][^\s;&<"']*|#[0-9]+|#x[0-9a-fA-F]+);)/gu;
const TAG_NAME = /<\/?([^\s/>]*)/y;
const ATTRIBUTE = /\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')/y;

/**
 * Explains an error of saxes to people. saxes reports its own position, which may be far behind the error; this returns where
 * the error begins.
 */
export function explainParseError(message: string, at: ParserState): ParseError {
  const offset = Math.min(at.position - 1, at.source.length);
  switch (message.split(/[.:]/, 1)[0]) {
    case "unexpected close tag": {
      const start = at.source.lastIndexOf("<", offset);
      return { offset: start, reason: `end tag </${tagName(at.source, start)}> where </${at.lastClosed}> is expected` };
    }
    case "unmatched closing tag": {
      const start = at.source.lastIndexOf("<", offset);
      return { offset: start, reason: `end tag </${tagName(at.source, start)}> without a start tag` };
    }
    case "text data outside of root node":
      return { offset: skipSpace(at.source, at.markupEnd), reason: "text outside the root element" };
    case "documents may contain only one root":
      return { offset: at.tagStart, reason: `a second root element <${tagName(at.source, at.tagStart)}>` };
    case "duplicate attribute": {
      const name = message.slice("duplicate attribute: ".length, -1);
      return { offset: secondOf(name, at), reason: `attribute ${name} is given twice` };
    }
    case "undefined entity":
      return { offset: at.reference, reason: `entity ${at.source.slice(at.reference, at.position)} is not declared` };
    case "disallowed character in entity name":
    case "empty entity name":
      return { offset: at.reference, reason: "& that does not begin a reference" };
    case "malformed character entity":
      return { offset: at.source.lastIndexOf("&#", offset), reason: "malformed character reference" };
    case 'the string "]]>" is disallowed in char data':
      return { offset: offset - 2, reason: "]]> in text" };
    case "unclosed tag":
    case "unexpected end":
    case "document must contain a root element":
      return endOfText(at);
    default:
      return { offset, reason: message.replace(/\.$/, "") + shown(at.source, offset) };
  }
}

/** Explains a text that ended too early: what swallowed its end, or else the element left open. */
function endOfText(at: ParserState): ParseError {
  const { source: text, markupEnd } = at;
  BARE_AMPERSAND.lastIndex = markupEnd;
  const ampersand = BARE_AMPERSAND.exec(text)?.index ?? -1;
  const opening = text.indexOf("<", markupEnd);
  if (ampersand >= 0 && (opening < 0 || ampersand < opening)) {
    return { offset: ampersand, reason: "& that does not begin a reference" };
  }
  if (at.inTag) return { offset: at.tagStart, reason: `start tag <${tagName(text, at.tagStart)}> is not closed` };
  if (opening >= 0) return { offset: opening, reason: `${markupName(text, opening)} is not closed` };
  const start = at.starts.at(-1);
  if (start === undefined) return { offset: text.length, reason: "no root element" };
  return { offset: text.length, reason: `the text ends within <${tagName(text, start)}>` };
}

function markupName(text: string, at: number): string {
  if (text.startsWith("<!--", at)) return "a comment";
  if (text.startsWith("<![CDATA[", at)) return "a CDATA section";
  if (text.startsWith("<!DOCTYPE", at)) return "the document type declaration";
  return text.startsWith("<?", at) ? "a processing instruction" : "a tag";
}

function tagName(text: string, at: number): string {
  TAG_NAME.lastIndex = Math.max(at, 0);
  return TAG_NAME.exec(text)?.[1] ?? "";
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\n\r\ufeff".includes(text[at] ?? "")) at++;
  return at;
}

/** Returns the offset of the second attribute of this name in the last start tag. */
function secondOf(name: string, at: ParserState): number {
  let seen = 0;
  ATTRIBUTE.lastIndex = at.tagStart + 1 + tagName(at.source, at.tagStart).length;
  for (let match = ATTRIBUTE.exec(at.source); match !== null; match = ATTRIBUTE.exec(at.source)) {
    if (match[1] === name && ++seen === 2) return match.index + match[0].search(/\S/);
  }
  return at.tagStart;
}

function shown(text: string, offset: number): string {
  const code = text.codePointAt(offset);
  if (code === undefined) return "";
  const printable = code > 0x20 && code < 0x7f;
  return printable ? `: ${text[offset]}` : `: U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
