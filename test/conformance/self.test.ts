import { expect } from "chai";
import {
  ASSET_REPOSITORY_GUARANTEES,
  assetRepositorySuite,
  type Breach,
  breachesOf,
  STORE_GUARANTEES,
  type StoreFixture,
  type StorePort,
  type Stores,
  storeSuite,
  testSuite,
} from "../../src/testing/index.js";
import type { AssetRepository } from "../../src/core/ports/asset-repository.js";
import { MEMORY_ASSETS, openMemoryAssets, openMemoryStores } from "../support/conformance-fixtures.js";
import { BROKEN_REPOSITORIES } from "./broken-repositories.js";
import { BROKEN_STORES } from "./broken-stores.js";

/** Some methods of an adapter replaced; the others are the sound one's. */
function altered<T extends object>(sound: T, alter: (sound: T) => Partial<T>): T {
  const faults = alter(sound);
  return new Proxy(sound, {
    get(target, name) {
      if (Object.hasOwn(faults, name)) return Reflect.get(faults, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const openBroken = (alter: (sound: AssetRepository) => Partial<AssetRepository>) => async () => {
  const fixture = await openMemoryAssets();
  return { ...fixture, repository: altered(fixture.repository, alter) };
};

const openBrokenStores = (alter: (sound: Stores) => Partial<Stores>) => async (): Promise<StoreFixture> => {
  const fixture = await openMemoryStores();
  const another = async (): Promise<Stores> => {
    const node = await fixture.another();
    return { ...node, ...alter(node) };
  };
  return { ...fixture, ...alter(fixture), another };
};

/** The named guarantee fails, and for what it says: not because the fault threw something, which any check would meet. */
function expectBreach(found: readonly Breach[], breaks: string, of: number): void {
  expect(found.map(({ guarantee }) => guarantee)).to.include(breaks);
  for (const { error } of found) {
    const causes = [error, error instanceof Error ? error.cause : undefined];
    expect(
      causes.some((cause) => cause instanceof TypeError || cause instanceof ReferenceError),
      String(error),
    ).to.equal(false);
  }
  expect(found.length, "a fault that breaks nearly everything proves nothing").to.be.below(0.75 * of);
}

describe("the conformance suites", () => {
  it("find nothing wrong with the sound in-memory repository", async () => {
    expect(await breachesOf(assetRepositorySuite("memory", openMemoryAssets, MEMORY_ASSETS))).to.deep.equal([]);
  });

  for (const port of ["JobStore", "ChunkStore", "JobLog", "JobReports"] as const satisfies StorePort[]) {
    it(`find nothing wrong with the sound in-memory ${port}`, async () => {
      expect(await breachesOf(storeSuite("memory", port, openMemoryStores))).to.deep.equal([]);
    });
  }

  for (const { fault, alter, breaks } of BROKEN_REPOSITORIES) {
    it(`detect a repository that ${fault}`, async () => {
      const found = await breachesOf(assetRepositorySuite("broken", openBroken(alter), MEMORY_ASSETS));
      expectBreach(found, breaks, ASSET_REPOSITORY_GUARANTEES.length);
    });
  }

  for (const { fault, port, alter, breaks } of BROKEN_STORES) {
    it(`detect a ${port} that ${fault}`, async () => {
      const found = await breachesOf(storeSuite("broken", port, openBrokenStores(alter)));
      expectBreach(found, breaks, STORE_GUARANTEES[port].length);
    });
  }
});

describe("a conformance suite in a test runner", () => {
  const runWith = (flags: { readonly special: boolean }) => {
    const said: string[] = [];
    const it = Object.assign((title: string) => said.push(`test ${title}`), {
      skip: (title: string) => said.push(`skip ${title}`),
    });
    const host = { describe: (title: string, body: () => void) => (said.push(title), body()), it, after: () => {} };
    testSuite(
      {
        title: "X as a port",
        guarantees: [
          { guarantee: "one", check: async () => {} },
          { guarantee: "two", needs: "special", check: async () => {} },
        ],
        flags,
        run: (check) => check({}),
      },
      host,
    );
    return said;
  };

  it("shows its flags, and shows what a flag switches off as skipped, with the reason", () => {
    expect(runWith({ special: true })).to.deep.equal(["X as a port (special: yes)", "test one", "test two"]);
    expect(runWith({ special: false })).to.deep.equal([
      "X as a port (special: no)",
      "test one",
      "skip two [not promised: special is no]",
    ]);
  });
});
