import type { Lease } from "./lease.js";
import type { Asset } from "../asset/asset.js";
import type { LogEntry } from "./log-entry.js";
import type { Outcome, SkipCode } from "../asset/outcome.js";
import type { AssetWrite } from "../asset/asset-result.js";
import type { PaceSample } from "./pace.js";
import type { Tally } from "./tally.js";

/** An asset as discovery saw it, with the outcome that a skip rule gave it. */
export interface ManifestEntry {
  readonly asset: Asset;
  readonly skip?: SkipCode;
}

/** A chunk to be made: consecutive assets in path order. */
export interface NewChunk {
  readonly number: number;
  readonly entries: readonly ManifestEntry[];
  /** Entries that are to be worked on: no skip rule decided them. 0: the chunk is born DONE. */
  readonly open: number;
}

/** One page of discovery: stored as a whole or not at all. */
export interface DiscoveryPage {
  /** How many pages this discovery has stored before: the fence beside the epoch. */
  readonly part: number;
  readonly chunks: readonly NewChunk[];
  /** The first and the last path of this page; undefined where it is empty. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** All of the scope up to here was seen; undefined where nothing was. */
  readonly cursor: string | undefined;
  readonly tally: Tally;
  /** True for the page that completes discovery. */
  readonly complete: boolean;
}

/** A claimed discovery. */
export interface DiscoveryClaim {
  readonly lease: Lease;
  readonly part: number;
  readonly cursor: string | undefined;
  readonly nextChunk: number;
  /** Its earlier owner died or lost it. */
  readonly takenOver: boolean;
}

/** A claimed chunk: its manifest, and the indices that have no outcome yet, in order. */
export interface ChunkClaim {
  readonly lease: Lease;
  readonly entries: readonly ManifestEntry[];
  readonly open: readonly number[];
  /** Its earlier owner died or lost it. */
  readonly takenOver: boolean;
  /** Given where its owners died twice in a row: it is alone in its process, and to be run one announced asset at a time. */
  readonly careful?: {
    /** Its process died three times in a row while this one was handled. */
    readonly poisoned?: number;
  };
}

/** An asset's outcome, by its index in the manifest. */
export interface IndexedOutcome {
  readonly index: number;
  readonly outcome: Outcome;
  /** Age at the commit, in milliseconds, by the worker's monotonic clock. */
  readonly ageMs: number;
}

/** What one commit of a chunk stores. */
export interface ChunkPart {
  readonly lease: Lease;
  /** From 0 within a lease. */
  readonly part: number;
  readonly outcomes: readonly IndexedOutcome[];
  /** True where every index of the chunk has an outcome with this part. */
  readonly closes: boolean;
  /** True where it holds the outcome of the first index that was open: the owners before it died for nothing then. */
  readonly advances: boolean;
  readonly tally: Tally;
  readonly writes: readonly AssetWrite[];
  readonly lines: readonly LogEntry[];
  readonly pace: PaceSample;
}
