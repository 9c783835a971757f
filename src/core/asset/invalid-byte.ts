/** Sizes of the pieces that narrow the search down. */
const PIECES = [65_536, 256] as const;
/** More bytes than any encoding uses for one character. */
const LONGEST_CHARACTER = 16;

/**
 * Returns the offset of the first byte that begins no character of the encoding, in a text that a fatal TextDecoder refused.
 * A decoder does not tell the offset, so the text is decoded again in ever smaller pieces. `start` is the length of the byte
 * order mark.
 */
export function offsetOfInvalidByte(bytes: Uint8Array, encoding: string, start: number): number {
  let good = start;
  for (const size of PIECES) good = startOfBadPiece(bytes, encoding, good, size);
  let character = Math.max(start, good - LONGEST_CHARACTER);
  const decoder = decoderAt(bytes, encoding, character);
  for (let at = character; at < bytes.length; at++) {
    try {
      // A byte that yields text completes a character.
      if (decoder.decode(bytes.subarray(at, at + 1), STREAM) !== "") character = at + 1;
    } catch {
      return character;
    }
  }
  // The text ends within this character.
  return character;
}

const STREAM = { stream: true };

/** Returns where the first piece starts that cannot be decoded, or the last piece. All bytes before `from` can. */
function startOfBadPiece(bytes: Uint8Array, encoding: string, from: number, size: number): number {
  const decoder = decoderAt(bytes, encoding, from);
  for (let at = from; ; at += size) {
    try {
      decoder.decode(bytes.subarray(at, at + size), STREAM);
    } catch {
      return at;
    }
    if (at + size >= bytes.length) return at;
  }
}

/** Returns a decoder that has read all bytes before `offset`. */
function decoderAt(bytes: Uint8Array, encoding: string, offset: number): InstanceType<typeof TextDecoder> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  for (let at = 0; at < offset; at += PIECES[0]) {
    decoder.decode(bytes.subarray(at, Math.min(at + PIECES[0], offset)), STREAM);
  }
  return decoder;
}
