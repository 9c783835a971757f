import { expect } from "chai";
import fc from "fast-check";
import { AssetmillError } from "../../../src/core/errors.js";
import { childPath, comparePaths, isWithin, normalisePath, parentPath } from "../../../src/core/asset/path.js";
import { thrown } from "../../support/deferred.js";
import { anyName, anyPath, referenceOrder, segmentsOf } from "../../support/path-order.js";

describe("a path", () => {
  const normalised: [string, string, string][] = [
    ["gains a missing leading slash", "content/dam", "/content/dam"],
    ["loses a trailing slash", "/content/dam/", "/content/dam"],
    ["loses several trailing slashes", "/content/dam///", "/content/dam"],
    ["has double slashes collapsed", "//content///dam", "/content/dam"],
    ["may be the root", "/", "/"],
    ["is the root if it contains nothing but slashes", "///", "/"],
    ["keeps spaces inside", "/a b/ c /d", "/a b/ c /d"],
    ["keeps a blank at its end", "/content/guide ", "/content/guide "],
    ["keeps a line break at its end", "/content/guide\n", "/content/guide\n"],
    ["keeps blanks before its last slash", "/content/guide /", "/content/guide "],
    ["keeps a name that is a blank", "/ /a", "/ /a"],
    ["keeps backslashes", "/a\\b/..\\c", "/a\\b/..\\c"],
    ["keeps control characters", "/a\nb\tc\u001bd\u007fe\u0085f", "/a\nb\tc\u001bd\u007fe\u0085f"],
    ["keeps names that begin with dots", "/a/.hidden/..b/...", "/a/.hidden/..b/..."],
    ["keeps characters that URIs escape", "/a%2Fb/c+d/e#f?g", "/a%2Fb/c+d/e#f?g"],
    ["keeps composed characters composed", "/caf\u00e9", "/caf\u00e9"],
    ["keeps decomposed characters decomposed", "/cafe\u0301", "/cafe\u0301"],
    ["keeps supplementary characters", "/\u{1f600}/\u{2f800}", "/\u{1f600}/\u{2f800}"],
  ];
  for (const [title, raw, expected] of normalised) {
    it(title, () => expect(normalisePath(raw)).to.equal(expected));
  }

  const refused: [string, string][] = [
    ["nothing", ""],
    ["blanks alone", " \t "],
    ["a . segment", "/a/./b"],
    ["a .. segment", "/a/../b"],
    ["a .. segment at the end", "/a/.."],
    ["a .. segment without a slash", ".."],
    ["NUL", "/a\u0000b"],
    ["a blank before its leading slash", " /content/dam"],
    ["a line break before its leading slash", "\n/content/dam"],
    ["a backslash without a leading slash", "content\\dam"],
    ["a line break without a leading slash", "content/dam\n"],
    ["a C1 control character without a leading slash", "a\u0085b"],
    ["half a surrogate pair", "/a\ud83d"],
  ];
  for (const [title, raw] of refused) {
    it(`is rejected if it contains ${title}, naming the field`, () => {
      const error = thrown(() => normalisePath(raw, "excludedPaths[2]"));
      expect(AssetmillError.is(error) && error.code).to.equal("INVALID_PARAMETER");
      expect((error as AssetmillError).fields.map(({ field }) => field)).to.deep.equal(["excludedPaths[2]"]);
    });
  }

  it("stays as it is when normalised again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (raw) => {
        let once: string;
        try {
          once = normalisePath(raw);
        } catch {
          return;
        }
        expect(normalisePath(once)).to.equal(once);
        expect(once).to.match(/^\/(?:[^/]+(?:\/[^/]+)*)?$/s);
      }),
    );
  });
});

describe("path order", () => {
  it("puts a folder's content before siblings that plain string order would put first", () => {
    const ordered = ["/a", "/a/b", "/a/b/c", "/a/b-c", "/a b", "/a-b", "/a-b/c", "/a.b", "/a0"];
    expect([...ordered].reverse().sort(comparePaths)).to.deep.equal(ordered);
    expect([...ordered].sort()).not.to.deep.equal(ordered);
  });

  it("puts the root first", () => {
    expect(comparePaths("/", "/a")).to.be.below(0);
    expect(comparePaths("/", "/")).to.equal(0);
  });

  it("compares by UTF-16 code unit, so a supplementary character sorts before U+FF5E", () => {
    expect(comparePaths("/\u{1f600}", "/\uff5e")).to.be.below(0);
  });

  it("agrees with comparing segment by segment", () => {
    fc.assert(
      fc.property(anyPath, anyPath, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).to.equal(Math.sign(referenceOrder(a, b)));
      }),
      { numRuns: 3_000 },
    );
  });

  it("agrees with comparing segment by segment when two paths differ in a single place", () => {
    fc.assert(
      fc.property(anyPath, anyName, anyName, anyPath, (head, a, b, tail) => {
        const [x, y] = [childPath(head, a) + tail.replace(/\/$/, ""), childPath(head, b) + tail.replace(/\/$/, "")];
        expect(Math.sign(comparePaths(x, y))).to.equal(Math.sign(referenceOrder(x, y)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a path within another", () => {
  const table: [string, string, boolean][] = [
    ["/a/b", "/a/b", true],
    ["/a/b/c", "/a/b", true],
    ["/a/bc", "/a/b", false],
    ["/a/b-c", "/a/b", false],
    ["/a", "/a/b", false],
    ["/a", "/", true],
    ["/", "/", true],
    ["/", "/a", false],
  ];
  for (const [path, root, expected] of table) {
    it(`${path} ${expected ? "lies" : "does not lie"} in ${root}`, () => {
      expect(isWithin(path, root)).to.equal(expected);
    });
  }

  it("lies in another exactly if its segments begin with the other's", () => {
    fc.assert(
      fc.property(anyPath, anyPath, (path, root) => {
        const own = segmentsOf(path);
        expect(isWithin(path, root)).to.equal(segmentsOf(root).every((name, i) => own[i] === name));
      }),
      { numRuns: 1_000 },
    );
  });

  it("has its parent one segment up, and the root is its own parent", () => {
    expect(parentPath("/a/b")).to.equal("/a");
    expect(parentPath("/a")).to.equal("/");
    expect(parentPath("/")).to.equal("/");
    fc.assert(
      fc.property(anyPath, anyName, (folder, name) => {
        expect(parentPath(childPath(folder, name))).to.equal(folder);
      }),
    );
  });
});
