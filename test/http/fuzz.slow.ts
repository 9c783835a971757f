import { expect } from "chai";
import { defaultCheck } from "./client.js";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { SAMPLE, Workbench } from "../cli/workbench.js";
import { Server } from "../system/server.js";
import { type BadRequest, badRequest, type Target, tooLarge } from "./bad-requests.js";
import { itMeasures } from "../support/timed.js";

const REQUESTS = 10_000;
const AT_ONCE = 16;
/** Longer than any request takes; shorter than the server's own 30 s, so that a hang shows. */
const ANSWER_WITHIN_MS = 10_000;
const MAX_GROWTH_BYTES = 15 * 1024 * 1024;
/** A heap that V8 may not grow at its leisure, so that what grows is what is kept. */
const SMALL_HEAP = { NODE_OPTIONS: "--max-old-space-size=96 --max-semi-space-size=4" };

/** What came back until the server hung up; "hang" where it did not. */
function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ port, host: "127.0.0.1" });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve("hang");
    }, ANSWER_WITHIN_MS);
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    // A server that hangs up on what it need not read resets the connection.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    // Nothing follows: a server that waits for more of it hears so.
    socket.end(bytes);
  });
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** The body of each problem in what came back. */
const PROBLEM = /^content-type: application\/problem\+json\r\n(?:[^\r\n]+\r\n)*\r\n(?:[\da-f]+\r\n)?(\{[^\r\n]*\})/gim;

describe("10,000 bad requests to a real server", function () {
  this.timeout(300_000);
  const bench = new Workbench();
  after(() => bench.dispose());

  const flood = async function (this: Mocha.Context): Promise<number> {
    if (process.platform !== "linux") this.skip(); // memory is read from /proc
    const server = await Server.startIn(SMALL_HEAP, bench, SAMPLE);
    const processingId = await server.startJob({ path: "/content/dam/espresso", type: "ASSET_PROCESSING" });
    await server.ended(processingId);
    const target: Target = { authorization: `Bearer ${server.token}`, processingId };
    const seed = Number(process.env["ASSETMILL_FUZZ_SEED"] ?? 4);
    const requests: BadRequest[] = fc.sample(badRequest(target), { numRuns: REQUESTS - 20, seed });
    for (let i = 0; i < 20; i++) requests.splice(i * 400, 0, tooLarge(target));

    const port = Number(new URL(server.url).port);
    const statuses = new Map<string, number>();
    const kinds = new Map<string, number>();
    const bad: string[] = [];
    const resident: number[] = [];
    const check = defaultCheck();
    let problems = 0;
    let slowestMs = 0;
    let sent = 0;
    const from = performance.now();
    const lane = async (): Promise<void> => {
      for (let request = requests[sent++]; request; request = requests[sent++]) {
        if (sent % 100 === 0) resident.push(residentBytes(server.command.pid));
        const at = performance.now();
        const answer = await send(port, request.bytes);
        slowestMs = Math.max(slowestMs, performance.now() - at);
        kinds.set(request.kind, (kinds.get(request.kind) ?? 0) + 1);
        const answers = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status = ""]) => status);
        for (const [, problem = ""] of answer.matchAll(PROBLEM)) {
          check.checkProblem(request.kind, problem);
          problems++;
        }
        for (const status of answers.length > 0 ? answers : [answer === "" ? "hung up" : answer.slice(0, 20)]) {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (/^5|^hang$/.test(status))
            bad.push(`${request.kind}: ${status}: ${request.bytes.toString("latin1", 0, 300)}`);
        }
        if (!server.command.isAlive) return;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const seconds = (performance.now() - from) / 1000;

    expect(bad).to.deep.equal([]);
    expect(server.command.isAlive, server.command.err).to.equal(true);
    expect(server.command.err).to.equal("");
    // Every kind was met, and most of them got past Node's own parser.
    expect(kinds.size).to.equal(21);
    expect(problems, "bodies held against the document").to.be.greaterThan(REQUESTS / 2);
    expect(statuses.get("400")).to.be.greaterThan(REQUESTS / 3);
    expect(statuses.get("200") ?? 0).to.be.lessThan(REQUESTS / 5);

    const quarter = Math.floor(resident.length / 4);
    const [early, late] = [medianOf(resident.slice(quarter, 2 * quarter)), medianOf(resident.slice(-quarter))];

    // And it serves as before.
    expect((await server.status(processingId)).status).to.equal("SUCCESS");
    await server.ended(await server.startJob({ path: "/content/dam/espresso", type: "ASSET_PROCESSING" }));

    const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
    const counts = [...statuses].sort().map(([status, count]) => `${count} × ${status}`);
    process.stdout.write(
      `      ${sent - AT_ONCE} requests in ${seconds.toFixed(1)} s, slowest ${slowestMs.toFixed(0)} ms; ${counts.join(", ")}; ` +
        `memory ${mebibytes(early)} MiB in the second quarter, ${mebibytes(late)} MiB in the last; seed ${seed}\n`,
    );
    return late - early;
  };
  itMeasures(
    "get no 5xx, crash nothing and are all answered",
    flood,
    "do not make the server's memory grow",
    (grownBytes) => expect(grownBytes).to.be.lessThan(MAX_GROWTH_BYTES),
  );
});
