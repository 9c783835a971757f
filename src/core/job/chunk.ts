import type { Lease } from "./lease.js";
import type { Asset } from "../asset/asset.js";
import type { LogEntry } from "./log-entry.js";
import type { SkipCode } from "../asset/outcome.js";
import type { AssetWrite } from "../asset/asset-result.js";
import type { Outcomes } from "./outcomes.js";
import type { PaceSample } from "./pace.js";
import type { Tally } from "./tally.js";

/** An asset as discovery saw it, with the skip code that a rule gave it, if any. */
export interface ManifestEntry {
  readonly asset: Asset;
  readonly skip?: SkipCode;
}

/** Entries in path order. An array of them is one; so is a Manifest. */
export interface ManifestEntries {
  readonly length: number;
  /** Returns the entry at an index; undefined beyond the last. May make it anew for each call. */
  at(index: number): ManifestEntry | undefined;
}

/** A chunk to create: consecutive assets in path order. */
export interface NewChunk {
  readonly number: number;
  readonly entries: ManifestEntries;
  /** Number of entries to process: those that no skip rule decided. If 0, the chunk is DONE from the start. */
  readonly open: number;
}

/** One page of discovery. Stored completely or not at all. */
export interface DiscoveryPage {
  /** Number of pages that this discovery stored before. Fences the page, together with the epoch. */
  readonly part: number;
  readonly chunks: readonly NewChunk[];
  /** The first and the last path of this page; undefined if it is empty. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Everything in scope up to this path was seen; undefined if nothing was seen yet. */
  readonly cursor: string | undefined;
  readonly tally: Tally;
  /** Lines for the job's log. @defaultValue none */
  readonly lines?: readonly LogEntry[];
  /** Whether this page completes discovery. */
  readonly complete: boolean;
}

/** A claimed discovery. */
export interface DiscoveryClaim {
  readonly lease: Lease;
  readonly part: number;
  readonly cursor: string | undefined;
  readonly nextChunk: number;
  /** Whether it was taken over from an owner that died or missed its renewal. */
  readonly takenOver: boolean;
}

/** A claimed chunk: its manifest, and the indices without an outcome, in order. */
export interface ChunkClaim {
  readonly lease: Lease;
  readonly entries: ManifestEntries;
  readonly open: readonly number[];
  /** Whether it was taken over from an owner that died or missed its renewal. */
  readonly takenOver: boolean;
  /** Present if the chunk must run in careful mode: alone in its process, one announced asset at a time. */
  readonly careful?: {
    /** Index of an asset on which three processes in a row died. It must fail as POISON without being started. */
    readonly poisoned?: number;
  };
}

/** What one commit stores of a chunk. */
export interface ChunkPart {
  readonly lease: Lease;
  /** Counts from 0 within a lease. */
  readonly part: number;
  readonly outcomes: Outcomes;
  /** Whether every index of the chunk has an outcome once this part is stored. */
  readonly closes: boolean;
  /** Whether it has the outcome of the first open index. Such a part resets the count of deaths. */
  readonly advances: boolean;
  readonly tally: Tally;
  readonly writes: readonly AssetWrite[];
  readonly lines: readonly LogEntry[];
  /** Number of warnings that handlers returned with these outcomes. */
  readonly warnings: number;
  readonly pace: PaceSample;
}
