import { nameOf } from "./asset.js";
import { fileTypeOfName } from "./file-type.js";

/** An encoding that a file names in its own text. */
export interface DeclaredEncoding {
  readonly where: "XML declaration" | "HTML meta element" | "@charset rule";
  /** As written. */
  readonly name: string;
}

/** The Unicode forms that the first bytes of a file show. "EBCDIC" and "UTF-32" are recognised only to be refused. */
export type Form = "UTF-8" | "UTF-16LE" | "UTF-16BE" | "UTF-32" | "EBCDIC";

/** What a file says about its encoding. */
export interface SaidEncoding {
  /** The byte order mark. */
  readonly mark?: Form;
  /** How the first bytes are written. "ASCII" covers every encoding in which ASCII characters are single bytes. */
  readonly form: Form | "ASCII";
  readonly declared?: DeclaredEncoding;
}

const ASCII: SaidEncoding = Object.freeze({ form: "ASCII" });

/** A declaration must lie within these bytes, as in the HTML standard. */
const HEAD_BYTES = 1_024;

/**
 * Returns what a file says about its encoding: its byte order mark; without one, the form of its first bytes (XML 1.0,
 * appendix F); and the first of XML declaration, HTML `meta` and CSS `@charset` that names an encoding. The name in `path` tells
 * whether the text may be HTML or CSS.
 */
export function encodingOf(bytes: Uint8Array, path: string): SaidEncoding {
  const mark = markOf(bytes);
  const form = mark ?? formOf(bytes);
  const declared = form === "UTF-32" || form === "EBCDIC" ? undefined : declaredIn(bytes, form, nameOf(path));
  if (form === "ASCII" && !declared) return ASCII;
  return { form, ...(mark ? { mark } : {}), ...(declared ? { declared } : {}) };
}

/** Returns the number of bytes of a byte order mark. */
export const markLength = (mark: Form | undefined): number => (mark === undefined ? 0 : mark === "UTF-8" ? 3 : 2);

function markOf([a, b, c, d]: Uint8Array): Form | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return "UTF-8";
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? "UTF-32" : "UTF-16LE";
  if (a === 0xfe && b === 0xff) return "UTF-16BE";
  return a === 0 && b === 0 && c === 0xfe && d === 0xff ? "UTF-32" : undefined;
}

/** Recognises the form of a text without a mark by its first character, a `<`. */
function formOf([a, b, c, d]: Uint8Array): Form | "ASCII" {
  if (a === 0x3c && b === 0) return c === 0 && d === 0 ? "UTF-32" : "UTF-16LE";
  if (a === 0 && b === 0x3c) return c === 0 && d === 0 ? "UTF-32" : "UTF-16BE";
  if (a === 0 && b === 0 && ((c === 0 && d === 0x3c) || (c === 0x3c && d === 0))) return "UTF-32";
  return a === 0x4c && b === 0x6f && c === 0xa7 && d === 0x94 ? "EBCDIC" : "ASCII";
}

function declaredIn(bytes: Uint8Array, form: Form | "ASCII", name: string): DeclaredEncoding | undefined {
  const start = form === "UTF-8" ? markLength(form) : 0;
  if (form === "ASCII" || form === "UTF-8") {
    // Most files: their first bytes, and an XML declaration, tell all.
    const isXml = bytes[start] === 0x3c && bytes[start + 1] === 0x3f;
    if (!isXml && !mayBeHtml(name) && !CSS_NAME.test(name)) return undefined;
    const head = bytes.subarray(start, start + HEAD_BYTES);
    const end = isXml ? head.indexOf(0x3e) + 1 : 0;
    const xml = end > 0 ? inXml(ASCII_PART.decode(head.subarray(0, end))) : undefined;
    return xml ?? inHtmlOrCss(ASCII_PART.decode(head), name);
  }
  const head = new TextDecoder(form).decode(bytes.subarray(0, 2 * HEAD_BYTES));
  return inXml(head) ?? inHtmlOrCss(head, name);
}

/** Right as far as a text is ASCII. */
const ASCII_PART = new TextDecoder();
const XML_ENCODING = /^<\?xml(?:\s+[\w.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*?\s+encoding\s*=\s*(?:"([^"]*)"|'([^']*)')/;

function inXml(head: string): DeclaredEncoding | undefined {
  const found = XML_ENCODING.exec(head);
  return found ? { where: "XML declaration", name: found[1] ?? found[2] ?? "" } : undefined;
}

const CSS_NAME = /\.css$/i;
const CSS_CHARSET = /^@charset "([^"]*)";/;
const HTML_NAME = /\.html?$/i;
const HTML_START = /^(?:\s|<\?[^>]*>)*<(?:!doctype\s+html|html)(?![\w:.-])/i;

/** Whether a file may be HTML by its name. The name of a topic or a Markdown file says that it is not. */
const mayBeHtml = (name: string): boolean => HTML_NAME.test(name) || fileTypeOfName(name) === "OTHERS";

function inHtmlOrCss(head: string, name: string): DeclaredEncoding | undefined {
  if (CSS_NAME.test(name)) {
    const charset = CSS_CHARSET.exec(head)?.[1];
    return charset === undefined ? undefined : { where: "@charset rule", name: charset };
  }
  if (!mayBeHtml(name)) return undefined;
  const markup = head.replace(COMMENT, "");
  const charset = HTML_NAME.test(name) || HTML_START.test(markup) ? charsetOfMeta(markup) : undefined;
  return charset === undefined ? undefined : { where: "HTML meta element", name: charset };
}

const COMMENT = /<!--[^]*?(?:-->|$)/g;
const META = /<meta[\s/]((?:"[^"]*"|'[^']*'|[^"'>])*)>/gi;
const ATTRIBUTE = /([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;

/** Returns the encoding of the first `meta` element that names one. Expects no comments. */
function charsetOfMeta(markup: string): string | undefined {
  for (const [, inside = ""] of markup.matchAll(META)) {
    const attributes = new Map(
      [...inside.matchAll(ATTRIBUTE)].map(([, name = "", double, single, bare]) => [
        name.toLowerCase(),
        double ?? single ?? bare ?? "",
      ]),
    );
    const charset = attributes.get("charset");
    if (charset !== undefined) return charset;
    if (attributes.get("http-equiv")?.toLowerCase() !== "content-type") continue;
    const inContent = /charset\s*=\s*["']?\s*([^\s"';]+)/i.exec(attributes.get("content") ?? "")?.[1];
    if (inContent !== undefined) return inContent;
  }
  return undefined;
}
