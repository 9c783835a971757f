import type { Manifest } from "../../core/job/manifest.js";
import type { PackedManifest } from "./manifest-codec.js";

/** Characters of the manifests that are kept: those of some tens of thousands of assets. */
const MAX_CHARS = 4 * 1024 * 1024;

/**
 * Manifests that this process has stored, until it claims them: it need not read and unpack these. Of a job, it keeps the
 * first ones rather than the latest if there are too many, since chunks are claimed in their order; of jobs, the latest.
 */
export class ManifestCache {
  readonly #byJob = new Map<string, Map<number, Kept>>();
  #chars = 0;

  /** Must be called only once the chunk is known to be committed like this. */
  add(jobId: string, chunk: number, { manifest, chars }: PackedManifest): void {
    for (const other of this.#byJob.keys()) {
      if (other !== jobId && this.#chars + chars > MAX_CHARS) this.forget(other);
    }
    if (this.#chars + chars > MAX_CHARS) return;
    manifest.assets.release();
    const kept = this.#byJob.get(jobId) ?? new Map<number, Kept>();
    this.#byJob.set(jobId, kept.set(chunk, { manifest, chars }));
    this.#chars += chars;
  }

  /** Returns a chunk's manifest, if it is here, and forgets it. */
  take(jobId: string, chunk: number): Manifest | undefined {
    const kept = this.#byJob.get(jobId);
    const found = kept?.get(chunk);
    if (!kept || !found) return undefined;
    kept.delete(chunk);
    if (kept.size === 0) this.#byJob.delete(jobId);
    this.#chars -= found.chars;
    return found.manifest;
  }

  /** Forgets all of a job. */
  forget(jobId: string): void {
    for (const { chars } of this.#byJob.get(jobId)?.values() ?? []) this.#chars -= chars;
    this.#byJob.delete(jobId);
  }
}

type Kept = Pick<PackedManifest, "manifest" | "chars">;
