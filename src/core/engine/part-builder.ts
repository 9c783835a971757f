import type { ChunkClaim, ChunkPart, IndexedOutcome, Lease } from "../chunk.js";
import type { FileType } from "../file-type.js";
import type { LogEntry } from "../log-entry.js";
import { info } from "../log-entry.js";
import type { Outcome } from "../outcome.js";
import type { AssetWrite } from "../ports/asset-repository.js";
import type { Clock } from "../ports/clock.js";
import { TallyCounter } from "../tally.js";
import type { AssetEnd } from "./run-asset.js";

/** Handlers' own lines beyond this, in one part, are counted instead of kept. */
const MAX_HANDLER_LINES = 1_000;

/** Gathers what has ended in a chunk until it is committed. */
export class PartBuilder {
  readonly #lease: Lease;
  readonly #clock: Clock;
  #part = 0;
  #left: number;
  #sinceMs: number;
  #outcomes: { index: number; outcome: Outcome; ageMs: number }[] = [];
  #writes: AssetWrite[] = [];
  #tally = new TallyCounter();
  #lines: LogEntry[] = [];
  #handlerLines = 0;
  #types: Partial<Record<FileType, { assets: number; busyMs: number }>> = {};

  constructor(claim: ChunkClaim, clock: Clock) {
    this.#lease = claim.lease;
    this.#clock = clock;
    this.#left = claim.open.length;
    this.#sinceMs = clock.monotonicMs();
  }

  /** From when on the worker's time counts for this chunk: it may have waited for a slot. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  add(index: number, path: string, type: FileType, end: AssetEnd, startedMs: number, nowMs: number): void {
    const { outcome } = end;
    this.#left--;
    // Its age is known once the part is taken: until then the field holds the moment.
    this.#outcomes.push({ index, outcome, ageMs: nowMs });
    if (end.write) this.#writes.push(end.write);
    this.#tally.ended(type, outcome);
    const pace = this.#types[type];
    if (pace) {
      pace.assets++;
      pace.busyMs += nowMs - startedMs;
    } else this.#types[type] = { assets: 1, busyMs: nowMs - startedMs };
    if (outcome.kind === "FAILED") {
      this.#lines.push({ level: "ERROR", message: `Failed ${path}: ${outcome.code} ${outcome.message}` });
    } else if (outcome.kind === "SUCCEEDED") {
      for (const warning of outcome.warnings) this.#lines.push({ level: "WARN", message: `${path}: ${warning}` });
    }
  }

  /** A line of a handler's own. */
  log(entry: LogEntry): void {
    if (++this.#handlerLines <= MAX_HANDLER_LINES) this.#lines.push(entry);
  }

  /** What is to be committed now; undefined where nothing is. */
  take(): ChunkPart | undefined {
    if (this.#outcomes.length === 0 && this.#lines.length === 0) return undefined;
    const nowMs = this.#clock.monotonicMs();
    const outcomes = this.#outcomes;
    for (const ended of outcomes) ended.ageMs = Math.round(nowMs - ended.ageMs);
    const tally = this.#tally.take();
    const part: ChunkPart = {
      lease: this.#lease,
      part: this.#part++,
      outcomes,
      closes: this.#left === 0,
      tally,
      writes: this.#writes,
      lines: [...this.#lines, ...this.#dropped(), ...skipLines(outcomes)],
      pace: { types: this.#types, elapsedMs: nowMs - this.#sinceMs },
    };
    this.#outcomes = [];
    this.#writes = [];
    this.#tally = new TallyCounter();
    this.#lines = [];
    this.#handlerLines = 0;
    this.#types = {};
    this.#sinceMs = nowMs;
    return part;
  }

  #dropped(): LogEntry[] {
    const dropped = this.#handlerLines - MAX_HANDLER_LINES;
    return dropped > 0 ? [{ level: "WARN", message: `${dropped} more lines of handlers were left out here` }] : [];
  }
}

/** One line per reason and part: a million unchanged assets are not a million lines. */
function skipLines(outcomes: readonly IndexedOutcome[]): LogEntry[] {
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) {
    if (outcome.kind === "SKIPPED") counts.set(outcome.code, (counts.get(outcome.code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => info(`Skipped ${count} ${code}`));
}
