import { AssetmillError } from "../core/errors.js";
import { readText, refuseOtherMediaTypes } from "./body-text.js";
import { jsonErrorOffset } from "./json-error-offset.js";

/** Reads a request's body as JSON. Throws UNSUPPORTED_MEDIA_TYPE, TOO_LARGE, or INVALID_JSON with the position. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  refuseOtherMediaTypes(request.headers, ["application/json"]);
  return parseJson(await readText(request, maxBytes));
}

/** Parses JSON. Throws INVALID_JSON with line and column. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AssetmillError("INVALID_JSON", describe(text, jsonErrorOffset(text) ?? text.length), { cause: error });
  }
}

/** Describes the error with line and column, both from 1; the column counts characters, not UTF-16 code units. */
function describe(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  const position = `at line ${before.length}, column ${[...(before.at(-1) ?? "")].length + 1}`;
  if (offset >= text.length) return text.trim() === "" ? "the body is empty" : `unexpected end ${position}`;
  return `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0))} ${position}`;
}
