import { AssetmillError } from "../errors.js";
import { offsetOfInvalidByte } from "./invalid-byte.js";
import { type DeclaredEncoding, encodingOf, markLength, type SaidEncoding } from "./text-encoding.js";

export interface DecodedText {
  /** Without its byte order mark. */
  readonly text: string;
  /** Says that the byte order mark contradicts the declaration. */
  readonly warning?: string;
}

/**
 * Decodes a file as it says: by its byte order mark, XML declaration, HTML `meta` or CSS `@charset`, else as UTF-8. Never
 * replaces a byte: throws ENCODING_INVALID with the offset of the first byte that is invalid, or ENCODING_UNKNOWN. If a mark
 * contradicts a declaration, the mark wins, with a warning.
 */
export function decodeText(bytes: Uint8Array, path: string): DecodedText {
  const said = encodingOf(bytes, path);
  const { mark, declared } = said;
  const encoding = encodingToUse(said, path);
  const warning =
    mark && declared && !agree(mark, declared)
      ? { warning: `the ${declared.where} says ${declared.name}, the byte order mark ${mark}; decoded as ${mark}` }
      : {};
  if (!mark && isAscii(declared)) {
    const offset = bytes.findIndex((byte) => byte > 0x7f);
    if (offset >= 0) throw invalid(path, offset, `byte ${hex(bytes[offset])} is not ASCII, ${reasonFor(said)}`);
  }
  try {
    return { text: decode(bytes, encoding), ...warning };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const offset = offsetOfInvalidByte(bytes, encoding, markLength(mark));
    throw invalid(path, offset, `byte ${hex(bytes[offset])} is not ${named(encoding)}, ${reasonFor(said)}`);
  }
}

/**
 * Decodes the first bytes of a file well enough to recognise its kind. Never throws: whatever is wrong with the encoding, the
 * handler that reads the file reports it.
 */
export function decodeHead(bytes: Uint8Array, path: string): string {
  const said = encodingOf(bytes, path);
  // Enough to read ASCII names in UTF-32.
  if (said.form === "UTF-32") return new TextDecoder().decode(bytes).replace(/[\0\ufffd]/g, "");
  try {
    return new TextDecoder(encodingToUse(said, path)).decode(bytes);
  } catch {
    return new TextDecoder(said.form === "ASCII" || said.form === "EBCDIC" ? "utf-8" : said.form).decode(bytes);
  }
}

/** Whether an XML declaration names ASCII. TextDecoder takes that for windows-1252, as HTML does. */
const isAscii = (declared: DeclaredEncoding | undefined): boolean =>
  declared?.where === "XML declaration" && /^(?:us-ascii|ascii|ansi_x3\.4-1968)$/i.test(declared.name);

/** Most texts are UTF-8. Whole texts leave no state behind, so one decoder serves all of them. */
const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array, encoding: string): string {
  if (encoding === "utf-8") return UTF8.decode(bytes);
  // Piece by piece: these decoders hold a whole text in two bytes for each character before it becomes a string.
  const decoder = new TextDecoder(encoding, { fatal: true });
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const end = Math.min(at + PIECE_BYTES, bytes.length);
    pieces.push(asSaid(decoder.decode(bytes.subarray(at, end), { stream: end < bytes.length }), encoding));
  }
  return pieces.join("");
}

const PIECE_BYTES = 1024 * 1024;

/** Some releases of Node.js decode windows-1252 as if it were ISO-8859-1 proper. */
const asSaid = (text: string, encoding: string): string =>
  encoding === "windows-1252" ? text.replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80] ?? c) : text;

/** The characters of bytes 0x80 to 0x9F in windows-1252; the five unused ones stay control characters. */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** Returns the name of the encoding in lower case, as TextDecoder has it. */
function encodingToUse({ mark, form, declared }: SaidEncoding, path: string): string {
  if (form === "UTF-32" || form === "EBCDIC") throw unknown(path, `the file is in ${form}; save it as UTF-8`);
  if (mark) return mark.toLowerCase();
  if (!declared) return form === "ASCII" ? "utf-8" : form.toLowerCase();
  const encoding = encodingNamed(declared);
  if (encoding === undefined) {
    throw unknown(
      path,
      `the ${declared.where} names the encoding "${declared.name}", which this Node.js does not know`,
    );
  }
  if (form === "ASCII" ? encoding.startsWith("utf-16") : !agree(form, declared)) {
    const seen = form === "ASCII" ? "with one byte for each ASCII character" : `in ${form}`;
    throw invalid(path, 0, `the ${declared.where} says ${declared.name}, but the text is written ${seen}`);
  }
  return form === "ASCII" ? encoding : form.toLowerCase();
}

/** Returns the name that TextDecoder has for a declared encoding; undefined if it does not know it. */
function encodingNamed({ where, name }: DeclaredEncoding): string | undefined {
  if (/^utf-?8$/i.test(name)) return "utf-8";
  let encoding: string;
  try {
    ({ encoding } = new TextDecoder(name, { fatal: true }));
  } catch {
    return where !== "XML declaration" && /^\s*x-user-defined\s*$/i.test(name) ? "windows-1252" : undefined;
  }
  // A declaration that can be read byte by byte is in no UTF-16: HTML and CSS take it for UTF-8.
  return where !== "XML declaration" && encoding.startsWith("utf-16") ? "utf-8" : encoding;
}

/**
 * Whether a mark, or the form of the first bytes, is what the declaration names. Most names of UTF-16 leave the byte order
 * open.
 */
function agree(form: string, declared: DeclaredEncoding): boolean {
  const encoding = encodingNamed({ where: "XML declaration", name: declared.name });
  if (encoding === undefined) return false;
  if (encoding === form.toLowerCase()) return true;
  const orderIsOpen = encoding === "utf-16le" && !/^\s*utf-16le\s*$/i.test(declared.name);
  return (orderIsOpen && form.startsWith("UTF-16")) || encodingNamed(declared) === form.toLowerCase();
}

const invalid = (path: string, offset: number, message: string): AssetmillError =>
  new AssetmillError("ENCODING_INVALID", `offset ${offset}: ${message}`, { ids: { path } });

const unknown = (path: string, message: string): AssetmillError =>
  new AssetmillError("ENCODING_UNKNOWN", message, { ids: { path } });

function reasonFor({ mark, form, declared }: SaidEncoding): string {
  if (mark) return "which the byte order mark names";
  if (declared) return `which the ${declared.where} names`;
  return form === "ASCII" ? "the default of a file that names no encoding" : "which its first bytes show";
}

const named = (encoding: string): string => (encoding.startsWith("utf-") ? encoding.toUpperCase() : encoding);

const hex = (byte: number | undefined): string => `0x${(byte ?? 0).toString(16).toUpperCase().padStart(2, "0")}`;
