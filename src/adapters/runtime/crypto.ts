import { createHash, randomUUID } from "node:crypto";
import type { CreateDigest } from "../../core/ports/digest.js";
import type { IdGenerator } from "../../core/ports/id-generator.js";

export const randomIds: IdGenerator = { uuid: () => randomUUID() };

/** Computes content hashes by SHA-256, as `sha256:` and hexadecimal digits. */
export const sha256: CreateDigest = () => {
  const hash = createHash("sha256");
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    finish: () => `sha256:${hash.digest("hex")}`,
  };
};
