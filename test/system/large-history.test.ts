import { expect } from "chai";
import { cancel } from "../../src/core/job/job-transitions.js";
import { createAssetmill, type Assetmill } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { jsonLines, Workbench } from "../cli/workbench.js";
import { openDatabase, storesOn } from "../support/sqlite-store.js";
import { draftOf } from "../support/store-steps.js";

const BASE = "/bin/guides/v1/assets/process";
/** What no answer may exceed, by far less than what the jobs hold. */
const MOST_BYTES = 8 << 20;

/** Distinct paths of so many characters each. */
const paths = (count: number, length: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `/root/${String(i).padStart(length - 6, "x")}`);

const MANY = paths(10_000, 100);
const LONG = paths(100, 4_000);
const ROOTS = paths(1_000, 300);

/** The requests of a store that holds 120 MB of them: with many, with long, with few excluded paths, with many roots. */
const REQUESTS = Array.from({ length: 160 }, (_, i) =>
  i % 2 === 0
    ? { excludedPaths: MANY }
    : i % 4 === 1
      ? { paths: LONG, excludedPaths: LONG }
      : i % 8 === 3
        ? { excludedPaths: LONG.slice(0, 3) }
        : { paths: ROOTS },
);

describe("a history of jobs with large requests", () => {
  const bench = new Workbench();
  /** Oldest first. */
  const ids: string[] = [];
  let mill: Assetmill;

  before(async () => {
    const database = await openDatabase(bench.path("store.sqlite"));
    const { jobs } = storesOn(database);
    for (const request of REQUESTS) {
      const { id } = await jobs.create(draftOf({}, { dryRun: true, ...request }), async () => {});
      await jobs.update(id, ({ job, facts }) => cancel(job, "ann", facts));
      ids.push(id);
    }
    await database.close();
    mill = await createAssetmill({
      assets: new MemoryAssetRepository({ "/root/a.txt": "" }),
      store: bench.store,
      plugins: [{ name: "own", version: "1", process: () => undefined }],
      builtIns: false,
      autoStart: false,
    });
  });
  after(async () => {
    await mill.close();
    await bench.dispose();
  });

  const ask = async (path: string): Promise<{ readonly body: any; readonly bytes: number }> => {
    const headers = { Authorization: `Bearer ${mill.token ?? ""}` };
    const response = await mill.fetch(new Request(`http://localhost${BASE}${path}`, { headers }));
    const text = await response.text();
    expect(response.status, text.slice(0, 200)).to.equal(200);
    return { body: text.startsWith("{") ? JSON.parse(text) : text, bytes: text.length };
  };

  /** The whole history over HTTP, from answer to answer. */
  async function walk(query: string): Promise<readonly any[]> {
    const seen: any[] = [];
    for (let before = ""; ;) {
      const { body, bytes } = await ask(`/history?${query}${before}`);
      expect(bytes).to.be.lessThan(MOST_BYTES);
      expect(body.executionHistory.length === 0 && "next" in body, "an empty page that goes on").to.equal(false);
      seen.push(...body.executionHistory);
      if (!("next" in body)) return seen;
      expect(body.next).to.equal(body.executionHistory.at(-1).processingId);
      before = `&before=${body.next}`;
    }
  }

  const idsOf = (reports: readonly any[]): readonly string[] => reports.map(({ processingId }) => processingId);

  it("is answered in pages of bounded size, whose cursors lead to every job once", async () => {
    for (const query of ["limit=1000", "limit=7", "", "limit=1000&status=CANCELLED&createdBy=ann"]) {
      expect(idsOf(await walk(query)), query).to.deep.equal([...ids].reverse());
    }
    const { body } = await ask("/history?limit=1000");
    expect(body.executionHistory.length).to.be.within(2, ids.length - 1);
  });

  it("has no cursor on its last page", async () => {
    for (const limit of [2, 1_000]) {
      const { body } = await ask(`/history?before=${ids[2]}&limit=${limit}`);
      expect(idsOf(body.executionHistory)).to.deep.equal([ids[1], ids[0]]);
      expect(body).to.have.all.keys("executionHistory");
    }
    expect((await ask(`/history?before=${ids[0]}`)).body).to.deep.equal({ executionHistory: [] });
    expect((await ask("/history?path=/nowhere")).body).to.deep.equal({ executionHistory: [] });
  });

  it("shows the first 100 paths of each list and how many there are, and a shorter list whole", async () => {
    const reports = await walk("limit=1000");
    const shown = reports.map((report) => [
      report.excludedPaths?.length,
      report.excludedPathsCount,
      report.paths.length,
      report.pathsCount,
    ]);
    const expected = REQUESTS.map(({ paths: roots, excludedPaths }) => {
      const cut = (list: readonly string[] | undefined) =>
        list && list.length > 100 ? [100, list.length] : [list?.length, undefined];
      return [...cut(excludedPaths), ...cut(roots ?? ["/root"])];
    });
    expect(shown).to.deep.equal(expected.reverse());
    expect(reports.at(-1).excludedPaths).to.deep.equal(MANY.slice(0, 100));
  });

  it("leaves the status whole", async () => {
    for (const [i, { paths: roots = ["/root"], excludedPaths }] of REQUESTS.slice(0, 8).entries()) {
      const { body } = await ask(`/status?processingId=${ids[i]}`);
      expect(body.paths).to.deep.equal(roots);
      expect(body.excludedPaths).to.deep.equal(excludedPaths);
      expect(body).to.not.have.any.keys("excludedPathsCount", "pathsCount");
    }
  });

  it("is not repeated by logs: their first line names 100 paths and says how many more there are", async () => {
    const large = REQUESTS.findIndex(({ excludedPaths = [] }) => excludedPaths.length > 1_000);
    const { lines } = await mill.operator.logs(ids[large] ?? "", { limit: 1 });
    expect(lines[0]).to.match(/, \/[^ ,]+ and \d+ more\]/);
    expect(lines[0]?.length).to.be.below((LONG[0]?.length ?? 0) * 210);
  });

  it("is printed by the command as the API returns it, as many as requested", async () => {
    for (const limit of [1_000, 50]) {
      const { out, code } = await bench.call(["history", "--json", "--limit", String(limit), "--store", bench.store]);
      expect(code).to.equal(0);
      expect(jsonLines({ out })).to.deep.equal((await walk("limit=1000")).slice(0, limit));
    }
  });

  it("is not repeated by events: they say only how many paths are excluded", async () => {
    const { body } = await ask(`/events?processingId=${ids[0]}`);
    const events = (body as string).split("\n\n").filter((event) => event.startsWith("event: status"));
    const reports = events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? ""));
    expect(reports.length).to.be.greaterThan(0);
    for (const report of reports) {
      expect(report).to.include({ processingId: ids[0], status: "CANCELLED", excludedPathsCount: MANY.length });
      expect(report).to.not.have.property("excludedPaths");
    }
  });
});
