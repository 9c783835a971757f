import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import winston from "winston";
import { AssetmillError } from "../../src/core/errors.js";
import { createAssetmill } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { tempFolder } from "../support/temp-folder.js";

/** A repository that can be switched off as a whole: for reading, and for writing results. */
class Switched extends MemoryAssetRepository {
  down: "reading" | "writing" | undefined;

  override async *read(path: string): AsyncIterable<Uint8Array> {
    this.#refuse("reading");
    yield* super.read(path);
  }

  override async apply(...args: Parameters<MemoryAssetRepository["apply"]>) {
    this.#refuse("writing");
    return super.apply(...args);
  }

  #refuse(what: string): void {
    if (this.down === what) throw new AssetmillError("UNAVAILABLE", `the repository is away from ${what}`);
  }
}

describe("a repository that is unreachable", function () {
  for (const down of ["reading", "writing"] as const) {
    it(`fails no asset while ${down} is impossible: the job says that it waits, and resumes by itself`, async () => {
      const { folder, remove } = await tempFolder();
      const repository = new Switched(
        Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`/root/a${i}.dita`, `<t>${i}</t>`])),
      );
      const mill = await createAssetmill({
        assets: repository,
        store: `sqlite:${join(folder, "s.sqlite")}`,
        builtIns: false,
        logger: winston.createLogger({ silent: true }),
        plugins: [{ name: "reads", version: "1", process: async (_asset, context) => void (await context.text()) }],
        chunkSize: 10,
      });
      try {
        repository.down = down;
        const { processingId } = await mill.operator.start({ path: "/root", type: "ASSET_PROCESSING" }, "ann");
        const status = () => mill.operator.status(processingId);
        while (!(await status()).comments.startsWith("waiting: ")) await sleep(50);
        expect((await status()).comments).to.equal(`waiting: the repository is away from ${down}`);
        expect(await status()).to.include({ status: "PROCESSING", failedCount: 0, succeededCount: 0 });
        repository.down = undefined;
        while ((await status()).status === "PROCESSING") await sleep(50);
        expect(await status()).to.include({ status: "SUCCESS", succeededCount: 40, comments: "completed: 40 assets" });
        const { outcomes } = await mill.operator.outcomes(processingId, { limit: 100 });
        expect(outcomes.filter(({ attempts }) => attempts !== 1)).to.deep.equal([]);
        const { lines } = await mill.operator.logs(processingId);
        expect(lines.some((line) => line.includes(`Waiting: the repository is away from ${down}`))).to.equal(true);
      } finally {
        await mill.close();
        await remove();
      }
    });
  }
});
