import { setTimeout as sleep } from "node:timers/promises";
import { SqliteFile } from "./sqlite-file.js";

const TRIES = 10;
/** Long against a transaction of another node. */
const LOCKED_MS = 1_000;

/**
 * Stops a process by SIGSTOP, but not while it holds the write lock of a SQLite file: nobody could go on before it wakes,
 * whatever the leases say, and about one stop in a hundred hits it there. `store`: the URI of its store.
 */
export async function freeze(signal: (name: "SIGSTOP" | "SIGCONT") => void, store: string): Promise<void> {
  const file = /^sqlite:([^?]+)/.exec(store)?.[1];
  for (let tries = 0; tries < TRIES; tries++) {
    signal("SIGSTOP");
    if (file === undefined || !isLocked(file)) return;
    process.stderr.write("      stopped within a transaction: continued, to be stopped again\n");
    signal("SIGCONT");
    await sleep(50);
  }
  throw new Error(`${TRIES} stops in a row were within a transaction`);
}

function isLocked(file: string): boolean {
  const database = new SqliteFile(file, { timeout: LOCKED_MS });
  try {
    database.exec("begin immediate");
    database.exec("rollback");
    return false;
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    return true;
  } finally {
    database.close();
  }
}
