import { Worker } from "node:worker_threads";
import { ThreadGate } from "./thread-gate.js";
import type { SqliteAnswer, SqliteRequest, SqliteThreadData } from "./sqlite-thread-messages.js";

/** Called with the connection's state as `this`, as node-sqlite3 does. */
export type SqliteCallback = (
  this: { readonly lastID: number | undefined; readonly changes: number | undefined },
  error: Error | null,
  rows?: readonly Readonly<Record<string, unknown>>[],
) => void;

type StatementCall =
  readonly [done: SqliteCallback] | readonly [parameters: readonly unknown[] | undefined, done: SqliteCallback];

/**
 * A connection of better-sqlite3 in a thread of its own, with as much of node-sqlite3's Database as TypeORM calls:
 * better-sqlite3 works in the thread that calls it, and would hold up the host's event loop for every commit's sync.
 * Statements run in call order. It keeps the process alive only while one is under way.
 */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting: SqliteCallback[] = [];
  #ended: Error | undefined;

  constructor(data: Omit<SqliteThreadData, "gate">, opened: SqliteCallback) {
    const gate = new ThreadGate();
    const workerData: SqliteThreadData = { ...data, gate: gate.memory };
    this.#worker = new Worker(new URL("sqlite-thread-entry.js", import.meta.url), { workerData, execArgv: [] });
    closeAtExit(gate);
    this.#worker.once("exit", () => {
      gates.delete(gate);
      if (gates.size === 0) process.off("exit", closeGates);
    });
    this.#worker.on("message", (answer: SqliteAnswer) => this.#answered(answer));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("the thread of the database has ended")));
    this.#waiting.push(opened);
  }

  all(sql: string, ...call: StatementCall): void {
    const [parameters = [], done] = call.length === 1 ? [[], call[0]] : call;
    this.#send({ sql, parameters: parameters.map(compact) }, done);
  }

  /** Like `all`: what a statement returns depends on the statement. */
  run(sql: string, ...call: StatementCall): void {
    this.all(sql, ...call);
  }

  close(done: SqliteCallback): void {
    this.#send(null, done);
  }

  #send(request: SqliteRequest, done: SqliteCallback): void {
    if (this.#ended) return done.call(NO_STATE, this.#ended);
    this.#waiting.push(done);
    this.#worker.ref();
    this.#worker.postMessage(request);
  }

  #answered({ error, columns = [], rows, lastID, changes }: SqliteAnswer): void {
    const done = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    if (error) done?.call(NO_STATE, errorOf(error));
    else
      done?.call(
        { lastID, changes },
        null,
        rows?.map((values) => rowOf(columns, values)),
      );
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const done of this.#waiting.splice(0)) done.call(NO_STATE, this.#ended);
  }
}

/** A call into SQLite is short, but for the sync of a slow disk. */
const LONGEST_CALL_MS = 2_000;
const gates = new Set<ThreadGate>();

function closeAtExit(gate: ThreadGate): void {
  if (gates.size === 0) process.on("exit", closeGates);
  gates.add(gate);
}

function closeGates(): void {
  for (const gate of gates) gate.close(LONGEST_CALL_MS);
}

/** With its code in the message, as node-sqlite3 writes it: an error that wraps this one may show no more of it. */
const errorOf = ({ code, message }: NonNullable<SqliteAnswer["error"]>): Error =>
  Object.assign(new Error(code === "" ? message : `${code}: ${message}`), { code });

const NO_STATE = { lastID: undefined, changes: undefined };

/** Bytes are copied to the thread with all the memory that they are a view of. */
const compact = (value: unknown): unknown =>
  value instanceof Uint8Array && value.byteLength < value.buffer.byteLength ? new Uint8Array(value) : value;

function rowOf(columns: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < columns.length; i++) {
    const value = values[i];
    // Buffers arrive as plain arrays of bytes.
    row[columns[i] ?? ""] =
      value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
  }
  return row;
}
