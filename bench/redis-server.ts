import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { freePort } from "../test/jcr/servers/java-process.js";
import { NotRun } from "./not-run.js";

export interface RedisServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/**
 * Starts the system's Redis on loopback, durable as BullMQ's documentation recommends: an append-only file, synced every
 * second. Rejects with NotRun if there is none.
 */
export async function startRedis(): Promise<RedisServer> {
  const { stdout } = await execa("redis-server", ["--version"]).catch(() => {
    throw new NotRun("there is no redis-server; install the system's package");
  });
  const folder = await mkdtemp(join(tmpdir(), "assetmill-redis-"));
  const port = await freePort();
  const flags = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", appendfsync: "everysec" };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  for await (const text of child.stdout) if (String(text).includes("Ready to accept connections")) break;
  return {
    url: `redis://127.0.0.1:${port}`,
    version: /v=(\S+)/.exec(stdout)?.[1] ?? "unknown",
    stop: async () => {
      const gone = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
