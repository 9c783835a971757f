import { AssetmillError } from "../core/errors.js";

/** Returns a body's media type in lower case, without parameters; empty if none is given. */
export const mediaTypeOf = (headers: Headers): string =>
  (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/** Throws UNSUPPORTED_MEDIA_TYPE unless the body has one of these media types, in UTF-8 and uncompressed. */
export function refuseOtherMediaTypes(headers: Headers, wanted: readonly string[]): void {
  const type = headers.get("content-type") ?? "";
  const parameters = type.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const seen = type === "" ? "none" : `"${type.slice(0, 100)}"`;
  if (!wanted.includes(mediaTypeOf(headers)) || (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset))) {
    throw unsupported(`Content-Type must be ${wanted.join(" or ")} in UTF-8; got ${seen}`);
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity")
    throw unsupported(`the body must not be compressed; got Content-Encoding "${encoding.slice(0, 100)}"`);
}

const unsupported = (message: string): AssetmillError => new AssetmillError("UNSUPPORTED_MEDIA_TYPE", message);

/**
 * Reads a request's body as text. Never holds more than `maxBytes` of it in memory.
 * (hono's body limit cannot be used: it rebuilds the request of a chunked body, which works only with the global
 * Request replaced, and a library must not do that to its host.)
 */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AssetmillError("INVALID_JSON", "the body is not valid UTF-8", { cause: error });
  }
}

/** Counts the bytes received. Content-Length is not trusted, except to refuse early. */
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
