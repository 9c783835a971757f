import { parentPort, workerData } from "node:worker_threads";
import { ThreadGate } from "./thread-gate.js";
import type { SqliteAnswer, SqliteRequest, SqliteThreadData } from "./sqlite-thread-messages.js";

/** The part of better-sqlite3, which brings no types, that is used here. */
interface Statement {
  readonly reader: boolean;
  raw(): Statement;
  all(parameters: readonly unknown[]): readonly (readonly unknown[])[];
  run(parameters: readonly unknown[]): { readonly changes: number; readonly lastInsertRowid: number };
  columns(): readonly { readonly name: string }[];
}
interface Database {
  prepare(sql: string): Statement;
  close(): void;
}
type Driver = new (file: string, options: { readonly: boolean; timeout: number }) => Database;

/** SQLite waits for a lock in steps of at most this: between them the process can exit, in them it cannot. */
const BUSY_STEP_MS = 100;
const MAX_STATEMENTS = 200;
const BUSY = new Set(["SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_TIMEOUT"]);

const port = parentPort;
if (!port) throw new Error("sqlite-thread-entry runs only as a thread");
const { file, readOnly, busyTimeoutMs, gate: memory } = workerData as SqliteThreadData;
const gate = new ThreadGate(memory);
// A variable keeps the compiler from resolving the import: the package is optional.
const name = "better-sqlite3";
const { default: Driver } = (await import(name)) as { default: Driver };
const statements = new Map<string, Statement>();
let database: Database | undefined;

answer(() => {
  database = gate.pass(() => new Driver(file, { readonly: readOnly, timeout: Math.min(BUSY_STEP_MS, busyTimeoutMs) }));
  return {};
  // Without a code: its folder has gone.
}, "SQLITE_CANTOPEN");

port.on("message", (request: SqliteRequest) => {
  answer(() => (request ? whileBusy(() => run(request.sql, request.parameters)) : close()));
  if (!request) port.close();
});

/** Answers with what `work` returns or throws; an error without a code of its own gets `otherwise`. */
function answer(work: () => SqliteAnswer, otherwise = ""): void {
  let answered: SqliteAnswer;
  try {
    answered = work();
  } catch (error) {
    const { message, code = otherwise } = error as Error & { readonly code?: string };
    answered = { error: { message, code } };
  }
  port?.postMessage(answered);
}

function run(sql: string, parameters: readonly unknown[]): SqliteAnswer {
  const statement = statementOf(sql);
  if (statement.reader) {
    const rows = statement.all(parameters);
    // Only now: a statement that was prepared before the schema changed has taken the new columns.
    return { columns: statement.columns().map((column) => column.name), rows };
  }
  const { changes, lastInsertRowid } = statement.run(parameters);
  return { changes, lastID: lastInsertRowid };
}

/** Prepares a statement, or takes the one that was prepared before; keeps those used last. */
function statementOf(sql: string): Statement {
  if (!database) throw new Error("the database is not open");
  let statement = statements.get(sql);
  if (statement) statements.delete(sql);
  else {
    statement = database.prepare(sql);
    if (statement.reader) statement = statement.raw();
  }
  statements.set(sql, statement);
  const [oldest] = statements.keys();
  if (statements.size > MAX_STATEMENTS && oldest !== undefined) statements.delete(oldest);
  return statement;
}

/** A statement that finds the database locked has done nothing, so that it may be repeated. */
function whileBusy(work: () => SqliteAnswer): SqliteAnswer {
  const untilMs = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return gate.pass(work);
    } catch (error) {
      if (!BUSY.has((error as { readonly code?: string }).code ?? "") || performance.now() >= untilMs) throw error;
    }
  }
}

function close(): SqliteAnswer {
  statements.clear();
  gate.pass(() => database?.close());
  database = undefined;
  return {};
}
