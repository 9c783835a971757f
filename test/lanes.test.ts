import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "./support/architecture.js";

interface LookupFiles {
  readonly lookupFiles: (pattern: string, extensions?: readonly string[], recursive?: boolean) => string[];
}

/** Mocha's own, untyped: a pattern must mean here what it means there. */
const LOOKUP: string = "mocha/lib/cli/lookup-files.js";

const ROOT = repositoryRoot();

/** The end of a test file's name, and the lane that runs it. */
const LANES = { ".test.js": ".mocharc.json", ".slow.js": ".mocharc.slow.json", ".jcr.js": ".mocharc.jcr.json" };

describe("the test lanes", () => {
  for (const [end, config] of Object.entries(LANES)) {
    it(`run each *${end} file exactly once, as ${config} says`, async () => {
      const { lookupFiles } = (await import(LOOKUP)) as LookupFiles;
      const { spec } = JSON.parse(readFileSync(join(ROOT, config), "utf8")) as { spec: readonly string[] };
      const run = spec.flatMap((pattern) => lookupFiles(pattern, ["js"], false)).sort();
      const written = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(end.replace(/\.js$/, ".ts")))
        .map((file) => join("build", "test", file.replace(/\.ts$/, ".js")))
        .sort();
      expect(written.length).to.be.above(5);
      // A build may still hold tests that are gone.
      expect(run.filter((file) => written.includes(file))).to.deep.equal(written);
    });
  }
});
