import { expect } from "chai";
import { systemClock } from "../../../src/adapters/runtime/system-clock.js";
import { Operator } from "../../../src/core/operator/operator.js";
import { MemoryAssetRepository, MemoryStores } from "../../../src/testing/index.js";

/** A repository that leaves something out. */
class Hiding extends MemoryAssetRepository {
  async whyAbsent(path: string): Promise<string | undefined> {
    return path === "/a/.git" ? "is hidden" : undefined;
  }
}

describe("a path that a repository leaves out", () => {
  const { jobs, log, reports } = new MemoryStores();
  const handlers = [{ name: "h", version: "1", process: async () => {} }];
  const tools = { jobs, log, reports, handlers, ids: { uuid: () => crypto.randomUUID() }, clock: systemClock };
  const operator = new Operator({ ...tools, repository: new Hiding({ "/a/1": "x" }), onWork: () => {} });

  const asked = {
    "a job": (path: string) => operator.start({ path, type: "ASSET_PROCESSING" }, "ann"),
    "a job that may be joined": (path: string) => operator.startOrJoin({ path, type: "ASSET_PROCESSING" }, "ann"),
    "its result": (path: string) => operator.results(path),
  };
  for (const [title, ask] of Object.entries(asked)) {
    it(`is refused in the repository's words when ${title} is asked for; one that does not exist is told as such`, async () => {
      const refusal = (path: string): Promise<unknown> => ask(path).catch((error: unknown) => error);
      expect(await refusal("/a/.git")).to.include({ code: "PATH_NOT_FOUND", message: "/a/.git: is hidden" });
      expect(await refusal("/a/none"))
        .to.have.property("message")
        .that.matches(/^\/a\/none: does not exist/);
    });
  }
});
