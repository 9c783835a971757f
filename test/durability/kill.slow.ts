import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, KillHarness } from "./kill-harness.js";
import { expectWhole, killUntilDone } from "./kill-run.js";
import { itMeasures } from "../support/timed.js";

const KILLS = Number(process.env.ASSETMILL_TEST_KILLS ?? 20);

describe("kill -9", function () {
  this.timeout(300_000);

  it(`is survived at ${KILLS} random moments of process: the same command resumes, and repeats nothing committed`, async () => {
    // About eight seconds of work, of which each life gets a fraction of one: all the kills find work under way.
    const harness = await KillHarness.open({ files: 8_000, delayMs: 8 });
    try {
      const start = () => void harness.startProcess("--chunk-size", "50");
      const { id, found } = await killUntilDone(harness, start, 1_600, KILLS);
      // A busy machine kills late: the job may be at its end before the last of them.
      expect(found, "kills that found handlers at work").to.be.at.least(KILLS / 4);
      expect(await harness.jobIds(), "jobs made by all these starts").to.deep.equal([id]);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("does not repeat anything that a long chunk had committed part by part", async () => {
    const harness = await KillHarness.open({ files: 3_000, delayMs: 10 });
    try {
      // One chunk of about four seconds, committed every two.
      const start = () => void harness.startProcess("--chunk-size", "3000");
      const { id } = await killUntilDone(harness, start, 5_000, Math.ceil(KILLS / 3), 2_000);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("is survived in the middle of discovery: it resumes where it was, and every asset is found once", async () => {
    const harness = await KillHarness.open({ files: 20_000, delayMs: 0 });
    try {
      // Start-up takes about half a second: these moments lie around the walk, which takes about another half.
      let starts = 0;
      const start = () => {
        starts++;
        harness.startProcess("--chunk-size", "100", "--concurrency", "1");
      };
      const { id } = await killUntilDone(harness, start, 1_200, Math.ceil(KILLS / 3), harness.files / 2);
      expect(starts).to.be.greaterThan(1);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  it("is survived by serve, whose next start resumes by itself, without a call", async () => {
    const harness = await KillHarness.open({ files: 1_500, delayMs: 4 });
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
      const { id } = await killUntilDone(harness, () => void harness.startServe(), 1_500, 3);
      expect(id).to.equal(processingId);
      await expectWhole(harness, id);
    } finally {
      await harness.dispose();
    }
  });

  const startAfterKill = async (): Promise<number> => {
    const harness = await KillHarness.open({ files: 4_000, delayMs: 4 });
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
      expect(await ended(child)).to.equal(0);
      return waitedMs;
    } finally {
      await harness.dispose();
    }
  };
  itMeasures(
    "is followed by a start that ends the job",
    startAfterKill,
    "does not delay the next start: it processes a new asset long before the dead owner's lease expires",
    // The lease lasts 10 s; the slack is for busy machines.
    (waitedMs) => expect(waitedMs).to.be.lessThan(5_000),
  );
});
