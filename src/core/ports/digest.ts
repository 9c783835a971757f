/** Content hashes, so that core needs no crypto library. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** `sha256:<hex>`; call once. */
  finish(): string;
}

export type CreateDigest = () => Digest;
