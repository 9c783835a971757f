import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import type { LogQuery } from "../../src/core/ports/job-operator.js";
import { tempFolder } from "../support/temp-folder.js";
import { BASE, client } from "./client.js";
import { FakeOperator, uuid } from "./fake-operator.js";
import { quietly } from "./quietly.js";
import { Servers } from "./served.js";
import { itMeasures } from "../support/timed.js";

const run = promisify(execFile);

const DOWNLOAD = `${BASE}/logs/download`;

describe("GET logs/download", () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ folder, remove } = await tempFolder());
  });
  after(() => remove());

  /** What is in a ZIP, by name, as `unzip` sees it; fails where it finds anything wrong with it. */
  async function unzipped(bytes: ArrayBuffer): Promise<Readonly<Record<string, string>>> {
    const zip = join(folder, "answer.zip");
    await writeFile(zip, Buffer.from(bytes));
    await run("unzip", ["-t", zip]);
    const { stdout } = await run("unzip", ["-Z1", zip]);
    const files: Record<string, string> = {};
    for (const name of stdout.trimEnd().split("\n")) files[name] = (await run("unzip", ["-p", zip, name])).stdout;
    return files;
  }

  it("is a ZIP of the log alone where nothing failed or was skipped", async () => {
    const { app, operator } = client();
    operator.lines.push("größer", "x".repeat(5000));
    const { processingId } = operator.withJob();
    const response = await app.request(`${DOWNLOAD}?processingId=${processingId}`);
    expect([response.status, response.headers.get("content-type")]).to.deep.equal([200, "application/zip"]);
    expect(response.headers.get("content-disposition")).to.equal(`attachment; filename="${processingId}-logs.zip"`);
    expect(await unzipped(await response.arrayBuffer())).to.deep.equal({
      [`${processingId}.log`]: operator.lines.map((line) => `${line}\n`).join(""),
    });
  });

  it("holds the failures, too, where there are any", async () => {
    const { app, operator } = client();
    operator.reported.push(
      { path: "/a/a", outcome: "SUCCEEDED", attempts: 1, at: 1 },
      { path: "/a/b", outcome: "FAILED", code: "X", message: "bad, really", handler: "h", attempts: 3, at: 2 },
      { path: "/a/c", outcome: "SKIPPED", code: "UNCHANGED", attempts: 0, at: 3 },
    );
    const { processingId } = operator.withJob({ failedCount: 1, skippedCount: 1 });
    const response = await app.request(`${DOWNLOAD}?processingId=${processingId}`);
    const files = await unzipped(await response.arrayBuffer());
    expect(Object.keys(files)).to.deep.equal([`${processingId}.log`, "failures.csv"]);
    const rows = ['/a/b,FAILED,X,"bad, really",h,3,2', "/a/c,SKIPPED,UNCHANGED,,,0,3"];
    expect(files["failures.csv"]?.split("\r\n")).to.deep.equal([
      "path,outcome,code,message,handler,attempts,at",
      ...rows,
      "",
    ]);
  });

  it("is a good ZIP of an empty log", async () => {
    const { app, operator } = client();
    operator.lines.splice(0);
    const { processingId } = operator.withJob();
    const response = await app.request(`${DOWNLOAD}?processingId=${processingId}`);
    expect(await unzipped(await response.arrayBuffer())).to.deep.equal({ [`${processingId}.log`]: "" });
  });

  it("names URL paths of this server where JSON is wanted, and each gives that file", async () => {
    const { ask, operator } = client();
    const { processingId } = operator.withJob({ skippedCount: 1 });
    operator.reported.push({ path: "/a/c", outcome: "SKIPPED", code: "GONE", attempts: 0, at: 3 });
    const headers = { Accept: "application/json" };
    const { body } = await ask(`${DOWNLOAD}?processingId=${processingId}`, { headers });
    expect(body).to.deep.equal({
      logFilePaths: ["log", "failures"].map((file) => `${DOWNLOAD}?processingId=${processingId}&file=${file}`),
    });
    const [log, failures] = await Promise.all((body.logFilePaths as string[]).map((path) => ask(path)));
    expect(log?.text).to.equal("one\ntwo\nthree\n");
    expect(log?.headers.get("content-type")).to.equal("text/plain; charset=utf-8");
    expect(log?.headers.get("content-disposition")).to.equal(`attachment; filename="${processingId}.log"`);
    expect(failures?.headers.get("content-type")).to.equal("text/csv; charset=utf-8");
    expect(failures?.text).to.include("/a/c,SKIPPED,GONE,,,0,3\r\n");
  });

  it("names the log alone where nothing failed or was skipped, and as the caller wrote the path", async () => {
    const { ask, operator } = client({ basePath: "/jobs" });
    const { processingId } = operator.withJob();
    const headers = { Accept: "application/json" };
    const { body } = await ask(`/jobs/logs/download?processingId=${processingId}`, { headers });
    expect(body.logFilePaths).to.deep.equal([`/jobs/logs/download?processingId=${processingId}&file=log`]);
  });

  for (const [accept, type] of [
    ["*/*", "application/zip"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "application/zip"],
    ["application/*", "application/zip"],
    ["application/zip, application/json;q=0.9", "application/zip"],
    ["application/json, */*;q=0.1", "application/json"],
  ] as const) {
    it(`is ${type} where Accept says ${accept}, for HEAD as well`, async () => {
      const { ask, operator } = client();
      const { processingId } = operator.withJob();
      for (const method of ["GET", "HEAD"]) {
        const answer = await ask(`${DOWNLOAD}?processingId=${processingId}`, { method, headers: { Accept: accept } });
        expect([answer.status, answer.headers.get("content-type")]).to.deep.equal([200, type]);
      }
    });
  }

  for (const [query, code, field] of [
    ["", "INVALID_PARAMETER", "processingId"],
    ["processingId=a&file=passwd", "INVALID_PARAMETER", "file"],
    ["processingId=a&file=../log", "INVALID_PARAMETER", "file"],
    ["processingId=a&file=log&file=log", "INVALID_PARAMETER", "file"],
    ["processingId=a&tail=5", "UNKNOWN_FIELD", "tail"],
  ] as const) {
    it(`refuses "${query}" naming ${field}`, async () => {
      const { status, body } = await client().ask(`${DOWNLOAD}?${query}`);
      expect([status, body.code, body.errors[0].field]).to.deep.equal([400, code, field]);
    });
  }

  it("of a job that is not known is a problem, not a file", async () => {
    const { status, headers, body } = await client().ask(`${DOWNLOAD}?processingId=nope`);
    expect([status, headers.get("content-type"), body.code]).to.deep.equal([
      400,
      "application/problem+json",
      "JOB_NOT_FOUND",
    ]);
  });
});

const LINE = `2026-01-31 08:00:00:000: INFO: [ASSET_PROCESSING] ${"/content/dam/some/where/topic.dita: ".padEnd(100, "w")}`;

/** A log of so many lines, made when they are asked for. */
class LongLog extends FakeOperator {
  peakRss = 0;
  failAt = Number.POSITIVE_INFINITY;
  readonly #count: number;

  constructor(count: number) {
    super();
    this.#count = count;
  }

  override async logs(_id: string, { offset = 0, limit = 500 }: LogQuery = {}) {
    await new Promise((resolve) => setImmediate(resolve));
    this.peakRss = Math.max(this.peakRss, process.memoryUsage.rss());
    if (offset >= this.failAt) throw new Error("disk gone");
    const lines = Array.from({ length: Math.min(limit, this.#count - offset) }, (_, i) => `${LINE} ${offset + i}`);
    return { lines, limit, offset, hasMore: offset + lines.length < this.#count };
  }
}

describe("a download of 1,000,000 lines", function () {
  const servers = new Servers();
  let folder: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
  });
  afterEach(async () => {
    await servers.close();
    await remove();
  });

  const fetched = async (operator: LongLog, query: string, to: string): Promise<number> => {
    const { processingId } = operator.withJob();
    const response = await fetch(`${await servers.over(operator)}${DOWNLOAD}?processingId=${processingId}${query}`);
    expect(response.status).to.equal(200);
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(to));
    return operator.peakRss;
  };

  for (const [what, query, name] of [
    ["as a ZIP", "", "answer.zip"],
    ["as text", "&file=log", "answer.log"],
  ] as const) {
    const download = async (): Promise<number> => {
      const target = join(folder, name);
      await fetched(new LongLog(100_000), query, target); // warm
      const small = await fetched(new LongLog(100_000), query, target);
      const large = await fetched(new LongLog(1_000_000), query, target);
      const growth = (large - small) / 1024 / 1024;
      process.stdout.write(`      peak RSS ${what}: ${growth.toFixed(1)} MB above that of 100,000 lines\n`);
      if (query === "") await run("unzip", ["-t", target]);
      const text = query === "" ? `unzip -p ${target}` : `cat ${target}`;
      const { stdout } = await run("sh", ["-c", `${text} | wc -l; ${text} | tail -1`]);
      expect(stdout.trim().split("\n")).to.deep.equal(["1000000", `${LINE} 999999`]);
      return growth;
    };
    itMeasures(`${what} holds every line`, download, `${what} needs no more memory than one of 100,000`, (growth) =>
      expect(growth).to.be.lessThan(40),
    );
  }

  it("that fails under way is a broken transfer", async () => {
    for (const query of ["", "&file=log"]) {
      const operator = new LongLog(1_000_000);
      operator.failAt = 500_000;
      const target = join(folder, "broken");
      const end = await quietly(() => fetched(operator, query, target)).then(
        () => "complete",
        () => "broken",
      );
      expect(end, query).to.equal("broken");
    }
  });

  it("stops being made once the client is gone", async () => {
    const operator = new LongLog(1_000_000);
    operator.withJob();
    const origin = await servers.over(operator);
    const going = new AbortController();
    const response = await fetch(`${origin}${DOWNLOAD}?processingId=${uuid(1)}`, { signal: going.signal });
    await response.body?.getReader().read();
    going.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = operator.peakRss;
    operator.peakRss = 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([before > 0, operator.peakRss]).to.deep.equal([true, 0]);
  });
});
