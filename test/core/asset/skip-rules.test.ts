import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import { SkipRules } from "../../../src/core/asset/skip-rules.js";
import { assetOf } from "../../support/builders.js";
import { thrown } from "../../support/deferred.js";

interface Example {
  readonly ignored: string[];
  readonly enabled: string[];
  readonly on: string[];
  readonly off: string[];
}

/** AEM.md section 6, row by row. */
const PUBLISHED: Example[] = [
  { ignored: ["/d/p1"], enabled: ["/d/p1/c1"], on: ["/d/p1/c1", "/d/p1/c1/x.dita"], off: ["/d/p1", "/d/p1/c2/x.dita"] },
  { ignored: ["regex:/d/.*"], enabled: ["regex:/d/.*/p1"], on: [], off: ["/d/en/p1", "/d/en/p1/x.dita"] },
  { ignored: ["regex:/d/.*/p1"], enabled: ["regex:/d/.*"], on: ["/d/en/p2"], off: ["/d/en/p1"] },
  {
    ignored: ["regex:/d/.*/p1"],
    enabled: ["regex:/d/.*/p1/c1"],
    on: ["/d/en/p1/c1", "/d/en/p1/c1/x.dita"],
    off: ["/d/en/p1", "/d/en/p1/c2"],
  },
  {
    ignored: ["regex:/d/.*/p1/c1"],
    enabled: ["regex:/d/.*/p1"],
    on: ["/d/en/p1", "/d/en/p1/c2"],
    off: ["/d/en/p1/c1"],
  },
];

describe("path rules", () => {
  for (const { ignored, enabled, on, off } of PUBLISHED) {
    for (const [verdict, paths] of [
      ["take", on],
      ["leave", off],
    ] as const) {
      for (const path of paths) {
        it(`${verdict} ${path} when they ignore ${ignored} and enable ${enabled}`, () => {
          expect(new SkipRules({ ignored, enabled }).takes(path)).to.equal(verdict === "take");
        });
      }
    }
  }

  it("give the same answers in whatever order they are asked", () => {
    for (const { ignored, enabled, on, off } of PUBLISHED) {
      const rules = new SkipRules({ ignored, enabled });
      for (const path of [...on, ...off, ...[...on, ...off].reverse()]) {
        expect(rules.takes(path), path).to.equal(on.includes(path));
      }
    }
  });

  it("accept everything if there are none", () => {
    expect(new SkipRules({ ignored: [], enabled: [] }).takes("/any/where")).to.equal(true);
  });

  it("accept only what is enabled once something is enabled", () => {
    const rules = new SkipRules({ ignored: [], enabled: ["/content/dam"] });
    expect(rules.takes("/content/dam/a")).to.equal(true);
    expect(rules.takes("/content/damage")).to.equal(false);
    expect(rules.takes("/content")).to.equal(false);
  });

  it("ignore a path that is in both lists", () => {
    const rules = new SkipRules({ ignored: ["/d/p1"], enabled: ["/d/p1"] });
    expect(rules.takes("/d/p1")).to.equal(false);
    expect(rules.takes("/d/p1/x")).to.equal(false);
  });

  it("let an ignore regex win over an enable regex on the same path", () => {
    const rules = new SkipRules({ ignored: ["regex:/d/p\\d"], enabled: ["regex:/d/p.", "/d"] });
    expect(rules.takes("/d/p1")).to.equal(false);
    expect(rules.takes("/d/px")).to.equal(true);
  });

  it("let a child override its parent either way, again and again", () => {
    const rules = new SkipRules({ ignored: ["/d/a", "/d/a/b/c"], enabled: ["/d", "/d/a/b"] });
    expect(rules.takes("/d/x")).to.equal(true);
    expect(rules.takes("/d/a/x")).to.equal(false);
    expect(rules.takes("/d/a/b/x")).to.equal(true);
    expect(rules.takes("/d/a/b/c/x")).to.equal(false);
  });

  it("do not let an enable rule that matched at the ignored level reopen what lies below it", () => {
    const rules = new SkipRules({ ignored: ["/x/secret"], enabled: ["regex:/x/.*"] });
    expect(rules.takes("/x/secret")).to.equal(false);
    expect(rules.takes("/x/secret/a")).to.equal(false);
    expect(rules.takes("/x/secret/a/b")).to.equal(false);
    expect(rules.takes("/x/open/a")).to.equal(true);
  });

  it("compare plain paths by whole segments", () => {
    const rules = new SkipRules({ ignored: ["/d/a"], enabled: [] });
    expect(rules.takes("/d/ab")).to.equal(true);
    expect(rules.takes("/d/a-b/c")).to.equal(true);
  });

  it("take the characters of a plain path literally", () => {
    const rules = new SkipRules({ ignored: ["/d/a.b"], enabled: [] });
    expect(rules.takes("/d/a.b")).to.equal(false);
    expect(rules.takes("/d/axb")).to.equal(true);
  });

  it("match a regex against the whole path", () => {
    const rules = new SkipRules({ ignored: ["regex:/d/p|/d/q"], enabled: [] });
    expect(rules.takes("/d/p")).to.equal(false);
    expect(rules.takes("/d/q")).to.equal(false);
    expect(rules.takes("/x/d/p")).to.equal(true);
    expect(rules.takes("/d/pp")).to.equal(true);
  });

  it("ignore a trailing slash", () => {
    expect(new SkipRules({ ignored: ["/d/a/"], enabled: [] }).takes("/d/a/x")).to.equal(false);
  });

  for (const list of ["enabled", "ignored"] as const) {
    it(`are rejected if a regex in the ${list} list is invalid, naming the list`, () => {
      const error = thrown(() => new SkipRules({ [list]: ["regex:/d/("] }));
      expect(AssetmillError.is(error) && error.code).to.equal("INVALID_PARAMETER");
      expect((error as AssetmillError).ids.field).to.equal(list);
    });
  }
});

describe("the skip rules", () => {
  const rules = new SkipRules();

  it("leave an ordinary asset alone", () => {
    expect(rules.reasonFor(assetOf("/content/dam/a.dita"))).to.equal(undefined);
  });

  it("name IGNORED_PATH for what a configured rule ignores", () => {
    const own = new SkipRules({ ignored: ["/content/dam/drafts"] });
    expect(own.reasonFor(assetOf("/content/dam/drafts/a.dita"))).to.equal("IGNORED_PATH");
  });

  it("name TRANSLATION_OUTPUT wherever that folder is", () => {
    expect(rules.reasonFor(assetOf("/content/dam/projects/translation_output/de/a.dita"))).to.equal(
      "TRANSLATION_OUTPUT",
    );
    expect(rules.reasonFor(assetOf("/content/dam/x/translation_output/a.dita"))).to.equal("TRANSLATION_OUTPUT");
  });

  it("name SUB_ASSET for what lies under an asset's subassets", () => {
    expect(rules.reasonFor(assetOf("/content/dam/a.pdf/subassets/page1.pdf"))).to.equal("SUB_ASSET");
  });

  it("name CONTENT_FRAGMENT before any other reason", () => {
    const fragment = assetOf("/content/dam/translation_output/a", { contentFragment: true });
    expect(rules.reasonFor(fragment)).to.equal("CONTENT_FRAGMENT");
  });

  it("compare folder names as a whole", () => {
    for (const path of [
      "/d/subassets.dita",
      "/d/my-subassets/a",
      "/d/translation_output2/a",
      "/d/translation_output",
    ]) {
      expect(rules.reasonFor(assetOf(path)), path).to.equal(undefined);
    }
  });
});
