import { expect } from "chai";
import { namesIn } from "../../../../src/adapters/assets/database/folder-names.js";
import type { SqlDatabase } from "../../../../src/adapters/sql/index.js";
import { sqliteKeys } from "../../../../src/adapters/sql/key-sql.js";
import { pathKey } from "../../../../src/adapters/sql/path-key.js";
import { comparePaths } from "../../../../src/core/asset/path.js";
import { rejection } from "../../../support/deferred.js";

/** A database that holds these paths; `queries` counts what it was asked. */
function databaseOf(paths: readonly string[]): { readonly database: SqlDatabase; readonly count: () => number } {
  const rows = [...paths].sort(comparePaths).map((path) => ({ path, key: pathKey(path) }));
  let queries = 0;
  const read = async (_sql: string, [from, to, limit]: readonly unknown[]): Promise<readonly object[]> => {
    queries++;
    return rows
      .filter(({ key }) => Buffer.compare(key, from as Buffer) >= 0 && Buffer.compare(key, to as Buffer) < 0)
      .slice(0, Number(limit));
  };
  return { database: { read, dialect: { keys: sqliteKeys } } as unknown as SqlDatabase, count: () => queries };
}

const many = (count: number, path: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => path(i));

describe("the names in a folder of a database", () => {
  it("are complete although subfolders hold more than a page", async () => {
    const { database, count } = databaseOf([
      ...many(2_000, (i) => `/f/big/${i}`),
      ...many(600, (i) => `/f/deep/a/b/${i}`),
      ...many(700, (i) => `/f/file-${i}`),
      "/f/big",
      "/f-other/x",
    ]);
    const names = await namesIn(database, "/f", 10_000, undefined);
    expect([...(names ?? [])].sort()).to.deep.equal(["big", "deep", ...many(700, (i) => `file-${i}`)].sort());
    expect(count()).to.be.below(6);
  });

  it("are as many as asked for at most, and cost a bounded number of queries", async () => {
    const { database, count } = databaseOf(many(30_000, (i) => `/f/${i % 60}/${i}`));
    expect(await namesIn(database, "/", 10, undefined)).to.deep.equal(["f"]);
    expect(await namesIn(database, "/f", 7, undefined)).to.have.length(7);
    const before = count();
    expect(await namesIn(database, "/f", 10_000, undefined)).to.have.length(40);
    expect(count() - before).to.equal(40);
  });

  it("end with the signal's reason if it is told to stop", async () => {
    const { database } = databaseOf(["/f/a"]);
    const reason = new Error("stop");
    expect(await rejection(namesIn(database, "/f", 10, AbortSignal.abort(reason)))).to.equal(reason);
  });
});
