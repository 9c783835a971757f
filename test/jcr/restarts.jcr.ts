import { expect } from "chai";
import { JcrAssetRepository } from "../../src/adapters/assets/jcr/index.js";
import type { AssetHandler } from "../../src/index.js";
import { endOf, Host } from "../embedding/host.js";
import { startOak } from "./servers/oak.js";
import { JcrFixture } from "./support/fixture.js";
import { registerNodeTypes } from "./support/node-types.js";
import { basic, plannedLanes, WORKSPACE } from "./support/servers.js";

const COUNT = 400;
const KILLS = 5;

describe("a server that is killed and started again, five times in one job", function () {
  this.timeout(240_000);

  it("only costs time: the job ends by itself, with one outcome for each asset, none of them a failure", async function () {
    if (!plannedLanes().includes("Oak, DavEx")) {
      process.stderr.write("\n*** NOT TESTED without an Oak of our own: a server that is killed ***\n");
      this.skip();
    }
    const oak = await startOak("durable");
    const host = new Host();
    const lane = { name: "own", origin: oak.origin, dialect: "davex", user: "admin", password: "admin", oak } as const;
    try {
      await registerNodeTypes(oak.origin, WORKSPACE, basic("admin", "admin"));
      const fixture = await JcrFixture.make(lane);
      await fixture.files("dam", ...Array.from({ length: COUNT }, (_, i) => `f${i % 4}/${String(i).padStart(4, "0")}`));
      let handled = 0;
      const handler: AssetHandler = {
        name: "own",
        version: "1",
        async process(_asset, context) {
          const text = await context.text();
          await new Promise((turn) => setTimeout(turn, 30));
          handled++;
          return { properties: { read: text } };
        },
      };
      const { origin: url, user, password } = lane;
      const assets = new JcrAssetRepository({ url, user, password, timeoutMs: 10_000 });
      const mill = await host.mill({ assets, plugins: [handler], builtIns: false, chunkSize: 20, concurrency: 4 });
      const { processingId } = await mill.operator.start({ path: fixture.root, type: "ASSET_PROCESSING" }, "test");
      for (let kill = 1; kill <= KILLS; kill++) {
        const goal = (COUNT * kill) / (KILLS + 2);
        while (handled < goal) await new Promise((turn) => setTimeout(turn, 20));
        await oak.kill();
        await new Promise((turn) => setTimeout(turn, 300));
        await oak.restart();
      }
      const report = await endOf(mill, processingId, 120_000);
      expect(report.status).to.equal("SUCCESS");
      expect([report.succeededCount, report.failedCount, report.skippedCount]).to.deep.equal([COUNT, 0, 0]);
      const paths = (await fixture.scan()).map(({ path }) => path);
      const results = await fixture.repository.results(paths);
      expect(results.map((result) => result?.properties.read)).to.deep.equal(
        paths.map((path) => path.slice(fixture.root.length + 1)),
      );
      process.stderr.write(`      ${KILLS} kills: handlers ran ${handled} times for ${COUNT} assets\n`);
      await fixture.close();
      await assets.close();
    } finally {
      await host.dispose();
      await oak.stop();
    }
  });
});
