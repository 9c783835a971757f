import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** What discovery knows, and what an earlier job left behind. Types are any names. */
export interface TraceHead {
  readonly total: number;
  readonly census: Readonly<Record<string, { readonly assets: number; readonly bytes: number }>>;
  /** Assets in flight at once. */
  readonly concurrency: number;
  readonly prior: Readonly<
    Record<string, { readonly assets: number; readonly bytes: number; readonly busyMs: number }>
  > | null;
}

/** A handled asset. */
export interface TraceLine {
  /** When it ended; milliseconds since the job's start. */
  readonly at: number;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** What its handlers took. */
  readonly durationMs: number;
}

export interface Trace {
  readonly head: TraceHead;
  /** In the order in which the assets ended. */
  readonly lines: readonly TraceLine[];
}

/** Returns the trace in a file of JSON lines: a TraceHead, then a TraceLine an asset. Throws if a line is missing or malformed. */
export async function readTrace(file: string): Promise<Trace> {
  let head: TraceHead | undefined;
  const lines: TraceLine[] = [];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === "") continue;
    if (head) lines.push(checkedLine(JSON.parse(text) as TraceLine, lines.length + 2));
    else head = JSON.parse(text) as TraceHead;
  }
  if (!head || !Number.isSafeInteger(head.total) || typeof head.census !== "object")
    throw new Error("line 1: total and census are missing");
  if (lines.length !== head.total) throw new Error(`the header says ${head.total} assets, but ${lines.length} follow`);
  return { head, lines: inOrderOfEnds(lines) };
}

function checkedLine(line: TraceLine, number: number): TraceLine {
  const sound = [line.at, line.size, line.durationMs].every((value) => Number.isFinite(value) && value >= 0);
  if (sound && typeof line.type === "string") return line;
  throw new Error(`line ${number}: at, size and durationMs must be numbers from 0, and type a text`);
}

/** An asset cannot have ended before it had lasted: where one has, `at` says when assets began. */
function inOrderOfEnds(lines: readonly TraceLine[]): readonly TraceLine[] {
  const begins = lines.some(({ at, durationMs }) => at + 1 < durationMs);
  const ended = begins ? lines.map((line) => ({ ...line, at: line.at + line.durationMs })) : [...lines];
  return ended.sort((a, b) => a.at - b.at);
}
