import { expect } from "chai";
import { importAssets } from "../../../src/core/transfer/import-assets.js";
import { MemoryAssetRepository } from "../../../src/testing/index.js";
import { ManualClock } from "../../support/manual-clock.js";

describe("an import", () => {
  it("names a folder that cannot be read, copies everything else, and counts what is hidden", async () => {
    const memory = new MemoryAssetRepository({ "/r/a": "A", "/r/closed/b": "B", "/r/z": "Z" });
    memory.setClosed("/r/closed", true);
    const target = new MemoryAssetRepository();
    const failures: string[] = [];
    const source = {
      read: memory.read.bind(memory),
      scan: async function* (...asked: Parameters<typeof memory.scan>) {
        for await (const page of memory.scan(...asked)) yield { ...page, hidden: 2 };
      },
    };
    const done = await importAssets("/r", {
      source,
      target,
      sink: target.sink,
      clock: new ManualClock(),
      random: () => 0,
      onProgress: () => {},
      onFailure: (path, { code, message }) => void failures.push(`${path} ${code} ${message}`),
      onUnavailable: () => {},
    });
    expect(done).to.deep.equal({ created: 2, replaced: 0, unchanged: 0, failed: 1, hidden: 2 });
    expect(failures).to.deep.equal(["/r/closed ACCESS_DENIED the folder is closed"]);
    expect((await target.stat(["/r/a", "/r/closed", "/r/z"])).map((node) => node?.kind)).to.deep.equal([
      "asset",
      undefined,
      "asset",
    ]);
  });
});
