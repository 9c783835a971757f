import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, KillHarness } from "./kill-harness.js";

const KILLS = Number(process.env.ASSETMILL_TEST_KILLS ?? 20);

/** Kills at random moments until the job has ended; after each kill, what is committed must never be handled again. */
async function killUntilDone(
  harness: KillHarness,
  start: () => void,
  longestMs: number,
  kills: number,
): Promise<string> {
  let committed = new Set<string>();
  for (let kill = 0; kill < kills; kill++) {
    const before = harness.calls().length;
    start();
    await sleep(Math.random() * longestMs);
    await harness.kill();
    const repeated = harness
      .calls()
      .slice(before)
      .filter((path) => committed.has(path));
    expect(repeated, "assets with a committed outcome that were handled again").to.deep.equal([]);
    const [id] = await harness.jobIds();
    // Ended before the last kill: the same command would begin a new job now, as it should.
    if (id !== undefined && (await harness.status(id)).completedAt !== 0) return id;
    if (id !== undefined) committed = new Set((await harness.outcomes(id)).map(({ path }) => path));
  }
  const before = harness.calls().length;
  start();
  const id = await waitForEnd(harness);
  const repeated = harness
    .calls()
    .slice(before)
    .filter((path) => committed.has(path));
  expect(repeated, "assets with a committed outcome that were handled again").to.deep.equal([]);
  return id;
}

async function waitForEnd(harness: KillHarness): Promise<string> {
  for (let i = 0; i < 300; i++) {
    const [id] = await harness.jobIds();
    if (id !== undefined && (await harness.status(id)).completedAt !== 0) return id;
    await sleep(200);
  }
  throw new Error("the job did not end");
}

/** Exactly one outcome each, and every other account of the job agrees with the outcomes. */
async function expectWhole(harness: KillHarness, id: string): Promise<void> {
  const outcomes = await harness.outcomes(id);
  expect(outcomes.length).to.equal(harness.files);
  expect(new Set(outcomes.map(({ path }) => path)).size, "different paths").to.equal(harness.files);
  expect(
    outcomes.filter(({ outcome }) => outcome !== "SUCCEEDED"),
    "blamed assets",
  ).to.deep.equal([]);
  expect(new Set(harness.calls()).size, "handled assets").to.equal(harness.files);
  const status = await harness.status(id);
  expect(status).to.include({ status: "SUCCESS", succeededCount: harness.files, failedCount: 0, attempt: 1 });
  expect(status.migrationSet).to.deep.equal({ totalFiles: harness.files, calculationStatus: "SUCCESS" });
  expect(status.triggeredCount).to.equal(harness.files);
  const lines = await harness.logs(id);
  expect(lines.map(({ line }) => line)).to.deep.equal(lines.map((_, i) => i));
  expect(lines.filter(({ text }) => text.includes("Ended SUCCESS")).length, "ends in the log").to.equal(1);
}

describe("kill -9", function () {
  this.timeout(300_000);

  it(`at ${KILLS} random moments of process: the same command goes on, and repeats nothing that was committed`, async () => {
    // About eight seconds of work, of which each life gets a fraction of one: all the kills find work under way.
    const harness = new KillHarness(8_000, 8);
    try {
      let starts = 0;
      const start = () => {
        starts++;
        harness.startProcess("--chunk-size", "50");
      };
      const id = await killUntilDone(harness, start, 1_600, KILLS);
      expect(starts, "starts: every kill came before the end").to.equal(KILLS + 1);
      expect(await harness.jobIds(), "jobs made by all these starts").to.deep.equal([id]);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("in the middle of long chunks: what a chunk had committed part by part is not repeated either", async () => {
    const harness = new KillHarness(3_000, 10);
    try {
      // One chunk of about four seconds, committed every two.
      const start = () => void harness.startProcess("--chunk-size", "3000");
      const id = await killUntilDone(harness, start, 5_000, Math.ceil(KILLS / 3));
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("in the middle of discovery: it goes on where it was, and every asset is found once", async () => {
    const harness = new KillHarness(20_000, 0);
    try {
      // Start-up takes about half a second: these moments lie around the walk, which takes about another half.
      let starts = 0;
      const start = () => {
        starts++;
        harness.startProcess("--chunk-size", "100", "--concurrency", "1");
      };
      const id = await killUntilDone(harness, start, 1_200, Math.ceil(KILLS / 3));
      expect(starts).to.be.greaterThan(1);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("of serve: its next start goes on by itself, with nobody calling", async () => {
    const harness = new KillHarness(1_500, 4);
    try {
      const first = harness.startServe();
      const url = await new Promise<string>((listening, failed) => {
        first.stdout?.once("data", (data: Buffer) => listening((JSON.parse(data.toString()) as { url: string }).url));
        first.once("exit", () => failed(new Error("serve ended")));
      });
      const response = await fetch(`${url}/bin/guides/v1/assets/process`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ path: "/content/dam/kill", type: "ASSET_PROCESSING" }),
      });
      expect(response.status).to.equal(200);
      const { processingId } = (await response.json()) as { processingId: string };
      await harness.kill();
      expect((await harness.status(processingId)).completedAt).to.equal(0);
      const id = await killUntilDone(harness, () => void harness.startServe(), 1_500, 3);
      expect(id).to.equal(processingId);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("is not waited for: the next start handles a new asset long before the dead owner's lease has run out", async () => {
    const harness = new KillHarness(4_000, 4);
    try {
      harness.startProcess("--chunk-size", "50");
      while (harness.calls().length < 200) await sleep(20);
      await harness.kill();
      const before = harness.calls().length;
      const started = performance.now();
      const child = harness.startProcess("--chunk-size", "50");
      while (harness.calls().length === before) await sleep(10);
      const waitedMs = performance.now() - started;
      process.stderr.write(`      first new asset ${Math.round(waitedMs)} ms after the start of the process\n`);
      // The lease lasts 10 s; the slack is for busy machines.
      expect(waitedMs).to.be.lessThan(5_000);
      expect(await ended(child)).to.equal(0);
    } finally {
      await harness.dispose();
    }
  });
});
