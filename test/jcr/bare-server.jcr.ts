import { expect } from "chai";
import { jsonLines, TOPIC, Workbench } from "../cli/workbench.js";
import { type OakServer, startOak } from "./servers/oak.js";
import { basic, plannedLanes } from "./support/servers.js";

describe("a server without /var, where results about plain files are stored", function () {
  let oak: OakServer;
  let bench: Workbench;

  before(async function () {
    if (!plannedLanes().includes("Oak, DavEx")) {
      process.stderr.write("\n*** NOT TESTED without an Oak of our own: a server without /var ***\n");
      this.skip();
    }
    oak = await startOak("bare");
    bench = new Workbench();
    bench.write("files/a/1.dita", TOPIC);
    bench.write("files/a/2.dita", TOPIC);
    const imported = await bench.run([
      "import",
      bench.path("files"),
      "/content/x",
      "--assets",
      address("admin"),
      "--json",
    ]);
    expect(imported.code, imported.err).to.equal(0);
    await oak.deed({ do: "user", name: "reader", password: "reader-pw" });
    await oak.deed({ do: "allow", name: "reader", path: "/", privileges: "jcr:read" });
    await oak.deed({ do: "allow", name: "reader", path: "/content", privileges: "rep:write" });
  });
  after(async () => {
    await bench?.dispose();
    await oak?.stop();
  });

  const address = (user: string, query = ""): string => {
    const password = user === "admin" ? "admin" : `${user}-pw`;
    return `jcr+${oak.origin.replace("://", `://${user}:${password}@`)}${query}`;
  };
  const typeOf = async (path: string): Promise<string | undefined> => {
    const response = await fetch(`${oak.origin}/server/default/jcr:root${path}.0.json`, {
      headers: { authorization: basic("admin", "admin") },
    });
    return response.ok ? ((await response.json()) as Record<string, string>)["jcr:primaryType"] : undefined;
  };
  const process_ = (assets: string, store: string, ...more: readonly string[]) =>
    bench.run([
      "process",
      "/content/x",
      "--assets",
      assets,
      "--store",
      `sqlite:${bench.path(store)}`,
      "--json",
      ...more,
    ]);

  it("refuses a job whose user may not make it, by the place, before anything is done", async () => {
    const refused = await process_(address("reader"), "refused.sqlite");
    expect(refused.code, refused.err).to.equal(2);
    const problem = jsonLines(refused).at(-1);
    expect([problem.code, problem.errors?.[0]?.field]).to.deep.equal(["INVALID_PARAMETER", "assets"]);
    expect(refused.out)
      .to.include("/var/assetmill")
      .and.to.include("?status=")
      .and.to.match(/AccessDenied/);
    expect(await typeOf("/var")).to.equal(undefined);
    const history = await bench.run(["history", "--store", `sqlite:${bench.path("refused.sqlite")}`, "--json"]);
    expect(jsonLines(history), "no job was made").to.deep.equal([]);
  });

  it("lets that user count without it, and process with a place that he may write", async () => {
    const counted = await process_(address("reader"), "counted.sqlite", "--dry-run");
    expect(counted.code, counted.err).to.equal(0);
    const elsewhere = await process_(address("reader", "?status=/content/own/results"), "elsewhere.sqlite");
    expect(elsewhere.code, elsewhere.err).to.equal(0);
    expect(jsonLines(elsewhere).at(-1)).to.include({ status: "SUCCESS", succeededCount: 2 });
    expect(await typeOf("/content/own/results")).to.equal("oak:Unstructured");
  });

  it("refuses a place that no node may have, in a node that takes no such child", async () => {
    const refused = await process_(address("admin", "?status=/content/x/a/1.dita/results"), "constraint.sqlite");
    expect(refused.code, refused.err).to.equal(2);
    expect(refused.out)
      .to.include("/content/x/a/1.dita/results")
      .and.to.match(/ConstraintViolation/);
  });

  it("has it made by the first job whose user may, of a type that takes any node", async () => {
    const processed = await process_(address("admin"), "made.sqlite");
    expect(processed.code, processed.err).to.equal(0);
    expect(jsonLines(processed).at(-1)).to.include({ status: "SUCCESS", succeededCount: 2 });
    expect([await typeOf("/var"), await typeOf("/var/assetmill")]).to.deep.equal([
      "oak:Unstructured",
      "oak:Unstructured",
    ]);
    const shown = await bench.run(["show", "/content/x/a/1.dita", "--assets", address("admin"), "--json"]);
    expect(jsonLines(shown)[0].properties, shown.err).to.not.deep.equal({});
  });
});
