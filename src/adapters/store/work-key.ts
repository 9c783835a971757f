import { createHash } from "node:crypto";

/**
 * Returns what jobs have in common that the same nodes can work on: a hash of repository and handlers, as they are stored.
 * Their text may be longer than what an index takes.
 */
export const workKey = (repository: string, handlers: string): string =>
  createHash("sha256")
    .update(JSON.stringify([repository, handlers]))
    .digest("hex")
    .slice(0, 32);
