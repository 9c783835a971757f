import { expect } from "chai";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const README = readFileSync("README.md", "utf8");

/** Code blocks of a language, in order. */
const blocks = (language: string): readonly string[] =>
  [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, own]) => own === language)
    .map(([, , code]) => code ?? "");

/** The one shell block that holds this text. */
function shell(text: string): string {
  const found = blocks("sh").filter((code) => code.includes(text));
  expect(found.length, `shell blocks with ${text}`).to.equal(1);
  return found[0] ?? "";
}

describe("README", () => {
  let folder = "";
  let children: ChildProcess[] = [];

  /** As it stands, but with stores in a folder of the test's own, and the built command instead of npx. */
  const prepared = (code: string): string =>
    code
      .replaceAll("npx assetmill", `"${process.execPath}" "${resolve("dist/cli/main.js")}"`)
      .replaceAll(/sqlite:(\w+)\.sqlite/g, `sqlite:${folder}/$1.sqlite`);

  const run = (code: string, env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> =>
    new Promise((done) => {
      const options = { env: { ...process.env, ASSETMILL_STORE: `sqlite:${folder}/default.sqlite`, ...env } };
      execFile("bash", ["-c", prepared(code)], options, (error, out, err) =>
        done({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
      );
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "assetmill-readme-"));
  });

  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children = [];
    rmSync(folder, { recursive: true, force: true });
  });

  it("shows a broken sample whose failures read as documented", async () => {
    const processed = await run(shell("assetmill process /content/dam/broken"));
    expect(processed.code, processed.err).to.equal(1);
    const reported = await run(shell("assetmill failures $ID"));
    expect(reported.code, reported.err).to.equal(0);
    const shown = blocks("").find((code) => code.startsWith("SKIPPED"));
    expect(reported.out).to.include(shown);
    expect(reported.out).to.include("broken reference /content/dam/broken/topics/roasting.dita");
  });

  it("processes a tree of the reader's own", async () => {
    const code = shell("/path/to/your/dita").replace("/path/to/your/dita", resolve("examples/sample"));
    const { code: exit, err } = await run(code);
    expect(exit, err).to.equal(0);
  });

  it("shows the plugin file word for word, and it runs beside the built-in handler", async () => {
    expect(blocks("js")).to.include(readFileSync("examples/has-title.mjs", "utf8"));
    const { code, err } = await run(shell("--plugin examples/has-title.mjs"));
    expect(code, err).to.equal(0);
    const show = `npx assetmill show /content/dam/espresso/topics/about.dita --json --assets 'folder:examples/sample?mount=/content/dam/espresso'`;
    const { properties } = JSON.parse((await run(show)).out);
    expect(properties).to.include({ hasTitle: true, fmditaTitle: "About your Vesta 2" });
  });

  it("imports the sample into a database, processes it there, and migrates it", async () => {
    const { code, out, err } = await run(`set -e\n${shell("assetmill import examples/sample")}`);
    expect(code, err).to.equal(0);
    expect(out).to.include("Imported 23 assets: 23 created").and.to.include("fmditaTitle = About your Vesta 2");
    const migrated = await run(shell("JCR_TO_DB_MIGRATION --target"));
    expect(migrated.code, migrated.err).to.equal(0);
    expect(migrated.out).to.include("SUCCESS: completed: 23 assets");
  });

  it("serves the API to the documented curl calls", async () => {
    const port = await freePort();
    const serve = prepared(shell("assetmill serve")).replace("4599", String(port));
    const child = spawn("bash", ["-c", `exec ${serve}`], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    let said = "";
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
    });
    while (!said.includes("Token: ")) await sleep(20);
    const token = /Token: (\S+)/.exec(said)?.[1] ?? "";
    const [start = "", status = "", logs = ""] = shell("curl -s -H")
      .split(/^(?=curl )/m)
      .slice(1);
    const variables = `TOKEN=${token}\nAPI=http://127.0.0.1:${port}/bin/guides/v1/assets/process\n`;
    const { processingId } = JSON.parse((await run(variables + start)).out);
    expect(processingId).to.match(/^[0-9a-f-]{36}$/);
    const ask = async (call: string) => JSON.parse((await run(`${variables}ID=${processingId}\n${call}`)).out);
    let report = await ask(status);
    while (report.completedAt === 0) {
      await sleep(50);
      report = await ask(status);
    }
    expect(report).to.deep.include({ status: "SUCCESS", excludedPaths: ["/content/dam/espresso/media"] });
    const page = await ask(logs);
    expect(page.lines.at(-1)).to.include("Ended SUCCESS");
    expect(page).to.include({ offset: 0, limit: 500, hasMore: false });

    const commands = shell("--server").replaceAll("4599", String(port)).trim().split("\n");
    const [history, outcomes, restart] = await Promise.all(
      commands.map((command) => run(`${variables}ID=${processingId}\n${command}`)),
    );
    expect(history?.out, history?.err).to.match(new RegExp(`^${processingId} SUCCESS `, "m"));
    expect(outcomes?.out.trim().split("\n"), outcomes?.err).to.have.length(19);
    expect(restart?.out, restart?.err).to.match(new RegExp(`^Restarted from: +${processingId}$`, "m"));
  });

  it("has an embedding host that runs as it is", async () => {
    const code = shell("node examples/embed.mjs").replace("node examples", `cd ${resolve(".")} && node examples`);
    const { out, err } = await run(code, { STORE: `sqlite:${folder}/embed.sqlite` });
    expect(out, err).to.match(/^SUCCESS: completed: 23 assets$/m);
  });
});

const freePort = (): Promise<number> =>
  new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => found(typeof address === "object" && address ? address.port : 0));
    });
  });
