import { expect } from "chai";
import type { Asset, Unreadable } from "../../../../src/core/asset/asset.js";
import { unreadableAt } from "../../../../src/core/asset/unreadable.js";
import { failuresOf } from "../../../../src/core/engine/discovery/failures-source.js";
import { MemoryAssetRepository } from "../../../../src/testing/index.js";
import { assetOf, jobOf } from "../../../support/builders.js";
import { noReports } from "../../../support/engine-tools.js";

const DENIED: Unreadable = { code: "ACCESS_DENIED", message: "denied" };

describe("the failures of a job that are retried", () => {
  const failed: readonly Asset[] = [
    assetOf("/a.dita"),
    unreadableAt("/closed", DENIED),
    assetOf("/gone.dita"),
    assetOf("/z.dita"),
  ];

  /** Paths with their skip code or the code of what cannot be read. */
  async function retried(repository: MemoryAssetRepository, after?: string, pageSize = 2): Promise<string[]> {
    const signal = new AbortController().signal;
    const base = jobOf();
    const job = { ...base, request: { ...base.request, paths: ["/"], excludedPaths: ["/closed/x"] } };
    const reports = {
      ...noReports,
      assets: async (_id: string, { limit, after: from }: { limit: number; after?: { index: number } }) => {
        const first = from === undefined ? 0 : from.index + 1;
        const last = first + limit - 1;
        const page = { assets: failed.slice(first, last + 1) };
        return last + 1 < failed.length ? { ...page, next: { chunk: 1, index: last } } : page;
      },
    };
    const found: string[] = [];
    for await (const { assets, skips } of failuresOf(
      "old",
      job,
      { after, pageSize, signal },
      { repository, reports },
    )) {
      for (const [i, asset] of [...assets].entries())
        found.push([asset.path, skips?.get(i) ?? asset.unreadable?.code ?? ""].join(" ").trim());
    }
    return found;
  }

  const tree = () =>
    new MemoryAssetRepository({ "/a.dita": "", "/closed/1": "", "/closed/2": "", "/closed/x/3": "", "/z.dita": "" });

  for (const pageSize of [1, 2, 3, 10]) {
    it(`include all that is in a folder which could not be read, in path order (pages of ${pageSize})`, async () => {
      const all = ["/a.dita", "/closed/1", "/closed/2", "/gone.dita GONE", "/z.dita"];
      expect(await retried(tree(), undefined, pageSize)).to.deep.equal(all);
    });
  }

  it("resume amid such a folder", async () => {
    expect(await retried(tree(), "/closed/1")).to.deep.equal(["/closed/2", "/gone.dita GONE", "/z.dita"]);
    expect(await retried(tree(), "/closed")).to.deep.equal(["/closed/1", "/closed/2", "/gone.dita GONE", "/z.dita"]);
  });

  it("include the folder itself if it still cannot be read, once", async () => {
    const repository = tree();
    repository.setClosed("/closed", true);
    expect(await retried(repository)).to.deep.equal(["/a.dita", "/closed ACCESS_DENIED", "/gone.dita GONE", "/z.dita"]);
  });

  it("include the folder as GONE if it no longer exists", async () => {
    const repository = new MemoryAssetRepository({ "/a.dita": "", "/z.dita": "" });
    expect(await retried(repository)).to.deep.equal(["/a.dita", "/closed GONE", "/gone.dita GONE", "/z.dita"]);
  });
});
