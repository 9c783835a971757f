import { expect } from "chai";
import type { Ended } from "./running-command.js";
import { jsonLines, linesOf, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/t";
const NAMES = [
  "a\u001b[31mred.dita",
  "b\nnew.dita",
  "c\r\u001b]0;title\u0007.dita",
  "d\u007f\u009b.dita",
  "e\ttab.dita",
];
/** Everything that moves a terminal's cursor, colour or title. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

describe("names and messages with control characters", () => {
  const bench = new Workbench();
  let id: string;
  let ran: Ended;
  const at = (...args: readonly string[]): Promise<Ended> => bench.run([...args, "--store", bench.store]);

  before(async () => {
    const assets = bench.tree(Object.fromEntries(NAMES.map((name) => [name, TOPIC])));
    const plugin = bench.write(
      "loud.mjs",
      `export default { name: "loud", version: "1", process(asset, { logger }) {
         logger.warn("first\\nsecond \\u001b[2J");
         if (asset.path.includes("new")) throw new Error("broken\\nin two \\u001b[31m\\r");
         return { properties: { loud: "x\\u001b[31m\\ny" } };
       } };`,
    );
    ran = await at("process", ROOT, "--assets", assets, "--plugin", plugin);
    id = (await bench.ask("history"))[0].processingId;
  });
  after(() => bench.dispose());

  it("do not control the terminal when process prints them", () => {
    expect(ran.code).to.equal(1);
    expect(ran.out).not.to.match(CONTROL);
    expect(ran.err).not.to.match(CONTROL);
  });

  it("are escaped in the log: one event is one line", async () => {
    const [plain, json] = await Promise.all([at("logs", id), at("logs", id, "--json")]);
    const texts = jsonLines(json).map(({ text }) => text as string);
    for (const text of texts) {
      expect(text).to.match(/^\d{4}-\d\d-\d\d .*: \[ASSET_PROCESSING\] /);
      expect(text).not.to.match(/[\u0000-\u001f\u007f-\u009f]/);
    }
    expect(linesOf(plain)).to.deep.equal(texts);
    expect(texts.filter((text) => text.includes("first\\nsecond"))).to.have.length(NAMES.length);
    expect(
      texts.filter((text) => text.includes(`Failed ${ROOT}/b\\nnew.dita: HANDLER_ERROR broken\\nin two`)),
    ).to.have.length(1);
  });

  it("are exact in --json, with one object per line", async () => {
    const outcomes = jsonLines(await at("outcomes", id, "--json"));
    expect(outcomes.map(({ path }) => path)).to.deep.equal(NAMES.map((name) => `${ROOT}/${name}`));
    expect(outcomes[1].message).to.equal("broken\nin two \u001b[31m\r");
  });

  it("leave outcomes and failures with one harmless line per asset", async () => {
    const [outcomes, failures] = await Promise.all([at("outcomes", id), at("failures", id)]);
    expect(outcomes.out + failures.out).not.to.match(CONTROL);
    expect(linesOf(outcomes).map((line) => line.split(" ")[0])).to.deep.equal([
      "SUCCEEDED",
      "FAILED",
      "SUCCEEDED",
      "SUCCEEDED",
      "SUCCEEDED",
    ]);
    expect(linesOf(failures)).to.have.length(1);
  });
});

describe("a reader that goes away", () => {
  const bench = new Workbench();
  let id: string;
  const assets = bench.topics(3_000);
  const plugin = bench.write("no.mjs", 'export default { name: "no", version: "1", process() {} };');
  const command = `"$node" "$assetmill"`;
  const process = `process / --assets '${assets}' --plugin '${plugin}' --store '${bench.store}'`;

  before(async () => {
    expect((await bench.shell(`${command} ${process}`)).code).to.equal(0);
    id = (await bench.ask("history"))[0].processingId;
  });
  after(() => bench.dispose());

  it("ends a report quietly if it read standard output", async () => {
    for (const report of ["outcomes", "outcomes --json"]) {
      const line = `${command} ${report.replace("outcomes", `outcomes ${id}`)} --store '${bench.store}' | head -n 1; echo "ended \${PIPESTATUS[0]}"`;
      const { out, err } = await bench.shell(line);
      expect(linesOf({ out })).to.have.length(2);
      expect(linesOf({ out })[1], report).to.equal("ended 0");
      expect(err, report).to.equal("");
    }
  });

  it("does not stop process midway if it read standard error, which shows only progress and hints", async () => {
    const { out } = await bench.shell(
      `${command} ${process} 2>&1 >/dev/null | head -c 1; echo " ended \${PIPESTATUS[0]}"`,
    );
    expect(out).to.match(/ ended 0$/m);
    const [newest] = await bench.ask("history");
    expect(newest).to.include({ status: "SUCCESS", succeededCount: 3_000 });
  });
});
