import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import pLimit from "p-limit";
import { JcrAssetRepository } from "../src/adapters/assets/jcr/index.js";
import type { Change } from "../src/adapters/assets/jcr/dialects/dialect.js";
import { messageOf } from "../src/core/errors.js";
import { createAssetmill } from "../src/index.js";
import { startOak } from "../test/jcr/servers/oak.js";
import { damAsset, file, folder, JcrFixture } from "../test/jcr/support/fixture.js";
import { registerNodeTypes } from "../test/jcr/support/node-types.js";
import { basic, WORKSPACE } from "../test/jcr/support/servers.js";
import { NotRun } from "./not-run.js";

const BATCH = 250;
const WRITERS = 3;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Heap limit of the measuring process: enough for a tree of any size. */
const HEAP_MB = 128;

/**
 * `npm run bench -- jcr [CHILDREN] [ASSETS] [SMALL]`: processes a folder of 100,000 files, a tree of 200,000 assets with a
 * thousand per folder, and one of 20,000 with a hundred per folder, on a real Oak with segment storage. Counts requests, and
 * measures the memory of a process with a small heap.
 */
export async function runJcr([
  children = "100000",
  assets = "200000",
  small = "20000",
]: readonly string[]): Promise<void> {
  const oak = await startOak("segment", 1_024).catch((error: unknown) => {
    throw new NotRun(`no Oak: ${messageOf(error).slice(0, 400)}`);
  });
  try {
    await registerNodeTypes(oak.origin, WORKSPACE, basic("admin", "admin"));
    const admin = { user: "admin", password: "admin" };
    const fixture = await JcrFixture.make({ name: "bench", origin: oak.origin, dialect: "davex", oak, ...admin });
    const { root } = fixture;
    if (Number(children) > 0) {
      await fixture.add(`${root}/flat`, { primaryType: "nt:folder" });
      await make(fixture, "flat", Number(children), (i) => ({
        kind: "add",
        path: `${root}/flat/${i}.md`,
        node: file(`${i}`),
      }));
      await measure("the folder", oak.origin, `${root}/flat`, Number(children));
    }
    for (const [name, count, perFolder] of [
      ["tree", Number(assets), 1_000],
      ["small", Number(small), 100],
    ] as const) {
      if (count === 0) continue;
      await fixture.add(`${root}/${name}`, folder());
      for (let i = 0; i < count / perFolder; i++) await fixture.add(`${root}/${name}/${i}`, folder());
      await make(fixture, name, count, (i) => ({
        kind: "add",
        path: `${root}/${name}/${Math.floor(i / perFolder)}/${i}.dita`,
        node: damAsset(`<topic id="t${i}"/>`),
      }));
      await measure(`${name}: ${count} assets, ${perFolder} a folder`, oak.origin, `${root}/${name}`, count);
    }
  } finally {
    await oak.stop();
  }
}

/** Measures in a separate process with a small heap. Rejects if that process fails. */
async function measure(what: string, url: string, path: string, count: number): Promise<void> {
  const main = fileURLToPath(new URL("main.js", import.meta.url));
  const flags = [`--max-old-space-size=${HEAP_MB}`, "--expose-gc"];
  await execa(process.execPath, [...flags, main, "jcr-job", what, url, path, String(count)], { stdio: "inherit" });
}

async function make(fixture: JcrFixture, what: string, count: number, change: (i: number) => Change): Promise<void> {
  const began = performance.now();
  const turns = pLimit(WRITERS);
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, n) => n * BATCH);
  await Promise.all(
    batches.map((from) =>
      turns(() => fixture.write(...Array.from({ length: Math.min(BATCH, count - from) }, (_, k) => change(from + k)))),
    ),
  );
  say(`created ${count} in ${what}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
}

/** Limit of requests per thousand assets. */
const MOST_REQUESTS = 25;

/** Runs one job over a path of the Oak at this URL; prints its requests and its memory after garbage collection. Exit code 1 if the requests exceed the limit or an asset is missing. */
export async function runJcrJob([what = "", url = "", path = "", count = ""]: readonly string[]): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const repository = new JcrAssetRepository({ url, user: "admin", password: "admin" });
  const mill = await createAssetmill({
    assets: repository,
    store: `sqlite:${join(home, "store.sqlite")}`,
    plugins: [{ name: "nothing", version: "1", process: () => ({ properties: { done: true } }) }],
    builtIns: false,
  });
  const rss = new Highest(() => process.memoryUsage().rss, 50);
  const held = new Highest(() => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }, 2_000);
  const began = performance.now();
  const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING" }, "bench");
  let report = await mill.operator.status(processingId);
  let counted = 0;
  while (report.completedAt === 0) {
    await new Promise((turn) => setTimeout(turn, 100));
    report = await mill.operator.status(processingId);
    if (counted === 0 && report.migrationSet?.calculationStatus === "SUCCESS") counted = performance.now() - began;
  }
  const seconds = (performance.now() - began) / 1_000;
  const total = report.succeededCount + report.failedCount + report.skippedCount;
  const requests = (repository.requests * 1_000) / total;
  say(
    `${what}: ${report.status}, ${total} assets (${report.failedCount} failed) in ${seconds.toFixed(1)} s, ` +
      `${(total / seconds).toFixed(0)}/s, discovery took ${(counted / 1_000).toFixed(1)} s; ` +
      `${requests.toFixed(1)} requests per 1,000 assets; ` +
      `live heap ${held.end()}, RSS ${rss.end()} (heap limit ${HEAP_MB} MB)`,
  );
  const isWhole = report.status === "SUCCESS" && report.succeededCount === Number(count);
  if (!isWhole) say(`FAILED: ${report.status}, ${report.succeededCount} of ${count} succeeded`);
  if (!(requests <= MOST_REQUESTS)) say(`FAILED: more than ${MOST_REQUESTS} requests per 1,000 assets`);
  if (!isWhole || !(requests <= MOST_REQUESTS)) process.exitCode = 1;
  await mill.close();
  await repository.close();
  await rm(home, { recursive: true, force: true });
}

/** Samples a value repeatedly; reports the first and the highest sample in MB. */
class Highest {
  readonly #first: number;
  #most: number;
  readonly #timer: NodeJS.Timeout;

  constructor(look: () => number, everyMs: number) {
    this.#first = this.#most = look();
    this.#timer = setInterval(() => (this.#most = Math.max(this.#most, look())), everyMs);
  }

  end(): string {
    clearInterval(this.#timer);
    const [first, most] = [this.#first, this.#most].map((bytes) => (bytes / 2 ** 20).toFixed(0));
    return `${first} to ${most} MB`;
  }
}
