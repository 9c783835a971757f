import { expect } from "chai";
import { ended, type KillHarness } from "./kill-harness.js";
import { type Scenario, withHarness } from "./scene.js";

/** What a handler does to its process at the one asset. */
const DEEDS = {
  exits: "process.exit(9);",
  "is killed": `process.kill(process.pid, "SIGKILL"); await new Promise(() => {});`,
} as const;

/** Two that may be shared with others, and three of its own. */
const CRASHES = 5;

/** One asset among many kills its process every time: it alone fails, and all others are processed. */
export const poison: Scenario = async ({ mode, kills: size }) => {
  const files = Math.max(1_000, Math.min(100_000, size * 500));
  const said: string[] = [];
  for (const [what, deed] of Object.entries(DEEDS)) {
    const culprit = Math.floor(files * (0.2 + Math.random() * 0.6));
    const options = { mode, files, delayMs: 0, culprit: { index: culprit, deed } };
    said.push(await withHarness(options, async (harness) => `${what}: ${await crashes(harness, culprit)}`));
  }
  return `one of ${files} assets ${said.join("; ")}`;
};

async function crashes(harness: KillHarness, culprit: number): Promise<string> {
  const startedMs = performance.now();
  let count = 0;
  for (;;) {
    const child = harness.startProcess();
    await ended(child);
    if ((await harness.newest())?.ended) break;
    expect(++count, `crashes: ${harness.said}`).to.be.at.most(CRASHES + 2);
  }
  const tookMs = performance.now() - startedMs;
  const [id = "", ...others] = await harness.jobIds();
  expect(others).to.deep.equal([]);
  const status = await harness.status(id);
  const succeededCount = harness.files - 1;
  expect(status).to.include({ status: "SUCCESS", succeededCount, failedCount: 1, skippedCount: 0, attempt: 1 });
  const failures = await harness.failures(id);
  expect(failures.map(({ path, code, attempts }) => [path.slice(-12), code, attempts])).to.deep.equal([
    [`a${String(culprit).padStart(6, "0")}.dita`, "POISON", 3],
  ]);
  const outcomes = await harness.outcomes(id);
  expect(new Set(outcomes.map(({ path }) => path)).size).to.equal(harness.files);
  expect(new Set(harness.calls()).size, "handled").to.equal(harness.files);
  expect(count, "crashes").to.be.within(CRASHES - 1, CRASHES + 1);
  const repeated = harness.calls().length - harness.files;
  return `POISON after ${count} crashes, all others processed, ${repeated} handler calls repeated, ${(tookMs / 1_000).toFixed(0)} s`;
}
