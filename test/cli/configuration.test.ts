import { expect } from "chai";
import { createServer, type AddressInfo } from "node:net";
import { jsonLines, linesOf, SAMPLE, severally, TOPIC, Workbench } from "./workbench.js";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

describe("the command's options", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  /** What `serve --json` says of itself once it listens. */
  async function served(args: readonly string[], env: Record<string, string> = {}) {
    const running = bench.start(["serve", "--json", ...args], { env });
    await running.says(/^\{.*\}\n/);
    const [said] = jsonLines(running);
    running.signal("SIGTERM");
    const { code } = await running.ended;
    return { ...said, port: Number(new URL(said.url).port), host: new URL(said.url).hostname, code };
  }

  it("come for serve from a flag before the environment, the --config file and the default, in that order", async () => {
    const [ofFile, ofEnv, ofFlag] = [await freePort(), await freePort(), await freePort()];
    const file = { assets: SAMPLE, store: bench.store, auth: "none", port: ofFile, host: "localhost" };
    const config = ["--config", bench.write("config.json", JSON.stringify(file))];
    const env = { ASSETMILL_PORT: String(ofEnv), ASSETMILL_AUTH: "token", ASSETMILL_HOST: "127.0.0.1" };
    const flags = ["--port", String(ofFlag), "--auth", "none"];
    const [fromFile, fromEnv, fromFlag, fromFlagOverFile] = await severally(
      [
        { args: config },
        { args: config, env },
        { args: [...config, ...flags], env },
        { args: [...config, "--port", "0", "--auth", "token"] },
      ],
      ({ args, env: given }) => served(args, given),
    );
    expect(fromFile).to.deep.include({ port: ofFile, token: null, host: "localhost" });
    expect(fromEnv).to.deep.include({ port: ofEnv, host: "127.0.0.1" });
    expect(fromEnv?.token).to.be.a("string");
    expect(fromFlag).to.deep.include({ port: ofFlag, token: null, host: "127.0.0.1" });
    expect(fromFlagOverFile?.port).not.to.equal(ofFile);
    expect(fromFlagOverFile?.token).to.be.a("string");
    expect(bench.has("assetmill.sqlite"), "the default store").to.equal(false);
  });

  it("come for the other commands from ASSETMILL_ASSETS, ASSETMILL_STORE and ASSETMILL_PLUGIN unless a flag is given", async () => {
    const env = {
      ASSETMILL_ASSETS: bench.tree({ "a.dita": TOPIC }, "env"),
      ASSETMILL_STORE: `sqlite:${bench.path("env.sqlite")}`,
      ASSETMILL_PLUGIN: bench.journalPlugin({ delayMs: 0 }),
    };
    const first = await bench.run(["process", "/", "--json"], { env });
    expect(first.code, first.err).to.equal(0);
    expect(bench.journalled("begin").map(({ path }) => path)).to.deep.equal(["/content/dam/t/a.dita"]);
    expect(linesOf(await bench.run(["history"], { env }))).to.have.length(1);

    const other = bench.tree({ "b.dita": TOPIC, "c.dita": TOPIC }, "flag");
    const flags = ["--assets", other, "--store", bench.store];
    const second = await bench.run(["process", "/", "--json", ...flags], { env });
    expect(jsonLines(second).at(-1).succeededCount).to.equal(2);
    expect(linesOf(await bench.run(["history"], { env })), "jobs in the environment's store").to.have.length(1);
    expect(await bench.ask("history"), "jobs in the flag's store").to.have.length(1);
  });

  it("may contain a list of plugins in --config", async () => {
    const plugin = bench.journalPlugin({ delayMs: 0 });
    const file = {
      assets: bench.tree({ "a.dita": TOPIC }),
      store: bench.store,
      plugin: [plugin],
      port: 0,
      auth: "none",
    };
    const running = bench.start(["serve", "--json", "--config", bench.write("c.json", JSON.stringify(file))]);
    await running.says(/^\{.*\}\n/);
    const { url } = jsonLines(running)[0];
    const response = await fetch(`${url}/bin/guides/v1/assets/process`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ path: "/", type: "ASSET_PROCESSING" }),
    });
    expect(response.status).to.equal(200);
    while (bench.journalled("end").length === 0 && running.isAlive) await new Promise((turn) => setTimeout(turn, 20));
    expect(bench.journalled("end")).to.have.length(1);
  });

  it("serve without --json prints the URL of the API and the token, and ends by itself on SIGTERM", async () => {
    const running = bench.start(["serve", "--assets", SAMPLE, "--store", bench.store, "--port", "0"]);
    const [, url] = await running.says(
      /^assetmill listens on (http:\/\/127\.0\.0\.1:\d+\/bin\/guides\/v1\/assets\/process)$/m,
    );
    const [, token] = await running.says(/^Token: (\S{20,})$/m);
    const answer = await fetch(`${url}/status?processingId=x`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).to.equal(400);
    running.signal("SIGTERM");
    expect((await running.ended).code).to.equal(143);
  });
});
