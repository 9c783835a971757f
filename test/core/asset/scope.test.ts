import { expect } from "chai";
import fc from "fast-check";
import { isWithin } from "../../../src/core/asset/path.js";
import { admits, covers, overlaps, type Scope, scopeOf } from "../../../src/core/asset/scope.js";
import { assetOf } from "../../support/builders.js";

const ALL = { fileTypes: [] };
const scope = (roots: string[], excluded: string[] = []): Scope => scopeOf(roots, excluded, ALL);

/** Every path of a small tree whose names are prefixes of each other. */
const TREE = ["/"];
for (const a of ["a", "ab", "a-b"]) {
  TREE.push(`/${a}`);
  for (const b of ["b", "bc"]) {
    TREE.push(`/${a}/${b}`);
    for (const c of ["c", "cd"]) TREE.push(`/${a}/${b}/${c}`);
  }
}
const anyNode = fc.constantFrom(...TREE);
const anyScope = fc
  .tuple(fc.array(anyNode, { minLength: 1, maxLength: 3 }), fc.array(anyNode, { maxLength: 3 }))
  .map(([roots, excluded]) => scope(roots, excluded));

/** The scope as the plain set of its paths. */
const setOf = ({ roots, excluded }: Scope): Set<string> =>
  new Set(
    TREE.filter((path) => roots.some((root) => isWithin(path, root)) && !excluded.some((out) => isWithin(path, out))),
  );

describe("a scope", () => {
  it("lists its roots in path order and drops those that lie in another root", () => {
    expect(scope(["/a-b", "/a/b/c", "/a", "/a/b", "/a"]).roots).to.deep.equal(["/a", "/a-b"]);
  });

  it("covers and excludes whole segments only", () => {
    const s = scope(["/a/b"], ["/a/b/c"]);
    expect(covers(s, "/a/b")).to.equal(true);
    expect(covers(s, "/a/b/x")).to.equal(true);
    expect(covers(s, "/a/bc")).to.equal(false);
    expect(covers(s, "/a/b/c")).to.equal(false);
    expect(covers(s, "/a/b/c/x")).to.equal(false);
    expect(covers(s, "/a/b/cd")).to.equal(true);
  });

  it("covers nothing if the root itself is excluded", () => {
    expect(TREE.filter((path) => covers(scope(["/a"], ["/"]), path))).to.deep.equal([]);
  });

  it("covers exactly its set of paths", () => {
    fc.assert(
      fc.property(anyScope, (s) => {
        expect(TREE.filter((path) => covers(s, path))).to.deep.equal([...setOf(s)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("overlaps another scope exactly if some path lies in both", () => {
    fc.assert(
      fc.property(anyScope, anyScope, (a, b) => {
        const inBoth = [...setOf(a)].some((path) => setOf(b).has(path));
        expect(overlaps(a, b)).to.equal(inBoth);
        expect(overlaps(b, a)).to.equal(inBoth);
      }),
      { numRuns: 5_000 },
    );
  });

  const table: [string, Scope, Scope, boolean][] = [
    ["the same folder", scope(["/a"]), scope(["/a"]), true],
    ["a folder above", scope(["/a/b"]), scope(["/a"]), true],
    ["the repository", scope(["/a/b"]), scope(["/"]), true],
    ["a folder beside", scope(["/a/b"]), scope(["/a/c"]), false],
    ["a folder whose name begins alike", scope(["/a/b"]), scope(["/a/bc"]), false],
    ["one that excludes it", scope(["/a/b"]), scope(["/a"], ["/a/b"]), false],
    ["one that excludes a folder above it", scope(["/a/b/c"]), scope(["/a"], ["/a/b"]), false],
    ["one that excludes a part of it", scope(["/a/b"]), scope(["/a"], ["/a/b/c"]), true],
    ["one that excludes a folder whose name begins alike", scope(["/a/bc"]), scope(["/a"], ["/a/b"]), true],
    ["one of several roots", scope(["/x", "/a/b"]), scope(["/y", "/a"]), true],
  ];
  for (const [title, a, b, expected] of table) {
    it(`${expected ? "overlaps" : "does not overlap"} ${title}`, () => {
      expect(overlaps(a, b)).to.equal(expected);
      expect(overlaps(b, a)).to.equal(expected);
    });
  }
});

describe("a filter", () => {
  it("accepts every type if it names none", () => {
    expect(admits(ALL, assetOf("/a", { fileType: "OTHERS" }))).to.equal(true);
  });

  it("accepts the types that it names and no other", () => {
    const filter = { fileTypes: ["DITAMAP", "MARKDOWN"] as const };
    expect(admits(filter, assetOf("/a", { fileType: "MARKDOWN" }))).to.equal(true);
    expect(admits(filter, assetOf("/a", { fileType: "DITATOPIC" }))).to.equal(false);
  });

  it("treats its bounds on the creation time as inclusive", () => {
    const filter = { fileTypes: [], createdFromMs: 10, createdToMs: 20 };
    const taken = [9, 10, 15, 20, 21].filter((createdMs) => admits(filter, assetOf("/a", { createdMs })));
    expect(taken).to.deep.equal([10, 15, 20]);
  });

  it("does not restrict the modification time", () => {
    expect(admits({ fileTypes: [], createdToMs: 20 }, assetOf("/a", { createdMs: 20, modifiedMs: 99 }))).to.equal(true);
  });

  it("treats 0 as a bound", () => {
    expect(admits({ fileTypes: [], createdToMs: 0 }, assetOf("/a", { createdMs: 1 }))).to.equal(false);
  });
});
