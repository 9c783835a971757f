import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { info } from "../../src/core/job/log-entry.js";
import { SAMPLE, Workbench } from "../cli/workbench.js";
import { openDatabase, storesOn } from "../support/sqlite-store.js";
import { draftOf } from "../support/store-steps.js";
import { Server } from "../system/server.js";
import { itMeasures } from "../support/timed.js";

const BASE = "/bin/guides/v1/assets/process";

describe("a log of a million lines", function () {
  this.timeout(240_000);
  const bench = new Workbench();
  after(() => bench.dispose());

  /** The most memory that the process ever had; megabytes. */
  const peakOf = (pid: number): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

  /** A job in the store, with so many lines in its log. */
  async function jobWithLines(count: number): Promise<string> {
    const database = await openDatabase(bench.path("store.sqlite"));
    try {
      const { jobs, log } = storesOn(database);
      const { id } = await jobs.create(draftOf({ repository: "folder:/elsewhere" }), async () => {});
      for (let from = 1; from < count; from += 5_000) {
        const lines = Array.from({ length: Math.min(5_000, count - from) }, (_, i) =>
          info(`Failed /content/dam/t/folder-${(from + i) % 97}/topic-${from + i}.dita: XML_NOT_WELL_FORMED line 12`),
        );
        await log.append(id, lines);
      }
      return id;
    } finally {
      await database.close();
    }
  }

  const downloadLong = async function (this: Mocha.Context): Promise<number> {
    if (!existsSync("/proc/self/status")) {
      process.stderr.write("\n*** NOT TESTED, for there is no /proc here: the memory of a download ***\n");
      return this.skip();
    }
    const [short, long] = [await jobWithLines(100_000), await jobWithLines(1_000_000)];
    const server = await Server.start(bench, SAMPLE);
    const download = async (id: string): Promise<string> => {
      const response = await fetch(`${server.url}${BASE}/logs/download?processingId=${id}`, {
        headers: { authorization: `Bearer ${server.token}` },
      });
      expect(response.status).to.equal(200);
      const file = bench.path(`${id}.zip`);
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file));
      return file;
    };
    await download(short);
    const before = peakOf(server.command.pid);
    const file = await download(long);
    const grown = peakOf(server.command.pid) - before;
    process.stderr.write(
      `      peak of 100,000 lines ${before.toFixed(0)} MB, ${grown.toFixed(1)} MB more for 1,000,000\n`,
    );
    execFileSync("unzip", ["-t", "-q", file]);
    const lines = execFileSync("bash", ["-c", `unzip -p '${file}' '*.log' | wc -l`])
      .toString()
      .trim();
    expect(lines).to.equal("1000000");
    const page = async (query: string) => (await server.ask(`/logs?processingId=${long}&${query}`)).body;
    for (const offset of [0, 500_000, 999_990]) {
      const { lines: some, hasMore } = await page(`offset=${offset}&limit=20`);
      expect(some).to.have.length(Math.min(20, 1_000_000 - offset));
      expect(hasMore).to.equal(offset < 999_980);
      if (offset > 0) expect(some[0]).to.match(new RegExp(`topic-${offset}\\.dita`));
    }
    expect((await page("tail=3")).lines[2]).to.match(/topic-999999\.dita/);
    await server.command.kill();
    return grown;
  };
  itMeasures(
    "is downloaded completely, and each page is at its number",
    downloadLong,
    "is downloaded with little more memory than one of 100,000 lines",
    (grownMb) => expect(grownMb).to.be.below(40),
  );
});
