import { expect } from "chai";
import { jsonLines, TOPIC, Workbench } from "../cli/workbench.js";
import { deepSiblings } from "../../src/testing/conformance/long-paths.js";
import { forEachLane } from "./support/fixture.js";
import { startProxy } from "./support/recording-proxy.js";

forEachLane(
  "a proxy that takes no long URLs",
  (at) => {
    it("costs the assets whose paths are too long for it, by name; the others are processed", async () => {
      const { lane, root } = at();
      const [long = ""] = deepSiblings("/", 1, 2_000);
      // An .xml file's type is read from its content: that it cannot be must not end the scan.
      const names = [
        "a.dita",
        long.slice(1).replace(".md", ".dita"),
        `${long.slice(1).replace(".md", "")}.xml`,
        "z.dita",
      ];
      await at().files("file", ...names.map((name) => [name, TOPIC] as const));
      const proxy = await startProxy(lane.origin, { maxHeaderSize: 2_000 });
      const bench = new Workbench();
      try {
        const origin = proxy.origin.replace("://", `://${lane.user}:${lane.password}@`);
        const where = ["--assets", `jcr+${origin}?dialect=${lane.dialect}`, "--store", bench.store, "--json"];
        const processed = await bench.run(["process", root, ...where], { withinMs: 60_000 });
        expect(processed.code, processed.err).to.equal(1);
        const status = jsonLines(processed).at(-1);
        expect(status).to.include({ status: "SUCCESS", succeededCount: 2, failedCount: 1, skippedCount: 1 });
        const failures = jsonLines(
          await bench.run(["failures", status.processingId, "--store", bench.store, "--json"]),
        );
        expect(failures.map(({ path, code }) => [path, code])).to.deep.equal([
          [`${root}/${names[1]}`, "READ_FAILED"],
          [`${root}/${names[2]}`, "NO_HANDLER"],
        ]);
        expect(failures[0].message).to.match(/rejects a URL of \d+ characters; raise its limit/);
      } finally {
        await bench.dispose();
        await proxy.close();
      }
    });
  },
  (lane) => lane.includes("DavEx"),
);
