import { expect } from "chai";
import { SAMPLE, Workbench } from "../cli/workbench.js";
import { Server } from "../system/server.js";

const KILLS = 50;

describe("the 200 of a start", function () {
  this.timeout(300_000);
  const bench = new Workbench();
  after(() => bench.dispose());

  it(`means that the job exists, whatever happens next: killed right after it, ${KILLS} times`, async () => {
    const answered: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const server = await Server.start(bench, SAMPLE);
      // The last job may still be at work: then this one waits for it.
      const { status, body } = await server.post(
        { path: "/content/dam/espresso", type: "ASSET_PROCESSING", onOverlap: "queue" },
        { authorization: `Bearer ${server.token}`, "Idempotency-Key": `night ${kill}` },
      );
      server.command.signal("SIGKILL");
      expect(status, JSON.stringify(body)).to.equal(200);
      answered.push(body.processingId);
      await server.command.ended;
    }
    const server = await Server.start(bench, SAMPLE);
    for (const id of answered) await server.ended(id, 60_000);
    for (const [kill, id] of answered.entries()) {
      let report = await server.status(id);
      if (report.status === "FAILURE") {
        // Killed three times in a row within its first page, or ten times before an outcome was stored: then it is not tried
        // again by itself.
        expect(report.comments).to.match(
          /^workers died (?:3 times in a row during discovery|10 times in a row on chunk 1)/,
        );
        const resumed = await server.ask("/resume", { method: "POST", body: { processingId: id } });
        expect(resumed.status, JSON.stringify(resumed.body)).to.equal(200);
        report = await server.ended(id, 30_000);
      }
      expect(report).to.include({ processingId: id, status: "SUCCESS" });
      // Killed three times in a row at the same asset, some milliseconds after it began: nobody can tell that from an asset
      // that kills its worker. Nothing else fails.
      const { body } = await server.ask(`/failures?processingId=${id}`);
      const failed = body.failures.filter(({ outcome }: { outcome: string }) => outcome === "FAILED");
      expect(failed.filter(({ code }: { code: string }) => code !== "POISON")).to.deep.equal([]);
      // And the key still stands for it.
      const again = await server.post(
        { path: "/content/dam/espresso", type: "ASSET_PROCESSING", onOverlap: "queue" },
        { authorization: `Bearer ${server.token}`, "Idempotency-Key": `night ${kill}` },
      );
      expect(again.body).to.deep.equal({ processingId: id });
    }
    expect(new Set(answered).size).to.equal(KILLS);
    await server.command.kill();
  });
});
