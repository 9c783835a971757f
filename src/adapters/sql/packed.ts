import { deflateRawSync, inflateRawSync } from "node:zlib";

const PLAIN = 0;
const DEFLATED = 1;
const WORTH_IT = 256;

/** Packs text into bytes, deflated if that saves space. The first byte says which. */
export function packText(text: string): Buffer {
  const plain = Buffer.from(text, "utf8");
  if (plain.length >= WORTH_IT) {
    const deflated = deflateRawSync(plain, { level: 1 });
    if (deflated.length < plain.length * 0.9) return Buffer.concat([Buffer.of(DEFLATED), deflated]);
  }
  return Buffer.concat([Buffer.of(PLAIN), plain]);
}

/** Reverses `packText`. Throws beyond 256 MiB, so that damaged bytes cannot exhaust memory. */
export function unpackText(packed: Uint8Array): string {
  const body = packed.subarray(1);
  if (packed[0] === PLAIN) return Buffer.from(body).toString("utf8");
  if (packed[0] !== DEFLATED) throw new Error(`unknown format ${packed[0]} of packed text`);
  return inflateRawSync(body, { maxOutputLength: 256 * 1024 * 1024 }).toString("utf8");
}

export const packJson = (value: unknown): Buffer => packText(JSON.stringify(value));

export const unpackJson = (packed: Uint8Array): unknown => JSON.parse(unpackText(packed));
