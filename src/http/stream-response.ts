import { notify } from "./problems.js";

const encoder = new TextEncoder();

/**
 * An answer that is made while it is read: nothing is asked of `source` before the client has room for it, and it is
 * ended once the client goes away. What fails before the first piece is thrown, so that a problem can still be answered;
 * what fails later breaks the transfer off, so that nobody takes half a file for a whole one.
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
    // Some hosts write the message into what is left of the answer, so it says nothing of the cause.
    throw new Error("the answer was broken off", { cause: error });
  } finally {
    await source.return();
  }
}
