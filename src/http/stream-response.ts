import { notify } from "./problems.js";

const encoder = new TextEncoder();

/**
 * Streams `source` as the client reads it. Pulls nothing before the client has room for it, and ends the source when the
 * client disconnects. An error before the first piece is thrown, so that a problem can still be returned; a later error
 * aborts the transfer, so that the client does not mistake half a file for the whole one.
 */
export async function streamResponse(
  source: AsyncGenerator<string | Uint8Array, void>,
  headers: Readonly<Record<string, string>>,
  onError: (error: unknown) => void,
): Promise<Response> {
  const first = await source.next();
  return new Response(ReadableStream.from(pieces(first, source, onError)), { headers });
}

async function* pieces(
  first: IteratorResult<string | Uint8Array, void>,
  source: AsyncGenerator<string | Uint8Array, void>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let step = first; !step.done; step = await source.next()) {
      yield typeof step.value === "string" ? encoder.encode(step.value) : step.value;
    }
  } catch (error) {
    notify(onError, error);
    // Some hosts write the message into the rest of the response, so it must not reveal the cause.
    throw new Error("the response was aborted", { cause: error });
  } finally {
    await source.return();
  }
}
