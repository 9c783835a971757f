import type { Lease } from "../../job/lease.js";
import type { ChunkClaim, ChunkPart } from "../../job/chunk.js";
import type { FileType } from "../../asset/file-type.js";
import type { LogEntry } from "../../job/log-entry.js";
import { info } from "../../job/log-entry.js";
import type { Outcome } from "../../asset/outcome.js";
import type { AssetWrite } from "../../asset/asset-result.js";
import type { Clock } from "../../ports/clock.js";
import { EndedOutcomes, type Outcomes } from "../../job/outcomes.js";
import { CostCounter } from "../../job/cost.js";
import { TallyCounter } from "../../job/tally.js";
import type { AssetEnd } from "../asset/run-asset.js";

/** Maximum number of handlers' log lines in one part. Further lines are only counted. */
const MAX_HANDLER_LINES = 1_000;

/** Results that together take this many bytes are committed at once. Each second of waiting would add as many again. */
const HEAVY_BYTES = 8 * 1024 * 1024;

/** An asset that ended and is about to be added to a part. */
export interface EndedAsset {
  readonly index: number;
  readonly path: string;
  readonly type: FileType;
  readonly sizeBytes: number;
  readonly end: AssetEnd;
  /** Start of its last try. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Succeeded assets whose results must be written before their outcomes are committed, with one write each. */
export interface UnwrittenAssets {
  readonly assets: readonly EndedAsset[];
  readonly writes: readonly AssetWrite[];
}

const NOTHING_UNWRITTEN: UnwrittenAssets = Object.freeze({ assets: [], writes: [] });

/**
 * Collects the assets of a chunk that have ended until they are committed. If results are not part of the commit, a
 * success is kept among the unwritten assets and joins a part only when its results are written and it is settled.
 *
 * Allocates nothing per asset: that cost dominates at a million assets.
 */
export class PartBuilder {
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #enlists: boolean;
  #unwritten: EndedAsset[] = [];
  /** Results of the current part if they are part of the commit, else of the unwritten assets. */
  #writes: AssetWrite[] = [];
  #part = 0;
  #left: number;
  /** Indices that were open when claimed, in order. Those before `#first` were taken with an outcome. */
  readonly #open: readonly number[];
  #first = 0;
  readonly #ended = new Set<number>();
  #sinceMs: number;
  readonly #outcomes = new EndedOutcomes();
  #tally = new TallyCounter();
  #lines: LogEntry[] = [];
  #handlerLines = 0;
  #warnings = 0;
  /** About how much memory the results take that were added since the last part was taken. */
  #bytes = 0;
  #costs = new CostCounter();
  /** When the last of its assets ended. */
  #lastMs = 0;

  constructor(claim: ChunkClaim, clock: Clock, enlists: boolean) {
    this.#lease = claim.lease;
    this.#enlists = enlists;
    this.#clock = clock;
    this.#left = claim.open.length;
    this.#open = claim.open;
    this.#sinceMs = clock.monotonicMs();
  }

  /** The first open index without an outcome in any part taken so far. */
  get firstOpen(): number | undefined {
    return this.#open[this.#first];
  }

  /** Whether so much has been added that it should be committed at once. */
  get isHeavy(): boolean {
    return this.#bytes > HEAVY_BYTES;
  }

  /** Sets when the worker's time on this chunk begins: it may have waited for a slot before. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  add(ended: EndedAsset): void {
    const { outcome, write, bytes = 0 } = ended.end;
    this.#bytes += bytes;
    if (write) this.#writes.push(write);
    if (write && !this.#enlists) this.#unwritten.push(ended);
    else this.settle(ended, outcome);
  }

  /** Takes the results to write now. Each asset must then be settled, or left open. */
  takeUnwritten(): UnwrittenAssets {
    const assets = this.#unwritten;
    if (assets.length === 0) return NOTHING_UNWRITTEN;
    const writes = this.#writes;
    this.#unwritten = [];
    this.#writes = [];
    return { assets, writes };
  }

  /** Adds an asset's outcome once its results are written or refused. */
  settle({ index, path, type, sizeBytes, startedMs, endedMs }: EndedAsset, outcome: Outcome): void {
    this.#left--;
    this.#outcomes.add(index, outcome, endedMs);
    this.#tally.ended(type, outcome, sizeBytes);
    this.#costs.add(type, sizeBytes, endedMs - startedMs);
    if (endedMs > this.#lastMs) this.#lastMs = endedMs;
    if (outcome.kind === "FAILED") {
      this.#lines.push({ level: "ERROR", message: `Failed ${path}: ${outcome.code} ${outcome.message}` });
    } else if (outcome.kind === "SUCCEEDED") {
      const { warnings, moreWarnings = 0 } = outcome;
      this.#warnings += warnings.length + moreWarnings;
      for (const warning of warnings) this.#lines.push({ level: "WARN", message: `${path}: ${warning}` });
      if (moreWarnings > 0) {
        const more = `${moreWarnings} more warning${moreWarnings === 1 ? "" : "s"}`;
        this.#lines.push({ level: "WARN", message: `${path}: … and ${more}` });
      }
    }
  }

  /** Adds a log line of a handler. */
  log(entry: LogEntry): void {
    if (++this.#handlerLines <= MAX_HANDLER_LINES) this.#lines.push(entry);
  }

  /** Takes the part to commit now; undefined if there is nothing to commit. */
  take(): ChunkPart | undefined {
    this.#bytes = 0;
    if (this.#outcomes.length === 0 && this.#lines.length === 0) return undefined;
    const nowMs = this.#clock.monotonicMs();
    const lastMs = Math.max(this.#sinceMs, this.#lastMs);
    const outcomes = this.#outcomes.take(nowMs);
    const tally = this.#tally.take();
    const part: ChunkPart = {
      lease: this.#lease,
      part: this.#part++,
      outcomes,
      closes: this.#left === 0,
      advances: this.#advance(outcomes),
      tally,
      writes: this.#enlists ? this.#writes : [],
      lines: [...this.#lines, ...this.#dropped(), ...skipLines(outcomes)],
      warnings: this.#warnings,
      pace: { types: this.#costs.take(), elapsedMs: lastMs - this.#sinceMs, idleMs: nowMs - lastMs },
    };
    if (this.#enlists) this.#writes = [];
    this.#tally = new TallyCounter();
    this.#lines = [];
    this.#handlerLines = 0;
    this.#warnings = 0;
    this.#costs = new CostCounter();
    this.#sinceMs = lastMs;
    return part;
  }

  /** Returns whether the first open index now has its outcome. */
  #advance({ indices }: Outcomes): boolean {
    const before = this.#first;
    // Assets end in about this order: few have to be remembered.
    for (const index of indices) {
      if (index === this.#open[this.#first]) this.#first++;
      else this.#ended.add(index);
    }
    for (let first = this.#open[this.#first]; first !== undefined && this.#ended.delete(first);) {
      first = this.#open[++this.#first];
    }
    return this.#first > before;
  }

  #dropped(): LogEntry[] {
    const dropped = this.#handlerLines - MAX_HANDLER_LINES;
    return dropped > 0 ? [{ level: "WARN", message: `Left out ${dropped} more log lines of handlers` }] : [];
  }
}

/** Makes one line per skip reason, so that a million unchanged assets do not make a million lines. */
function skipLines({ others }: Outcomes): LogEntry[] {
  if (others.size === 0) return [];
  const counts = new Map<string, number>();
  for (const outcome of others.values()) {
    if (outcome.kind === "SKIPPED") counts.set(outcome.code, (counts.get(outcome.code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => info(`Skipped ${count} ${code}`));
}
