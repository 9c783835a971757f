import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AssetWrite, RefusalCode, RefusedWrite } from "../src/core/asset/asset-result.js";
import type { RepositoryNode } from "../src/core/ports/asset-repository.js";
import { compare, figure, grouped, type Run } from "./figures.js";
import { sqlite } from "./engines.js";
import { sayNotRun } from "./not-run.js";
import { SPRING_BATCH, startSpringBatch } from "./peers.js";
import { runMill } from "./mill.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const WARM_UP = 20_000;
/** Of Spring Batch, which then runs a transaction for each asset. */
const PEER_COUNT = 2_000;
const TIMES_PEER = 20;
const ROUNDS = 5;
const PEER_WARM_UPS = 3;
const PEER_ROUNDS = 3;
const EVERY = 100;
const AT_LEAST = 0.9;
/** What a JCR repository refuses. CHANGED has the asset, and it alone, handled once more. */
const REFUSALS: readonly RefusalCode[] = ["LOCKED", "CHECKED_OUT", "WRITE_FAILED", "CHANGED"];

type Kind = "none" | "handler" | "write";

/** The number of an asset in its path. */
const indexOf = (path: string): number => Number(path.slice(-13, -5));
const isBad = (path: string): boolean => indexOf(path) % EVERY === 0;

/** Refuses the writes of one asset in a hundred, as a JCR repository does. */
class RefusingRepository extends SyntheticRepository {
  override async stat(paths: readonly string[]): Promise<readonly RepositoryNode[]> {
    return paths.map((path) =>
      path.endsWith(".dita")
        ? { kind: "asset", asset: SyntheticRepository.asset(indexOf(path)) }
        : { kind: "folder", path },
    );
  }

  override async apply(writes: readonly AssetWrite[]): Promise<readonly RefusedWrite[]> {
    await super.apply(writes);
    return writes
      .filter(({ path }) => isBad(path))
      .map(({ path }) => {
        const code = REFUSALS[(indexOf(path) / EVERY) % REFUSALS.length] as RefusalCode;
        return { path, code, message: `refused: ${code}` };
      });
  }
}

/**
 * `npm run bench -- failures [COUNT]`: the rate over made-up assets of which one in a hundred fails in the handler, and
 * of which the repository refuses one write in a hundred, beside the same without failures. Counts the calls of the
 * handler for each asset: no good asset may be handled twice. Then the refused writes again, beside Spring Batch, of
 * which one write in a hundred fails and is skipped.
 */
export async function runFailures([number = "100000"]: readonly string[]): Promise<void> {
  const count = Number(number);
  if (!Number.isInteger(count) || count < 1 || count > 10_000_000) {
    process.stderr.write("npm run bench -- failures [1..10000000]\n");
    process.exitCode = 2;
    return;
  }
  const runs: Record<Kind, Run[]> = { none: [], handler: [], write: [] };
  const twice: Record<Kind, number> = { none: 0, handler: 0, write: 0 };
  const measure = async (kind: Kind, assets: number): Promise<Run> => {
    const { run, again } = await runOnce(kind, assets);
    twice[kind] += again;
    return run;
  };
  const kinds = Object.keys(runs) as readonly Kind[];
  for (const kind of kinds) await measure(kind, Math.min(count, WARM_UP));
  for (let i = 0; i < ROUNDS; i++) for (const kind of kinds) runs[kind].push(await measure(kind, count));
  const peer = { name: "without failures", runs: runs.none };
  for (const [kind, what] of [
    ["handler", `${grouped(count)} made-up assets, 1 % failing in the handler`],
    ["write", `${grouped(count)} made-up assets, 1 % refused in the write`],
  ] as const) {
    const ours = { name: "assetmill", runs: runs[kind] };
    figure(compare({ name: what, ours, peer, goal: { atLeast: AT_LEAST } }));
    const name = `${what}: good assets handled twice`;
    figure({ name, ours: String(twice[kind]), value: twice[kind], unit: "assets", goal: { atMost: 0 } });
  }
  await besideSpringBatch(Math.min(count, PEER_COUNT));
}

async function besideSpringBatch(count: number): Promise<void> {
  const spring = await startSpringBatch().catch((error: unknown) => sayNotRun(SPRING_BATCH, error));
  const engine = await sqlite();
  const runs: Record<"ours" | "peer", Run[]> = { ours: [], peer: [] };
  const runPeer = async (failing: "" | "failing "): Promise<Run> => {
    if (!spring) return { failed: "it is not installed" };
    await engine.makeRows("peer", count);
    const run = await spring.ask(failing + engine.jdbcUrl("peer"), count);
    await engine.remove("peer");
    return run;
  };
  try {
    for (let i = 0; i < PEER_WARM_UPS; i++) await runPeer("");
    for (let i = 0; i < PEER_ROUNDS; i++) {
      runs.ours.push((await runOnce("write", count)).run);
      runs.peer.push(await runPeer("failing "));
    }
    const ours = { name: "assetmill", runs: runs.ours };
    const peer = { name: `${SPRING_BATCH}, 1 % of its writes failing`, runs: runs.peer };
    const name = `${grouped(count)} made-up assets, 1 % refused in the write, beside writes that fail`;
    figure(compare({ name, ours, peer, goal: { atLeast: TIMES_PEER } }));
  } finally {
    await spring?.end();
    await engine.stop();
  }
}

/** Runs one job; returns how many good assets had their handler called other than once, too. */
async function runOnce(kind: Kind, count: number): Promise<{ readonly run: Run; readonly again: number }> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const calls = new Uint8Array(count);
  const process = async ({ path }: { readonly path: string }): Promise<void> => {
    calls[indexOf(path)] = (calls[indexOf(path)] ?? 0) + 1;
    if (kind === "handler" && isBad(path)) throw new Error("made to fail");
  };
  try {
    const { handled, seconds } = await runMill("/content/dam", {
      assets: kind === "write" ? new RefusingRepository(count) : new SyntheticRepository(count),
      store: `sqlite:${join(home, "jobs.sqlite")}`,
      plugins: [{ name: "counts", version: "1", process }],
    });
    return {
      run: { wanted: count, handled, seconds },
      again: calls.filter((times, i) => times !== 1 && i % EVERY > 0).length,
    };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
