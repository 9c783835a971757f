import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import type { LogQuery } from "../../src/core/ports/job-operator.js";
import { tempFolder } from "../support/temp-folder.js";
import { itMeasures } from "../support/timed.js";
import { BASE } from "./client.js";
import { FakeOperator, uuid } from "./fake-operator.js";
import { quietly } from "./quietly.js";
import { Servers } from "./served.js";

const run = promisify(execFile);

const DOWNLOAD = `${BASE}/logs/download`;

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
    itMeasures(
      `${what} holds every line`,
      download,
      `${what} needs no more memory than one of 100,000 lines`,
      (growth) => expect(growth).to.be.lessThan(40),
    );
  }

  it("is a broken transfer if it fails midway", async () => {
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

  it("stops being produced once the client disconnects", async () => {
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
