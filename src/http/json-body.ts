import { AssetmillError } from "../core/errors.js";
import { jsonErrorOffset } from "./json-error-offset.js";

/**
 * A request's body as JSON, never more of it than `maxBytes` in memory.
 * (hono's body limit cannot be used: it rebuilds the request of a chunked body, which works only with the global
 * Request replaced, and a library does not do that to its host.)
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  refuseOtherMediaTypes(request.headers);
  return parse(decode(await readBytes(request, maxBytes)));
}

function refuseOtherMediaTypes(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  const [essence = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const seen = type === "" ? "none" : `"${type.slice(0, 100)}"`;
  if (essence !== "application/json" || (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset))) {
    throw unsupported(`Content-Type has to be application/json in UTF-8; got ${seen}`);
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") throw unsupported("the body must not be compressed");
}

const unsupported = (message: string): AssetmillError => new AssetmillError("UNSUPPORTED_MEDIA_TYPE", message);

/** Counts what really comes; a Content-Length is only a reason to refuse at once. */
async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  const tooLarge = new AssetmillError("TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooLarge) throw error;
    throw new AssetmillError("INVALID_JSON", "the body ended before it was complete", { cause: error });
  }
  return Buffer.concat(chunks, size);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AssetmillError("INVALID_JSON", "the body is not valid UTF-8", { cause: error });
  }
}

function parse(text: string): unknown {
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
