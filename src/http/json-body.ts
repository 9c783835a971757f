import { AssetmillError } from "../core/errors.js";
import { readText, refuseOtherMediaTypes } from "./body-text.js";
import { jsonErrorOffset } from "./json-error-offset.js";

/** A request's body as JSON. Errors: UNSUPPORTED_MEDIA_TYPE, TOO_LARGE, INVALID_JSON with the position. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  refuseOtherMediaTypes(request.headers, ["application/json"]);
  return parseJson(await readText(request, maxBytes));
}

/** INVALID_JSON with line and column where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AssetmillError("INVALID_JSON", describe(text, jsonErrorOffset(text) ?? text.length), { cause: error });
  }
}

/** Line and column from 1; the column counts characters, not their halves. */
function describe(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  const position = `at line ${before.length}, column ${[...(before.at(-1) ?? "")].length + 1}`;
  if (offset >= text.length) return text.trim() === "" ? "the body is empty" : `unexpected end ${position}`;
  return `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0))} ${position}`;
}
