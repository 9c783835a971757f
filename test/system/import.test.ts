import { expect } from "chai";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonLines, TOPIC, Workbench } from "../cli/workbench.js";
import { freshSchema, type PostgresServer, sharedPostgres } from "../support/postgres-server.js";

const ROOT = "/content/dam/t";

/** Below a content folder: every file with its bytes' SHA-256. */
function filesIn(folder: string): readonly { readonly name: string; readonly hash: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return { name: entry.name, hash: createHash("sha256").update(bytes).digest("hex") };
    });
}

describe("assetmill import", () => {
  let server: PostgresServer;
  let bench: Workbench;

  before(async () => {
    server = await sharedPostgres();
  });
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const postgres = (): string => `${server.url}?schema=${freshSchema()}`;

  for (const [name, uri] of [
    ["SQLite", () => `sqlite:${bench.path("assets.sqlite")}?`],
    ["PostgreSQL", () => `${postgres()}&`],
  ] as const) {
    it(`keeps contents as files with ?content=DIR, from which a job over ${name} is processed to its end`, async () => {
      const folder = bench.path("contents");
      const assets = `${uri()}content=${encodeURIComponent(folder)}`;
      bench.tree({ "a.dita": TOPIC, "b/same.dita": TOPIC, "b/c.txt": "C" });
      const imported = await bench.call(["import", bench.path("tree"), ROOT, "--assets", assets, "--json"]);
      expect(imported.code, imported.err).to.equal(0);
      const hashes = [TOPIC, "C"].map((text) => createHash("sha256").update(text).digest("hex")).sort();
      const kept = filesIn(folder);
      expect(kept.map(({ hash }) => hash).sort(), "one file serves equal contents").to.deep.equal(hashes);
      expect(kept.filter(({ name: file, hash }) => file !== hash)).to.deep.equal([]);

      const ended = await bench.call(["process", ROOT, "--assets", assets, "--json"]);
      expect(ended.code, ended.err).to.equal(0);
      expect(jsonLines(ended).at(-1)).to.include({ status: "SUCCESS", succeededCount: 2, skippedCount: 1 });
      const shown = await bench.call(["show", `${ROOT}/b/same.dita`, "--assets", assets, "--json"]);
      expect(jsonLines(shown)[0].properties).to.include({ fmditaTitle: "T" });

      bench.write("tree/a.dita", TOPIC.replace("T<", "New<"));
      const again = await bench.call(["import", bench.path("tree"), ROOT, "--assets", assets, "--json"]);
      expect(jsonLines(again)[0]).to.deep.equal({ created: 0, replaced: 1, unchanged: 2, failed: 0 });
    });
  }

  it("rejects a prefix or schema that is no plain name by the option's name, and creates nothing", async () => {
    bench.tree({ "a.dita": TOPIC });
    for (const [assets, field] of [
      [`sqlite:${bench.path("x.sqlite")}?prefix=a-b`, "prefix"],
      [`sqlite:${bench.path("x.sqlite")}?prefix=${encodeURIComponent('a"b')}`, "prefix"],
      [`${server.url}?schema=a.b`, "schema"],
      [`${server.url}?schema=${encodeURIComponent("x; drop")}`, "schema"],
      [`sqlite:${bench.path("x.sqlite")}?driver=other`, "driver"],
      [bench.tree({ "a.dita": TOPIC }), "assets"],
    ] as const) {
      const answer = await bench.call(["import", bench.path("tree"), ROOT, "--assets", assets, "--json"]);
      expect(answer.code, assets).to.equal(2);
      const problem = jsonLines(answer)[0];
      expect([problem.code, problem.errors?.[0]?.field], assets).to.deep.equal(["INVALID_PARAMETER", field]);
    }
    expect(bench.has("x.sqlite")).to.equal(false);
  });
});
