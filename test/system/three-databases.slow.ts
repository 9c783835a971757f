import { expect } from "chai";
import { mkdirSync } from "node:fs";
import { createAssetmill } from "../../src/index.js";
import { jsonLines, Workbench } from "../cli/workbench.js";
import { freshSchema, sharedPostgres } from "../support/postgres-server.js";
import { DOCS_ROOT, folderUri, realDocs } from "./real-docs.js";

/** What a job left, without what differs from run to run. */
interface Left {
  readonly counts: object;
  readonly outcomes: readonly object[];
  readonly results: readonly object[];
  readonly warnings: readonly string[];
  readonly summary: readonly string[];
}

describe("the same job over a folder, SQLite and PostgreSQL", () => {
  const docs = realDocs("the same job over three kinds of repository");
  const bench = new Workbench();
  let postgres: () => string;
  let expected: Left;

  before(async () => {
    const { url } = await sharedPostgres();
    postgres = () => `${url}?schema=${freshSchema()}`;
    expected = await leftBy("folder", folderUri(docs));
    expect(expected.results.length).to.be.greaterThan(10);
    expect(expected.summary.at(-1)).to.match(/^INFO: \[ASSET_PROCESSING\] Ended SUCCESS: completed/);
  });
  after(() => bench.dispose());

  /** The one command line, in a folder of its own; `assets` is the word that is swapped. */
  async function leftBy(name: string, assets: string, store?: string): Promise<Left> {
    const cwd = bench.path(name);
    mkdirSync(cwd, { recursive: true });
    if (!assets.startsWith("folder:")) {
      const imported = await bench.run(["import", docs, DOCS_ROOT, "--assets", assets, "--json"], { cwd });
      expect(imported.code, imported.err).to.equal(0);
    }
    const more = store === undefined ? [] : ["--store", store];
    const ended = await bench.run(["process", DOCS_ROOT, "--assets", assets, "--json", ...more], { cwd });
    expect(ended.code, ended.err).to.equal(0);
    const report = jsonLines(ended).at(-1);
    const ofFolder = (uri: string): string => uri.replace(/^sqlite:(?!\/)/, `sqlite:${cwd}/`);
    const jobs = ofFolder(store ?? (assets.startsWith("folder:") ? "sqlite:assetmill.sqlite" : assets));
    const mill = await createAssetmill({ assets: ofFolder(assets), store: jobs, autoStart: false });
    try {
      const { outcomes } = await mill.operator.outcomes(report.processingId, {
        kinds: ["SUCCEEDED", "FAILED", "SKIPPED"],
        limit: 1_000,
      });
      const results: object[] = [];
      for (const { path } of outcomes) {
        const result = await mill.operator.results(path);
        if (result === undefined) continue;
        expect(result.jobId).to.equal(report.processingId);
        const { stamp, ...rest } = result;
        // When a file was changed, only a folder knows.
        const basis = { ...stamp.basis, changedMs: undefined };
        results.push({ ...rest, stamp: { ...stamp, basis }, jobId: undefined, at: undefined });
      }
      const { lines } = await mill.operator.logs(report.processingId, { limit: 10_000 });
      const texts = lines.map((line) => line.slice("2026-01-31 08:00:00:000: ".length));
      const total = texts.findLastIndex((line) => line.includes("] Total "));
      const { succeededCount, failedCount, skippedCount, triggeredCount, migrationSet, comments } = report;
      return {
        counts: { succeededCount, failedCount, skippedCount, triggeredCount, migrationSet, comments },
        outcomes: outcomes.map((outcome) => ({ ...outcome, at: undefined })),
        results,
        warnings: texts.filter((line) => line.startsWith("WARN: ")).sort(),
        summary: texts.slice(total).filter((line) => !/\] Time \d/.test(line)),
      };
    } finally {
      await mill.close();
    }
  }

  function expectSame(left: Left): void {
    for (const what of ["counts", "outcomes", "results", "warnings", "summary"] as const)
      expect(left[what], what).to.deep.equal(expected[what]);
  }

  for (const driver of ["sqlite3", "better-sqlite3"]) {
    it(`gives the folder's outcomes, references and log summary on SQLite by ${driver}`, async () => {
      expectSame(await leftBy(driver, `sqlite:assets.sqlite?driver=${driver}`));
    });
  }

  it("gives the folder's outcomes, references and log summary on PostgreSQL", async () => {
    expectSame(await leftBy("postgres", postgres()));
  });

  it("gives them with assets and jobs in two SQLite files, where results cannot join the jobs' transactions", async () => {
    expectSame(await leftBy("two-files", "sqlite:a.sqlite", "sqlite:b.sqlite"));
  });

  it("gives them with assets in PostgreSQL and jobs in SQLite, and the other way round", async () => {
    expectSame(await leftBy("postgres-sqlite", postgres(), "sqlite:b.sqlite"));
    expectSame(await leftBy("sqlite-postgres", "sqlite:a.sqlite", postgres()));
  });
});
