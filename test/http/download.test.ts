import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { tempFolder } from "../support/temp-folder.js";
import { BASE, client } from "./client.js";

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

  it("is a ZIP of the log alone if nothing failed or was skipped", async () => {
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

  it("has its failures with the UTF-8 mark unless bom=false says otherwise, and names them as they were requested", async () => {
    const { app, ask, operator } = client();
    operator.reported.push({ path: "/a/b", outcome: "FAILED", code: "X", message: "m", attempts: 1, at: 2 });
    const { processingId } = operator.withJob({ failedCount: 1 });
    for (const [bom, mark] of [
      ["", "\ufeff"],
      ["&bom=true", "\ufeff"],
      ["&bom=false", ""],
    ] as const) {
      const path = `${DOWNLOAD}?processingId=${processingId}${bom}`;
      const files = await unzipped(await (await app.request(path)).arrayBuffer());
      expect(files["failures.csv"]?.startsWith(`${mark}path,outcome`), bom).to.equal(true);
      const { body } = await ask(path, { headers: { Accept: "application/json" } });
      expect(body.logFilePaths).to.deep.equal([
        `${DOWNLOAD}?processingId=${processingId}&file=log`,
        `${DOWNLOAD}?processingId=${processingId}&file=failures${bom}`,
      ]);
    }
  });

  it("also contains the failures if there are any", async () => {
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
    const rows = [
      '/a/b,FAILED,X,"bad, really",h,3,1970-01-01T00:00:00.002Z',
      "/a/c,SKIPPED,UNCHANGED,,,0,1970-01-01T00:00:00.003Z",
    ];
    expect(files["failures.csv"]?.split("\r\n")).to.deep.equal([
      "\ufeffpath,outcome,code,message,handler,attempts,at",
      ...rows,
      "",
    ]);
  });

  it("is a valid ZIP for an empty log", async () => {
    const { app, operator } = client();
    operator.lines.splice(0);
    const { processingId } = operator.withJob();
    const response = await app.request(`${DOWNLOAD}?processingId=${processingId}`);
    expect(await unzipped(await response.arrayBuffer())).to.deep.equal({ [`${processingId}.log`]: "" });
  });

  it("names URL paths of this server if JSON is requested, and each returns that file", async () => {
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
    expect(failures?.text).to.include("/a/c,SKIPPED,GONE,,,0,1970-01-01T00:00:00.003Z\r\n");
  });

  it("names the log alone if nothing failed or was skipped, under the path that the caller used", async () => {
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
    it(`is ${type} if Accept is ${accept}, for HEAD as well`, async () => {
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

  it("answers a problem, not a file, for an unknown job", async () => {
    const { status, headers, body } = await client().ask(`${DOWNLOAD}?processingId=nope`);
    expect([status, headers.get("content-type"), body.code]).to.deep.equal([
      400,
      "application/problem+json",
      "JOB_NOT_FOUND",
    ]);
  });
});
