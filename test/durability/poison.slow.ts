import { expect } from "chai";
import { Workbench } from "../cli/workbench.js";

/** What a handler does to its process at one asset. */
const DEEDS = [
  ["exits", `process.exit(9)`, []],
  ["kills itself", `process.kill(process.pid, "SIGKILL"); await new Promise(() => {})`, []],
  ["never lets go", `for (;;);`, ["--deadline", "1"]],
] as const;

describe("an asset that kills its worker", () => {
  const bench = new Workbench();
  const assets = bench.topics(600);
  after(() => bench.dispose());

  for (const [what, deed, flags] of DEEDS) {
    it(`is FAILED POISON alone after five crashes, and all others are done, if its handler ${what}`, async () => {
      const name = what.replaceAll(" ", "-");
      const store = `sqlite:${bench.path(`${name}.sqlite`)}`;
      const plugin = bench.write(
        `${name}.mjs`,
        `export default { name: "poison", version: "1", async process(asset, { text }) {
           if (asset.path.endsWith("a000333.dita")) { ${deed} }
         } };`,
      );
      let crashes = 0;
      for (let ended = false; !ended;) {
        const command = ["process", "/", "--assets", assets, "--store", store, "--plugin", plugin, ...flags];
        const { code, signal, err } = await bench.run(command);
        ended = /SUCCESS|Failed/.test(err) || (code === 1 && signal === null && !err.includes("ended by"));
        if (!ended) crashes++;
        if (crashes > 8) throw new Error(`no end: ${err}`);
      }
      const answer = await bench.call(["history", "--store", store, "--json"]);
      const job = JSON.parse(answer.out);
      expect(job).to.include({ status: "SUCCESS", succeededCount: 599, failedCount: 1, attempt: 1 });
      expect(crashes).to.equal(5);
      const failures = await bench.call(["failures", job.processingId, "--store", store, "--json"]);
      expect(JSON.parse(failures.out)).to.include({
        code: "POISON",
        path: "/content/dam/t/f000/a000333.dita",
        attempts: 3,
      });
    });
  }
});
