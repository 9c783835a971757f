import { deflateRawSync, inflateRawSync } from "node:zlib";

const PLAIN = 0;
const DEFLATED = 1;
const WORTH_IT = 256;

/** Text as bytes, deflated where that pays. The first byte says which. */
export function packText(text: string): Buffer {
  const plain = Buffer.from(text, "utf8");
  if (plain.length >= WORTH_IT) {
    const deflated = deflateRawSync(plain, { level: 1 });
    if (deflated.length < plain.length * 0.9) return Buffer.concat([Buffer.of(DEFLATED), deflated]);
  }
  return Buffer.concat([Buffer.of(PLAIN), plain]);
}

/** What `packText` packed. At most 256 MiB, whatever the bytes claim. */
export function unpackText(packed: Uint8Array): string {
  const body = packed.subarray(1);
  if (packed[0] === PLAIN) return Buffer.from(body).toString("utf8");
  if (packed[0] !== DEFLATED) throw new Error(`packed text of unknown kind ${packed[0]}`);
  return inflateRawSync(body, { maxOutputLength: 256 * 1024 * 1024 }).toString("utf8");
}

export const packJson = (value: unknown): Buffer => packText(JSON.stringify(value));

export const unpackJson = (packed: Uint8Array): unknown => JSON.parse(unpackText(packed));
