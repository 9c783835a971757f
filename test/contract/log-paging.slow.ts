import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Workbench } from "../cli/workbench.js";
import { Server } from "../system/server.js";

const BASE = "/bin/guides/v1/assets/process";
const ASSETS = 4_000;

describe("a job's log", function () {
  this.timeout(180_000);
  const bench = new Workbench();
  after(() => bench.dispose());

  it("keeps its numbers while it is being written, after kill -9, and after a resume; the ZIP has the same lines", async () => {
    const assets = bench.topics(ASSETS);
    const plugin = bench.write(
      "talks.mjs",
      `export default { name: "talks", version: "1", async process(asset, { logger }) {
        logger.info("on it"); await new Promise((over) => setTimeout(over, 4));
        if (asset.path.endsWith("7.dita")) throw new Error("no sevens");
      } };`,
    );
    /** Every line ever seen, by its number: none may change. */
    const seen = new Map<number, string>();
    let largest = 0;
    const look = async (server: Server, id: string, query: string): Promise<number> => {
      const { status, body } = await server.ask(`/logs?processingId=${id}${query}`);
      expect(status, JSON.stringify(body)).to.equal(200);
      body.lines.forEach((line: string, i: number) => {
        const number = body.offset + i;
        expect(seen.get(number) ?? line, `line ${number}`).to.equal(line);
        seen.set(number, line);
      });
      largest = Math.max(largest, body.offset + body.lines.length);
      return body.lines.length;
    };
    const lookAround = async (server: Server, id: string): Promise<void> => {
      await look(server, id, "");
      await look(server, id, `&offset=${Math.floor(largest / 2)}&limit=50`);
      expect(await look(server, id, "&tail=20")).to.be.at.most(20);
      await look(server, id, `&offset=${Math.max(0, largest - 3)}`);
      expect(await look(server, id, `&offset=${largest + 1_000_000}`)).to.equal(0);
    };

    let server = await Server.start(bench, assets, "--plugin", plugin);
    const id = await server.startJob({ path: "/content/dam/t", type: "ASSET_PROCESSING" });
    const until = async (done: number): Promise<void> => {
      while ((await server.status(id)).processedCount < done) await lookAround(server, id);
    };
    await until(ASSETS / 4);
    await server.command.kill();
    const known = seen.size;
    server = await Server.start(bench, assets, "--plugin", plugin);
    await lookAround(server, id);
    await until(ASSETS / 2);
    expect(seen.size).to.be.greaterThan(known);
    await server.ask("/cancel", { method: "POST", body: { processingId: id } });
    await server.ended(id);
    await lookAround(server, id);
    expect((await server.ask("/resume", { method: "POST", body: { processingId: id } })).status).to.equal(200);
    await until(ASSETS);
    await server.ended(id);

    const all: string[] = [];
    for (;;) {
      const { body } = await server.ask(`/logs?processingId=${id}&offset=${all.length}&limit=777`);
      all.push(...body.lines);
      if (!body.hasMore) break;
    }
    for (const [number, line] of seen) expect(all[number], `line ${number}`).to.equal(line);
    expect(all.filter((line) => line.includes("Resumed by"))).to.have.length(1);

    const zip = await fetch(`${server.url}${BASE}/logs/download?processingId=${id}`, {
      headers: { authorization: `Bearer ${server.token}` },
    });
    expect(zip.headers.get("content-type")).to.equal("application/zip");
    const file = bench.path("logs.zip");
    writeFileSync(file, Buffer.from(await zip.arrayBuffer()));
    execFileSync("unzip", ["-t", "-q", file]);
    const unzipped = execFileSync("unzip", ["-p", file, "*.log"], { maxBuffer: 1 << 28 }).toString("utf8");
    expect(unzipped).to.equal(`${all.join("\n")}\n`);
    const failures = execFileSync("unzip", ["-p", file, "failures.csv"], { maxBuffer: 1 << 28 }).toString("utf8");
    const sevens = (await server.status(id)).failedCount;
    expect(sevens).to.equal(ASSETS / 10);
    expect(failures.trim().split("\n")).to.have.length(sevens + 1);
    await server.command.kill();
  });
});
