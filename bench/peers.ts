import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { execa, ExecaError } from "execa";
import { repositoryRoot } from "../test/support/architecture.js";
import { Contender } from "./contenders.js";
import type { Run } from "./figures.js";
import { NotRun } from "./not-run.js";

const PEERS = join(repositoryRoot(), "bench", "peers");
const SPRING = join(PEERS, "spring-batch");
const INSTALL_MS = 600_000;

/** Job queues of npm, by the name of their package, which is also that of their script. */
export const QUEUES = ["bullmq", "pg-boss", "graphile-worker"] as const;
export type QueueName = (typeof QUEUES)[number];

/** Returns a peer's pinned version. */
export function versionOf(name: QueueName): string {
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return dependencies[name] ?? "unknown";
}

export const SPRING_BATCH = `Spring Batch ${
  /spring-batch-core<\/artifactId><version>([^<]+)/.exec(readFileSync(join(SPRING, "pom.xml"), "utf8"))?.[1]
}`;

/** Installs the queues unless they are there as the lock file says. Rejects with NotRun if that fails. */
export const installQueues = (): Promise<void> =>
  unlessBuilt(PEERS, ["package.json", "package-lock.json"], "node_modules", async () => {
    await execa("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
      cwd: PEERS,
      stdin: "ignore",
      timeout: INSTALL_MS,
    });
  });

/** Lets a queue enqueue and process so many jobs on the server at this URL, in a process of its own. */
export async function runQueue(name: QueueName, count: number, url: string, limitMs: number): Promise<Run> {
  try {
    const { stdout } = await execa(process.execPath, [join(PEERS, `${name}.mjs`), String(count), url], {
      stdin: "ignore",
      timeout: limitMs,
    });
    return { wanted: count, ...(JSON.parse(stdout) as { handled: number; seconds: number }) };
  } catch (error) {
    return { failed: reasonOf(error) };
  }
}

/** Builds the Spring Batch peer if necessary, and starts it. Rejects with NotRun if there is no JDK, Maven or artifact. */
export async function startSpringBatch(): Promise<Contender> {
  await unlessBuilt(SPRING, ["pom.xml", "src/main/java/SpringBatchPeer.java"], "target", async () => {
    await execa("mvn", ["-B", "-q", "process-classes"], { cwd: SPRING, stdin: "ignore", timeout: INSTALL_MS });
  });
  const target = join(SPRING, "target");
  return new Contender("java", ["-cp", `${join(target, "classes")}:${join(target, "lib", "*")}`, "SpringBatchPeer"]);
}

/** Builds `output` in a folder unless that was done from these very files before. */
async function unlessBuilt(
  folder: string,
  sources: readonly string[],
  output: string,
  build: () => Promise<void>,
): Promise<void> {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(await readFile(join(folder, source)));
  const digest = hash.digest("hex");
  const mark = join(folder, output, ".built-from");
  if ((await readFile(mark, "utf8").catch(() => "")) === digest) return;
  process.stdout.write(`Installing what bench/peers needs in ${relative(process.cwd(), folder)}\n`);
  try {
    await rm(join(folder, output), { recursive: true, force: true });
    await build();
    await stat(join(folder, output));
    await writeFile(mark, digest);
  } catch (error) {
    throw new NotRun(`cannot install it: ${reasonOf(error)}`);
  }
}

/** What a process said when it failed, on one line. */
const reasonOf = (error: unknown): string => {
  const text = error instanceof ExecaError ? `${error.shortMessage} ${String(error.stderr ?? "")}` : String(error);
  return text.replaceAll(/\s+/g, " ").slice(0, 400);
};
