import { expect } from "chai";
import { jsonLines, TOPIC, Workbench } from "../cli/workbench.js";
import { startOak } from "./servers/oak.js";
import { plannedLanes } from "./support/servers.js";

describe("a server without the DAM's node types", function () {
  it("imports files as nt:file, says so, and has them processed", async function () {
    if (!plannedLanes().includes("Oak, DavEx")) {
      process.stderr.write("\n*** NOT TESTED without an Oak of our own: a server without dam:Asset ***\n");
      this.skip();
    }
    const oak = await startOak();
    const bench = new Workbench();
    try {
      const assets = `jcr+${oak.origin.replace("://", "://admin:admin@")}`;
      bench.write("files/a/1.dita", TOPIC);
      const imported = await bench.run(["import", bench.path("files"), "/content/x", "--assets", assets, "--json"]);
      expect(imported.code, imported.err).to.equal(0);
      expect(jsonLines(imported)[0]).to.include({ created: 1, failed: 0 });
      expect(imported.err).to.match(/has no node type dam:Asset: assets are stored as nt:file/);
      const response = await fetch(`${oak.origin}/server/default/jcr:root/content/x/a/1.dita.0.json`, {
        headers: { authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` },
      });
      expect(await response.json()).to.include({ "jcr:primaryType": "nt:file" });
      const processed = await bench.run([
        "process",
        "/content/x",
        "--assets",
        assets,
        "--store",
        bench.store,
        "--json",
      ]);
      expect(processed.code, processed.err).to.equal(0);
      expect(jsonLines(processed).at(-1)).to.include({ status: "SUCCESS", succeededCount: 1 });
    } finally {
      await bench.dispose();
      await oak.stop();
    }
  });
});
