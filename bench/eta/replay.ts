import { type CostSums, CostCounter, type PerType } from "../../src/core/job/cost.js";
import { remainingMsOf, throughputOf } from "../../src/core/job/eta.js";
import { addPace, NO_PACE, type Pace, type PaceSample } from "../../src/core/job/pace.js";
import { addTallies, type Tally, TallyCounter } from "../../src/core/job/tally.js";
import type { FileType } from "../../src/core/asset/file-type.js";
import type { Outcome } from "../../src/core/asset/outcome.js";
import { Elapsed, Indicatif, type Peer, Tqdm } from "./peers.js";
import type { Trace, TraceHead, TraceLine } from "./trace.js";

/** Median absolute errors in percent of the true remaining time, over 10 to 90 % of the assets. */
export interface EtaErrors {
  readonly ours: number;
  readonly elapsed: number;
  readonly tqdm: number;
  readonly indicatif: number;
}

/** A worker looks this often whether there is something to commit. */
const PART_MS = 500;

/** At most about so many moments of a trace are compared. */
const MOMENTS = 5_000;

/** When the job began, by the store's clock. */
const BEGAN_MS = 1_000;

const SUCCESS: Outcome = { kind: "SUCCEEDED", attempts: 1, warnings: [] };

/** Tells all estimators what happened in a trace, and compares them with what came. */
export function replay({ head, lines }: Trace): EtaErrors {
  const wholeMs = lines.at(-1)?.at ?? 0;
  const job = new ReplayedJob(head, Math.min(PART_MS, wholeMs / 100));
  const peers: readonly Peer[] = [new Elapsed(), new Tqdm(), new Indicatif()];
  const errors: number[][] = [[], [], [], []];
  const every = Math.max(1, Math.floor(head.total / MOMENTS));
  for (const [i, line] of lines.entries()) {
    job.end(line);
    const done = i + 1;
    for (const peer of peers) peer.record(done, line.at);
    const trueMs = wholeMs - line.at;
    if (done < 0.1 * head.total || done > 0.9 * head.total || done % every !== 0 || trueMs <= 0) continue;
    const guesses = [job.remainingMs(line.at), ...peers.map((peer) => peer.remainingMs(done, head.total, line.at))];
    for (const [of, guess] of guesses.entries()) errors[of]?.push((100 * Math.abs(guess - trueMs)) / trueMs);
  }
  const [ours = 0, elapsed = 0, tqdm = 0, indicatif = 0] = errors.map(median);
  return { ours, elapsed, tqdm, indicatif };
}

/** What a job's row knows while a worker commits parts of it, stored and read again each time. */
class ReplayedJob {
  readonly #everyMs: number;
  #tally: Tally;
  #pace: Pace;
  #part: TraceLine[] = [];
  /** When the worker looks next. */
  #dueMs = 0;
  #countedMs = 0;

  constructor({ census, prior }: TraceHead, everyMs: number) {
    this.#everyMs = everyMs;
    this.#tally = {
      types: Object.fromEntries(Object.entries(census).map(([type, found]) => [type, open(found)])),
      skips: {},
    };
    this.#pace = prior ? { ...NO_PACE, earlier: prior } : NO_PACE;
  }

  end(line: TraceLine): void {
    if (this.#part.length > 0 && this.#dueMs <= line.at) this.#commit();
    if (this.#part.length === 0) this.#dueMs = (Math.floor(line.at / this.#everyMs) + 1) * this.#everyMs;
    this.#part.push(line);
  }

  /** What the status would say; nothing yet is 0. */
  remainingMs(atMs: number): number {
    const stored = { pace: this.#pace, tally: this.#tally };
    return throughputOf(stored) === null ? 0 : remainingMsOf(stored, BEGAN_MS + atMs);
  }

  #commit(): void {
    const costs = new CostCounter();
    const tally = new TallyCounter();
    for (const { type, size, durationMs } of this.#part) {
      costs.add(type as FileType, size, durationMs);
      tally.ended(type as FileType, SUCCESS, size);
    }
    const lastMs = this.#part.at(-1)?.at ?? 0;
    const types: PerType<CostSums> = costs.take();
    const sample: PaceSample = { types, elapsedMs: lastMs - this.#countedMs, idleMs: this.#dueMs - lastMs };
    this.#countedMs = lastMs;
    this.#pace = stored(addPace(this.#pace, [sample], BEGAN_MS + this.#dueMs));
    this.#tally = stored(addTallies(this.#tally, tally.take()));
    this.#part = [];
  }
}

const open = ({ assets, bytes }: { readonly assets: number; readonly bytes: number }) => ({
  total: assets,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  leftBytes: bytes,
});

/** Returns what a store gives back: it keeps pace and tally as JSON. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Returns the middle value. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
