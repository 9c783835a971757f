import { expect } from "chai";
import { ContractHost, refusal, request } from "./contract-host.js";

describe("the history", () => {
  const host = new ContractHost();
  after(() => host.dispose());

  it("lists the newest job first, pages by before, and applies each condition", async () => {
    const contents = Object.fromEntries(["/a/b", "/a/bc", "/a/b/c", "/d"].map((folder) => [`${folder}/x.txt`, ""]));
    const mill = await host.over(contents, undefined, {
      autoStart: false,
      handler: { types: ["ASSET_PROCESSING", "OTHER"] },
    });
    const { operator } = mill;
    const started: string[] = [];
    for (const [over, by] of [
      [{ path: "/a/b" }, "ann"],
      [{ path: "/a/bc" }, "bob"],
      [{ path: "/d", type: "OTHER" }, "ann"],
      [{ path: "/a/b/c", dryRun: true }, "bob"],
    ] as const) {
      started.push((await operator.start(request(over), by)).processingId);
    }
    await operator.cancel(started[1] ?? "", "ann");
    const ids = async (query: object) =>
      (await operator.history(query)).jobs.map(({ processingId }) => started.indexOf(processingId));
    expect(await ids({})).to.deep.equal([3, 2, 1, 0]);
    expect(await ids({ limit: 2 })).to.deep.equal([3, 2]);
    expect(await ids({ before: started[2] })).to.deep.equal([1, 0]);
    expect(await ids({ status: "CANCELLED" })).to.deep.equal([1]);
    expect(await ids({ type: "OTHER" })).to.deep.equal([2]);
    expect(await ids({ createdBy: "ann" })).to.deep.equal([2, 0]);
    expect(await ids({ path: "/a/b" })).to.deep.equal([3, 0]);
    expect(await ids({ path: "a/b/" })).to.deep.equal([3, 0]);
    expect(await ids({ path: "/" })).to.deep.equal([3, 2, 1, 0]);
    expect(await ids({ path: "/a/b", createdBy: "bob", limit: 1 })).to.deep.equal([3]);
    const roots = { paths: ["/a/bc/x.txt", "/a/b/c/x.txt"], path: undefined } as never;
    started.push((await operator.start({ ...request(roots), dryRun: true }, "eve")).processingId);
    expect(await ids({ path: "/a/b/c", createdBy: "eve" })).to.deep.equal([4]);
    expect(await ids({ path: "/a/b/c/x", createdBy: "eve" })).to.deep.equal([]);
    expect(await ids({ type: "none" })).to.deep.equal([]);
    for (const wrong of [{ limit: 0 }, { limit: 1_001 }, { path: "/../x" }]) {
      expect(await refusal(operator.history(wrong))).to.equal("INVALID_PARAMETER");
    }
    expect(await refusal(operator.history({ before: "none" }))).to.equal("JOB_NOT_FOUND");
  });
});
