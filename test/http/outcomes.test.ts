import { expect } from "chai";
import type { ReportedOutcome } from "../../src/core/asset/outcome.js";
import { AssetmillError } from "../../src/core/errors.js";
import type { OutcomeQuery } from "../../src/core/ports/job-reports.js";
import { until } from "../cli/workbench.js";
import { BASE, client } from "./client.js";
import { FakeOperator } from "./fake-operator.js";
import { quietly } from "./quietly.js";
import { Servers } from "./served.js";

const outcome = (i: number, over: Partial<ReportedOutcome> = {}): ReportedOutcome => ({
  path: `/a/${i}.dita`,
  outcome: "SUCCEEDED",
  attempts: 1,
  at: 1_700_000_000_000 + i,
  ...over,
});

const failed = (i: number, message: string): ReportedOutcome =>
  outcome(i, { outcome: "FAILED", code: "X", message, handler: "h" });

const skipped = (i: number): ReportedOutcome => outcome(i, { outcome: "SKIPPED", code: "UNCHANGED", attempts: 0 });

const reporting = (...reported: ReportedOutcome[]) => {
  const setup = client();
  setup.operator.reported.push(...reported);
  return { ...setup, id: setup.operator.withJob().processingId };
};

const ALL = [outcome(0), failed(1, "broken"), skipped(2), outcome(3), failed(4, "worse")];

describe("GET outcomes and failures", () => {
  it("answer a page of JSON as the operator returns it", async () => {
    const { ask, id, operator } = reporting(...ALL);
    expect((await ask(`${BASE}/outcomes?processingId=${id}`)).body).to.deep.equal({ outcomes: ALL, next: null });
    const failures = await ask(`${BASE}/failures?processingId=${id}`);
    expect(failures.body).to.deep.equal({ failures: [ALL[1], ALL[2], ALL[4]], next: null });
    expect(operator.calls.map(({ args }) => args[1])).to.deep.equal([
      { limit: 500 },
      { limit: 500, kinds: ["FAILED", "SKIPPED"] },
    ]);
  });

  it("continue where the previous page ended", async () => {
    const { ask, id } = reporting(...ALL);
    const seen: unknown[] = [];
    let next = "";
    for (let page = 0; page < 10 && next !== null; page++) {
      const { body } = await ask(`${BASE}/outcomes?processingId=${id}&limit=2${next && `&after=${next}`}`);
      seen.push(...body.outcomes);
      expect(body.outcomes).to.have.length(body.next === null ? 1 : 2);
      next = body.next;
    }
    expect(seen).to.deep.equal(ALL);
  });

  for (const name of ["outcomes", "failures"]) {
    for (const [query, code, field] of [
      ["limit=0", "INVALID_PARAMETER", "limit"],
      ["limit=10001", "INVALID_PARAMETER", "limit"],
      ["after=1", "INVALID_PARAMETER", "after"],
      ["after=a.b", "INVALID_PARAMETER", "after"],
      ["after=1.-1", "INVALID_PARAMETER", "after"],
      ["after=", "INVALID_PARAMETER", "after"],
      ["after=1.9999999999", "INVALID_PARAMETER", "after"],
      ["after=0.1&after=0.2", "INVALID_PARAMETER", "after"],
      ["kinds=FAILED", "UNKNOWN_FIELD", "kinds"],
    ] as const) {
      it(`are refused as ${name} with ${query}, naming ${field}`, async () => {
        const { ask, id, operator } = reporting();
        const { status, body } = await ask(`${BASE}/${name}?processingId=${id}&${query}`);
        expect([status, body.code, body.errors[0].field]).to.deep.equal([400, code, field]);
        expect(operator.calls).to.deep.equal([]);
      });
    }
  }

  const accepts: [accept: string | undefined, type: string][] = [
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["application/*", "application/json"],
    ["text/html, */*;q=0.8", "application/json"],
    ["application/x-ndjson", "application/x-ndjson"],
    ["Application/X-NDJSON", "application/x-ndjson"],
    ["text/csv", "text/csv"],
    ["text/csv, application/json", "text/csv"],
    ["application/json;q=0.5, text/csv", "text/csv"],
    ["text/csv;q=0, application/x-ndjson;q=0.1", "application/x-ndjson"],
    ["image/png", "application/json"],
  ];
  for (const [accept, type] of accepts) {
    it(`are ${type} if Accept is ${accept ?? "missing"}`, async () => {
      const { ask, id } = reporting(...ALL);
      for (const method of ["GET", "HEAD"]) {
        const headers: Record<string, string> = accept === undefined ? {} : { Accept: accept };
        const answer = await ask(`${BASE}/outcomes?processingId=${id}`, { method, headers });
        expect([answer.status, answer.headers.get("content-type")?.split(";")[0]]).to.deep.equal([200, type]);
      }
    });
  }

  it("stream everything as NDJSON, one outcome per line", async () => {
    const many = Array.from({ length: 4_500 }, (_, i) => outcome(i));
    const { ask, id, operator } = reporting(...many);
    const headers = { Accept: "application/x-ndjson" };
    const { text } = await ask(`${BASE}/outcomes?processingId=${id}`, { headers });
    expect(text.endsWith("\n")).to.equal(true);
    const lines = text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal(many);
    expect(operator.calls.filter(({ name }) => name === "outcomes").length).to.equal(3);
    const rest = await ask(`${BASE}/outcomes?processingId=${id}&after=0.4497`, { headers });
    expect(rest.text.trimEnd().split("\n")).to.have.length(2);
  });

  it("are an empty NDJSON and only a CSV header if there are no outcomes", async () => {
    const { ask, id } = reporting();
    const ask2 = (accept: string) => ask(`${BASE}/failures?processingId=${id}`, { headers: { Accept: accept } });
    expect((await ask2("application/x-ndjson")).text).to.equal("");
    expect((await ask2("text/csv")).text).to.equal("path,outcome,code,message,handler,attempts,at\r\n");
  });

  it("begin with one UTF-8 mark as CSV, however many pages follow, and with none in other formats", async () => {
    const many = Array.from({ length: 4_500 }, (_, i) => outcome(i, { path: `/größe/${i}.dita` }));
    for (const [outcomes, accept, marks] of [
      [many, "text/csv", 1],
      [[], "text/csv", 1],
      [many, "application/x-ndjson", 0],
    ] as const) {
      const { app, id } = reporting(...outcomes);
      const answer = await app.request(`${BASE}/outcomes?processingId=${id}`, { headers: { Accept: accept } });
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)), accept).to.equal(marks === 1);
      expect(bytes.toString("utf8").split("\ufeff")).to.have.lengthOf(marks + 1);
    }
  });

  it("have the UTF-8 mark as CSV unless bom=false says otherwise", async () => {
    const { app, id } = reporting(failed(0, "größer"));
    for (const [bom, marks] of [
      ["", 1],
      ["&bom=true", 1],
      ["&bom=false", 0],
    ] as const) {
      for (const path of ["outcomes", "failures", "logs/download"]) {
        const query = `?processingId=${id}${path === "logs/download" ? "&file=failures" : ""}${bom}`;
        const answer = await app.request(`${BASE}/${path}${query}`, { headers: { Accept: "text/csv" } });
        const text = Buffer.from(await answer.arrayBuffer()).toString("utf8");
        expect(text.split("\ufeff").length - 1, `${path}${query}`).to.equal(marks);
        expect(text.replace("\ufeff", "")).to.match(/^path,outcome,[\w,]+\r\n\/a\/0\.dita,FAILED,X,größer,/);
      }
    }
  });

  it("are refused with a mark that is neither true nor false, and with one for a format that has none", async () => {
    const { ask, id } = reporting(...ALL);
    for (const [path, accept] of [
      [`/failures?processingId=${id}&bom=yes`, "text/csv"],
      [`/failures?processingId=${id}&bom=`, "text/csv"],
      [`/outcomes?processingId=${id}&bom=true`, "application/json"],
      [`/outcomes?processingId=${id}&bom=false`, "application/x-ndjson"],
      [`/logs/download?processingId=${id}&file=log&bom=true`, "*/*"],
    ] as const) {
      const { status, body } = await ask(`${BASE}${path}`, { headers: { Accept: accept } });
      expect([status, body.code, body.errors?.[0].field], path).to.deep.equal([400, "INVALID_PARAMETER", "bom"]);
    }
  });

  it("are quoted as CSV requires, and keep spreadsheets from evaluating them", async () => {
    const messages: [message: string, cell: string][] = [
      ["plain", "plain"],
      ['say "hi", twice', '"say ""hi"", twice"'],
      ["two\nlines", '"two\nlines"'],
      ["two\rlines", '"two\rlines"'],
      ["=1+1", "'=1+1"],
      ["+1", "'+1"],
      ["-1", "'-1"],
      ["@SUM(A1)", "'@SUM(A1)"],
      ["\tx", `"'\tx"`],
      ["a\tb", '"a\tb"'],
      // Where `;` separates cells, or a tab, a quote amid a line is none: what follows is the beginning of a cell there.
      ["a;=1+1", `"a;'=1+1"`],
      ["a; \uff1d1;b", `"a;' \uff1d1;b"`],
      ["a\t-1", `"a\t'-1"`],
      ["a\r\n\n@b", `"a\r\n\n'@b"`],
      ["a;b=1", '"a;b=1"'],
      ["a, =1", '"a, =1"'],
      ["\n=1+1", `"'\n'=1+1"`],
      ["  =1+1", "'  =1+1"],
      ["\uff1d1", "'\uff1d1"],
      [" 1", " 1"],
      ["\rx", `"'\rx"`],
      ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
      ["größer", "größer"],
    ];
    const { ask, id } = reporting(...messages.map(([message], i) => failed(i, message)));
    const { text } = await ask(`${BASE}/failures?processingId=${id}`, { headers: { Accept: "text/csv" } });
    const rows = messages.map(
      ([, cell], i) => `/a/${i}.dita,FAILED,X,${cell},h,1,${new Date(1_700_000_000_000 + i).toISOString()}`,
    );
    expect(text).to.equal(["path,outcome,code,message,handler,attempts,at", ...rows, ""].join("\r\n"));
  });

  it("refuse a limit for a format that must be complete", async () => {
    const { ask, id } = reporting(...ALL);
    const headers = { Accept: "text/csv" };
    const { status, body } = await ask(`${BASE}/failures?processingId=${id}&limit=5`, { headers });
    expect([status, body.code, body.errors[0].field]).to.deep.equal([400, "INVALID_PARAMETER", "limit"]);
  });

  it("answer a problem in any format if the report fails before its first line", async () => {
    for (const accept of ["application/json", "application/x-ndjson", "text/csv"]) {
      const operator = new FakeOperator().failWith(new AssetmillError("JOB_NOT_FOUND", "no job"));
      const { status, body } = await client({ statusCodes: "semantic" }, operator).ask(
        `${BASE}/outcomes?processingId=x`,
        { headers: { Accept: accept } },
      );
      expect([status, body.code], accept).to.deep.equal([404, "JOB_NOT_FOUND"]);
    }
  });
});

/** Any number of outcomes, a page at a time; what each page costs the reader shows in `pages`. */
class EndlessOperator extends FakeOperator {
  pages = 0;
  readonly #end: number;
  readonly #failure: Error | undefined;

  constructor(end: number, failure?: Error) {
    super();
    this.#end = end;
    this.#failure = failure;
  }

  override async outcomes(_id: string, { limit }: OutcomeQuery) {
    this.pages++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.pages > this.#end && this.#failure) throw this.#failure;
    const outcomes = Array.from({ length: limit }, (_, i) => outcome(i, { message: "m".repeat(100) }));
    return { outcomes, ...(this.pages > this.#end ? {} : { next: { chunk: this.pages, index: 0 } }) };
  }
}

describe("a streamed report", function () {
  const servers = new Servers();
  afterEach(() => servers.close());

  for (const accept of ["application/x-ndjson", "text/csv"]) {
    it(`requests no more of ${accept} than the client reads, and stops once it disconnects`, async () => {
      const operator = new EndlessOperator(1_000_000);
      const origin = await servers.over(operator);
      const going = new AbortController();
      const response = await fetch(`${origin}${BASE}/outcomes?processingId=x`, {
        headers: { Accept: accept },
        signal: going.signal,
      });
      expect(response.status).to.equal(200);
      await response.body?.getReader().read();
      // What fits into the buffers of both ends is filled; then nothing more is asked for.
      const still = await until("the pages to stand still", async () => {
        const before = operator.pages;
        await new Promise((resolve) => setTimeout(resolve, 300));
        return operator.pages === before ? before : undefined;
      });
      expect(still).to.be.lessThan(200);
      going.abort();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(operator.pages).to.be.lessThan(still + 3);
    });

    it(`is a broken transfer of ${accept}, never a shorter file, if it fails midway`, async () => {
      const errors: unknown[] = [];
      const failure = new AssetmillError("UNAVAILABLE", "SQLITE_BUSY");
      const origin = await servers.over(new EndlessOperator(20, failure), { onError: (error) => errors.push(error) });
      const response = await fetch(`${origin}${BASE}/outcomes?processingId=x`, { headers: { Accept: accept } });
      expect(response.status).to.equal(200);
      const seen: string[] = [];
      const end = await quietly(async () => {
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          seen.push(Buffer.from(chunk).toString("utf8"));
        }
        return "complete";
      }).catch(() => "broken");
      expect(end).to.equal("broken");
      expect(seen.join("")).to.not.include("SQLITE");
      expect(errors).to.deep.equal([failure]);
    });
  }

  it("is not cut off by the request timeout", async () => {
    const operator = new EndlessOperator(100);
    const origin = await servers.over(operator, { requestTimeoutMs: 50 });
    const headers = { Accept: "application/x-ndjson" };
    const started = Date.now();
    const text = await (await fetch(`${origin}${BASE}/outcomes?processingId=x`, { headers })).text();
    expect(Date.now() - started).to.be.greaterThan(100);
    expect(text.split("\n")).to.have.length(101 * 2_000 + 1);
  });
});
