import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { jsonLines, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/t";
/** How long each listing of a folder takes. */
const LISTING_MS = 1_200;
/** A process says what it does after about a second at work, and is then killed after so long. */
const THEN_KILLED_MS = 1_000;
const MOST_LIVES = 15;

/** Loaded before the command: a disk that takes long to list a folder. */
const SLOW = `
  import promises from "node:fs/promises";
  import { syncBuiltinESMExports } from "node:module";
  import { setTimeout as sleep } from "node:timers/promises";
  const { readdir } = promises;
  promises.readdir = async (...asked) => {
    await sleep(${LISTING_MS});
    return readdir(...asked);
  };
  syncBuiltinESMExports();
`;

describe("a job over a slow folder whose process is killed every two seconds", () => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  it("ends SUCCESS: each life of a process makes progress, however deep the folder that it resumes in", async () => {
    const names = ["", "a", "b", "c"].map((_, depth, all) => all.slice(1, depth + 1).join("/"));
    const files = names.flatMap((folder) => ["0.dita", "z.dita"].map((name) => (folder ? `${folder}/${name}` : name)));
    const assets = bench.tree(Object.fromEntries(files.map((file) => [file, TOPIC])));
    const env = { NODE_OPTIONS: `--import ${bench.write("slow.mjs", SLOW)}` };
    const args = ["process", ROOT, "--assets", assets, "--store", bench.store, "--json"];
    let lives = 0;
    for (;;) {
      expect(++lives, "lives without an end").to.be.at.most(MOST_LIVES);
      const command = bench.start(args, { env });
      await command.says(/"processingId"/);
      await Promise.race([sleep(THEN_KILLED_MS), command.ended]);
      if (command.isAlive) {
        await command.kill();
        continue;
      }
      const ended = await command.ended;
      expect(ended.code, ended.err).to.equal(0);
      expect(jsonLines(ended).at(-1)).to.include({ status: "SUCCESS", succeededCount: files.length });
      break;
    }
    expect(lives, "kills that hit discovery").to.be.at.least(4);
  });
});
