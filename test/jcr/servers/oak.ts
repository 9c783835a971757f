import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyFile } from "node:fs/promises";
import { execa } from "execa";
import { cached, digestOf, maven, serverSource } from "./cache.js";
import { freePort, JavaProcess, statusOf } from "./java-process.js";

export interface OakServer {
  /** Of the host. */
  readonly origin: string;
  readonly pid: number | undefined;
  /** What DavEx cannot do, done as admin; see DavexServer.java. */
  deed(parameters: Record<string, string>): Promise<void>;
  /** As a crash does it. */
  kill(): Promise<void>;
  /** Starts it again where it was, on the same data where these are on disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The jars and our class; downloads and compiles where they are not there. */
async function classPath(): Promise<string> {
  const pom = serverSource("pom.xml");
  const main = serverSource("DavexServer.java");
  const jars = await cached(`oak-${await digestOf(pom)}`, async (folder) => {
    await copyFile(pom, join(folder, "pom.xml"));
    await maven(
      "copy-dependencies",
      "-f",
      join(folder, "pom.xml"),
      "-DincludeScope=runtime",
      `-DoutputDirectory=${folder}`,
    );
  });
  const classes = await cached(`davex-${await digestOf(pom, main)}`, async (folder) => {
    await execa("javac", ["-nowarn", "-d", folder, "-cp", `${jars}/*`, main]);
  });
  return `${classes}:${jars}/*`;
}

/** A fresh Oak, in memory, or on segments in a folder of its own (`segment`), which goes with it;
 * `durable`: what it answered survives a kill. `bare`: in memory, without /var. */
export async function startOak(
  store: "memory" | "segment" | "durable" | "bare" = "memory",
  heapMb = 512,
): Promise<OakServer> {
  const path = await classPath();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const home = await mkdtemp(join(tmpdir(), "assetmill-oak-"));
  const args = [
    `-Xmx${heapMb}m`,
    `-Dlogback.configurationFile=${serverSource("logback.xml")}`,
    ...(store === "durable" ? ["-Ddurable=true"] : []),
    ...(store === "bare" ? ["-Dbare=true"] : []),
    ...["-cp", path, "DavexServer", String(port)],
    ...(store !== "memory" && store !== "bare" ? [join(home, "segments")] : []),
  ];
  const start = async (): Promise<JavaProcess> => {
    const started = await JavaProcess.start(args, join(home, "oak.log"));
    const ready = `${origin}/server/default/jcr:root/.0.json`;
    await started.until(ready, async () => (await statusOf(ready)) === 200, 60_000);
    return started;
  };
  let java = await start();
  return {
    origin,
    get pid() {
      return java.pid;
    },
    deed: async (parameters) => {
      const response = await fetch(`${origin}/test`, { method: "POST", body: new URLSearchParams(parameters) });
      if (response.status !== 200) throw new Error(`${JSON.stringify(parameters)}: ${await response.text()}`);
    },
    kill: () => java.end("SIGKILL"),
    restart: async () => {
      await java.end();
      java = await start();
    },
    stop: async () => {
      await java.end();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
