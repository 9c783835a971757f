/** Hashes content; a port, so that core needs no crypto library. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Returns `sha256:<hex>`. Must be called only once. */
  finish(): string;
}

export type CreateDigest = () => Digest;
