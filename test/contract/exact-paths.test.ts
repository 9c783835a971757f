import { expect } from "chai";
import type { Assetmill } from "../../src/index.js";
import { until } from "../cli/workbench.js";
import { endOf } from "../embedding/host.js";
import { ContractHost, request } from "./contract-host.js";

/** Names that a tree may hold: from a ZIP made on Windows, an old Mac, a careless upload. */
const NAMES = ["back\\slash", "blank ", "line\nbreak", "tab\t", "ideographic\u3000", "esc\u001b[31m"];
const BASE = "http://x/bin/guides/v1/assets/process";

describe("a path that a job reports", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  const over = (...paths: readonly string[]) =>
    host.over(Object.fromEntries(paths.map((path) => [path, path])), ({ path }) => ({ properties: { own: path } }));

  async function call(mill: Assetmill, path: string, init: RequestInit = {}): Promise<any> {
    const headers = { authorization: `Bearer ${mill.token}`, "content-type": "application/json" };
    const response = await mill.fetch(new Request(path, { ...init, headers }));
    const body = (await response.json()) as object;
    expect(response.status, JSON.stringify(body)).to.equal(200);
    return body;
  }
  const post = (mill: Assetmill, path: string, body: object) =>
    call(mill, path, { method: "POST", body: JSON.stringify(body) });

  it("can be asked for as it is, at every endpoint that takes one", async () => {
    const paths = NAMES.map((name) => `/a/${name}/x${name}`);
    const mill = await over(...paths);
    for (const path of paths) {
      const { processingId } = await post(mill, BASE, request({ path }));
      const ended = await endOf(mill, processingId);
      expect([ended.path, ended.succeededCount]).to.deep.equal([path, 1]);
      const sought = encodeURIComponent(path);
      const results = await call(mill, `${BASE}/results?path=${sought}`);
      expect([results.path, results.properties.own]).to.deep.equal([path, path]);
      const { executionHistory } = await call(mill, `${BASE}/history?path=${sought}`);
      expect(executionHistory.map((job: any) => job.processingId)).to.deep.equal([processingId]);
    }
    const sibling = "http://x/bin/guides/v1/assets/status";
    const { jobId } = await post(mill, sibling, { paths });
    const listed = await until("the listing", async () => {
      const page = await call(mill, `${sibling}?jobId=${jobId}`);
      return page.status === "SUCCESS" ? page : undefined;
    });
    expect(listed.assets.map((asset: any) => [asset.path, asset.status, asset.exists])).to.have.deep.members(
      paths.map((path) => [path, "SUCCESS", true]),
    );
  });

  it("is not the path without the blank at its end: neither as a root nor excluded", async () => {
    const mill = await over("/a/guide /mine", "/a/guide/other");
    const { processingId } = await post(mill, BASE, request({ path: "/a/guide " }));
    await endOf(mill, processingId);
    expect(host.handled).to.deep.equal(["/a/guide /mine"]);
    const next = await post(mill, BASE, request({ excludedPaths: ["/a/guide "] }));
    await endOf(mill, next.processingId);
    expect(host.handled).to.deep.equal(["/a/guide /mine", "/a/guide/other"]);
  });

  it("overlaps with what is below it, and with no path that only looks alike", async () => {
    const mill = await over("/a/guide /mine", "/a/guide/other");
    await mill.operator.start(request({ path: "/a/guide ", onOverlap: "queue" }), "ann");
    const { processingId } = await mill.operator.start(request({ path: "/a/guide" }), "ann");
    expect((await endOf(mill, processingId)).status).to.equal("SUCCESS");
  });
});

describe("an excluded path that leaves nothing out", () => {
  const host = new ContractHost();
  after(() => host.dispose());

  it("is told in the job's log, and to who starts it", async () => {
    const mill = await host.over({ "/a/1": "" }, undefined, { autoStart: false });
    const excludedPaths = ["/a/typpo", "/a/*.dita"];
    const { processingId } = await mill.operator.start(request({ excludedPaths }), "ann");
    const { lines } = await mill.operator.logs(processingId);
    expect(lines.filter((line) => / WARN: .*\/a\/typpo .*does not exist/.test(line))).to.have.length(1);
    expect(lines.filter((line) => / WARN: .*\/a\/\*\.dita .*patterns are not supported/.test(line))).to.have.length(1);
    const joined = await mill.operator.startOrJoin(request({ excludedPaths }), "ann");
    expect(joined).to.include({ processingId, joined: true });
    expect(joined.warnings).to.have.length(2);
  });
});
