import { spawn } from "node:child_process";

/** Holds the write lock of a SQLite file for `forMs`, in another process. */
export async function lockDatabase(file: string, forMs: number): Promise<void> {
  const script = `
    const Database = require("better-sqlite3");
    const db = new Database(${JSON.stringify(file)}, { timeout: 20000 });
    db.exec("begin immediate");
    setTimeout(() => { db.exec("rollback"); process.exit(0); }, ${forMs});`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise((over) => child.once("exit", over));
  if (code !== 0) throw new Error(`the locking process exited with ${String(code)}`);
}
