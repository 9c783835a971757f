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

/** Whatever turns the direction of a text. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const TURNED = "\u202egpj.\u2066x\u2069\u200f\u061c";

describe("names with characters that turn the direction of the text", () => {
  const bench = new Workbench();
  const target = `sqlite:${bench.path("target.sqlite")}`;
  const root = `${ROOT}/${TURNED}`;
  let assets: string;
  let store: readonly string[];
  let id: string;

  before(async () => {
    bench.tree({ [`${TURNED}/${TURNED}.dita`]: TOPIC, [`${TURNED}/bad${TURNED}.dita`]: "<no" });
    assets = `folder:${bench.path("tree")}?mount=${ROOT}`;
    store = ["--store", bench.store];
    const ran = await bench.run(["process", root, "--assets", assets, ...store]);
    expect(ran.code, ran.err).to.equal(1);
    id = (await bench.ask("history"))[0].processingId;
  });
  after(() => bench.dispose());

  /** Each command, as it ends well or is refused, with what it must have printed for this to mean anything. */
  const printing = (): Readonly<Record<string, readonly [args: readonly string[], said: RegExp]>> => ({
    process: [["process", root, "--assets", assets, ...store], /completed with 1 failed/],
    "a dry run": [["process", root, "--assets", assets, "--dry-run", ...store], /First: \$'/],
    outcomes: [["outcomes", id, ...store], /u202e/],
    failures: [["failures", id, ...store], /u202e/],
    logs: [["logs", id, ...store], /u202e/],
    status: [["status", id, ...store], /u202e/],
    history: [["history", ...store], /u202e/],
    show: [["show", `${root}/${TURNED}.dita`, "--assets", assets, ...store], /u202e/],
    "show of nothing": [["show", `${root}/none`, "--assets", assets, ...store], /u202e/],
    import: [["import", bench.path("tree", TURNED), `/n${"x".repeat(4_052)}/${TURNED}`, "--assets", target], /u202e/],
    "an unknown path": [["process", `${root}/none`, "--assets", assets, ...store], /u202e/],
    "an excluded path": [["process", root, "--exclude", `${root}/none`, "--assets", assets, ...store], /u202e/],
    "a plugin's name": [["process", root, "--plugin", `${TURNED}.mjs`, "--assets", assets, ...store], /u202e/],
    "a store's name": [["history", "--store", `sqlite:${bench.path(TURNED)}`], /u202e/],
    "a wrong URI": [["process", root, "--assets", `${TURNED}:x`, ...store], /u202e/],
    "a folder's name": [["process", root, "--assets", `folder:${bench.path(`none${TURNED}`)}`, ...store], /u202e/],
    "an unknown job": [["status", TURNED, ...store], /u202e/],
    "a wrong flag": [["process", root, "--concurrency", TURNED, "--assets", assets], /u202e/],
    "an unknown flag": [["process", root, `--${TURNED}`], /u202e/],
    "an unknown command": [[TURNED], /u202e/],
    "an action": [["retry-failed", id, ...store], /u202e/],
    "a password's name": [["hash-password", TURNED], /must not contain/],
  });

  it("are escaped wherever a command prints them", async () => {
    const said: Record<string, string> = {};
    for (const [name, [args]] of Object.entries(printing())) {
      const { out, err } = await bench.run(args);
      said[name] = out + err;
    }
    const silent = Object.entries(printing()).filter(([name, [, wanted]]) => !wanted.test(said[name] ?? ""));
    expect(
      silent.map(([name]) => `${name}: ${said[name]}`),
      "checks that cannot fail",
    ).to.deep.equal([]);
    const turned = Object.entries(said).filter(([, text]) => BIDI.test(text));
    expect(turned.map(([name]) => name)).to.deep.equal([]);
  });

  it("are escaped in --json too, which means the same", async () => {
    for (const command of [["outcomes", id], ["history"], ["status", id], ["logs", id]]) {
      const { out } = await bench.run([...command, ...store, "--json"]);
      expect(out, command[0]).not.to.match(BIDI);
      expect(out, command[0]).to.match(/\\u202e/);
    }
    const outcomes = jsonLines(await bench.run(["outcomes", id, ...store, "--json"]));
    expect(outcomes.map(({ path }) => path)).to.deep.equal([`${root}/bad${TURNED}.dita`, `${root}/${TURNED}.dita`]);
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
