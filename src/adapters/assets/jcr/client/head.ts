/** Bytes that are read and thrown away to keep a connection: opening the next one costs more. */
const MAX_DISCARDED_BYTES = 256 * 1024;

/**
 * Returns the first `maxBytes` of a body, or all of a smaller one, whatever the size of the pieces it comes in. Reads a
 * small rest to its end, so that the connection can be used again, and leaves a large one.
 */
export async function headOf(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const head = Buffer.alloc(maxBytes);
  let length = 0;
  let received = 0;
  for await (const piece of body) {
    const part = piece.subarray(0, maxBytes - length);
    head.set(part, length);
    length += part.length;
    received += piece.length;
    if (received > maxBytes + MAX_DISCARDED_BYTES) break;
  }
  return head.subarray(0, length);
}
