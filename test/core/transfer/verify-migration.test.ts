import { expect } from "chai";
import type { Asset } from "../../../src/core/asset/asset.js";
import type { Job } from "../../../src/core/job/job.js";
import type { LogEntry } from "../../../src/core/job/log-entry.js";
import { type AssetRepository } from "../../../src/core/ports/asset-repository.js";
import { MigrationWatch } from "../../../src/core/transfer/migration-watch.js";
import { isEndedMigration, verifiedLine, verifyMigration } from "../../../src/core/transfer/verify-migration.js";
import { assetOf, jobOf, tallyOf } from "../../support/builders.js";
import { deferred } from "../../support/deferred.js";
import { ManualClock, quiet } from "../../support/manual-clock.js";

type Target = Pick<AssetRepository, "scan">;

/** A target that yields its assets in pages of two, whatever it is asked for; and what it was asked. */
function targetOf(assets: readonly Asset[]): Target & { readonly scopes: unknown[] } {
  const scopes: unknown[] = [];
  return {
    scopes,
    scan: async function* (scope) {
      scopes.push(scope);
      for (let i = 0; i < assets.length; i += 2) {
        const page = assets.slice(i, i + 2);
        yield { assets: page, after: page.at(-1)?.path ?? "/" } as never;
      }
    },
  };
}

const assets = (count: number): Asset[] => Array.from({ length: count }, (_, i) => assetOf(`/root/${i}.dita`));

const migration = (over: Partial<Job> = {}): Job =>
  jobOf({
    request: { type: "JCR_TO_DB_MIGRATION", paths: ["/root"], priority: 5 },
    state: { status: "SUCCESS", completedAtMs: 9_000 },
    tally: tallyOf({ total: 3, succeeded: 3 }),
    ...over,
  });

describe("the verification of a migration", () => {
  const request = {
    paths: ["/root"],
    excludedPaths: ["/root/x"],
    filter: { fileTypes: [], endTime: 7, filterProcessedAssets: false },
  };

  it("asks the target for the request's own scope, and counts all of its pages", async () => {
    const target = targetOf(assets(5));
    expect(await verifyMigration({ request, copied: 5 }, target)).to.deep.equal({ copied: 5, held: 5, isWhole: true });
    expect(JSON.stringify(target.scopes)).to.include("/root/x").and.include('"createdToMs":7');
  });

  it("accepts a target that holds more than was copied, but not one that holds less", async () => {
    for (const [held, isWhole] of [
      [4, true],
      [3, true],
      [2, false],
      [0, false],
    ] as const) {
      expect(await verifyMigration({ request, copied: 3 }, targetOf(assets(held)))).to.deep.include({ held, isWhole });
    }
  });

  it("reports its result in one line, as a warning if copies are missing", () => {
    expect(verifiedLine({ copied: 3, held: 4, isWhole: true })).to.deep.equal({
      level: "INFO",
      message: "Verified: 3 copies read back, hashes equal; the target holds 4 assets of this scope",
    });
    expect(verifiedLine({ copied: 3, held: 2, isWhole: false })).to.include({ level: "WARN" });
  });

  it("applies only to migrations that ran to their end and wrote", () => {
    expect(isEndedMigration(migration())).to.equal(true);
    expect(isEndedMigration(migration({ state: { status: "FAILURE", completedAtMs: 9_000 } }))).to.equal(true);
    expect(isEndedMigration(migration({ state: { status: "CANCELLED", completedAtMs: 9_000 } }))).to.equal(false);
    expect(isEndedMigration(migration({ state: { status: "PROCESSING", pausing: false } }))).to.equal(false);
    expect(isEndedMigration(migration({ request: { ...migration().request, dryRun: true } }))).to.equal(false);
    expect(isEndedMigration(jobOf({ state: { status: "SUCCESS", completedAtMs: 9_000 } }))).to.equal(false);
  });
});

describe("the watch over migrations", () => {
  function watching(target: Target) {
    const said: [string, LogEntry][] = [];
    const errors: unknown[] = [];
    const clock = new ManualClock();
    const watch = new MigrationWatch({
      target,
      log: {
        append: async (id, entries) => void said.push(...entries.map((entry) => [id, entry] as [string, LogEntry])),
      },
      clock,
      onError: (_id, error) => errors.push(error),
    });
    return { watch, said, errors, clock };
  }

  it("verifies a job once, however often its end is reported, and writes the result to its log", async () => {
    const { watch, said, errors } = watching(targetOf(assets(3)));
    for (let i = 0; i < 3; i++) watch.ended(migration());
    watch.ended(jobOf({ state: { status: "SUCCESS", completedAtMs: 9_000 } }));
    await watch.close();
    expect(said.map(([id, { level }]) => [id, level])).to.deep.equal([[migration().id, "INFO"]]);
    expect(errors).to.deep.equal([]);
  });

  it("verifies a job again after it ended again in another attempt", async () => {
    const { watch, said } = watching(targetOf(assets(3)));
    watch.ended(migration({ state: { status: "FAILURE", completedAtMs: 9_000 } }));
    watch.ended(migration({ attempt: 2 }));
    await watch.close();
    expect(said).to.have.length(2);
  });

  it("reports a target that cannot be reached, and logs nothing about the job", async () => {
    const broken = new Error("gone");
    const { watch, said, errors } = watching({
      // eslint-disable-next-line require-yield
      scan: async function* () {
        throw broken;
      },
    });
    watch.ended(migration());
    await watch.close();
    expect([said, errors]).to.deep.equal([[], [broken]]);
  });

  it("cancels a check that does not end in time, and reports nothing that is not certain", async () => {
    const gate = deferred();
    let told: AbortSignal | undefined;
    const { watch, said, clock } = watching({
      scan: async function* (_scope, { signal }) {
        told = signal;
        yield { assets: assets(1) } as never;
        await gate.promise;
      },
    });
    watch.ended(migration());
    await quiet();
    const closed = watch.close();
    await quiet();
    expect(told?.aborted).to.equal(false);
    await clock.advance(2_000);
    expect(told?.aborted).to.equal(true);
    gate.resolve();
    await closed;
    expect(said).to.deep.equal([]);
  });
});
