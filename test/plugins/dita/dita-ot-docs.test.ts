import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { expect } from "chai";
import { readDita } from "../../../src/plugins/dita/document.js";
import { countKinds, processText } from "./fake-context.js";

const DOCS = path.resolve(process.cwd(), "../shared/data/dita-ot-docs");
const filesOf = (): string[] =>
  readdirSync(DOCS, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:dita|ditamap|ditaval)$/.test(name))
    .sort();
const read = (name: string): string => readFileSync(path.join(DOCS, name), "utf8");

/** Read and counted by hand. */
const BY_HAND: readonly (readonly [string, string | undefined, Readonly<Record<string, number>>])[] = [
  ["index.dita", "DITA Open Toolkit", { key: 15, "content-key": 1 }],
  ["userguide-book.ditamap", "DITA Open Toolkit Release", { key: 8, map: 8 }],
  ["topics/installing.ditamap", "Installing", { key: 3, topic: 1, file: 1 }],
  ["topics/installing.dita", "Installing DITA Open Toolkit", { "content-key": 3, key: 2 }],
  ["topics/migrating-to-3.5.dita", "Migrating to release 3.5", { key: 2, "content-key": 2 }],
  ["resources/subjectscheme.ditamap", undefined, { map: 2, key: 2 }],
  ["topics/ant.dita", undefined, { key: 2 }],
];

describe("the documentation of DITA-OT", () => {
  before(function () {
    if (existsSync(DOCS)) return;
    process.stderr.write(`\n!!! NOT RUN: the DITA plugin's tests on real files; there is no ${DOCS}\n`);
    this.skip();
  });

  it("is read completely: every topic, map and ditaval", () => {
    const files = filesOf();
    for (const file of files) expect(() => readDita(read(file)), file).not.to.throw();
    expect(files).to.have.length(330);
    process.stdout.write(`      ${files.length} files read\n`);
  });

  for (const [file, title, counts] of BY_HAND) {
    it(`yields for ${file} the title and the references that a reader finds in it`, async () => {
      const { properties, references } = await processText(read(file), `/${file}`);
      expect(properties.fmditaTitle).to.equal(title);
      expect(countKinds(references)).to.deep.equal(counts);
    });
  }

  it("takes at most three times as long as the bare parser, so the parser is still on V8's fast path", () => {
    const { SaxesParser } = createRequire(import.meta.url)("saxes") as typeof import("saxes");
    const texts = filesOf().map(read);
    const timeOf = (work: (text: string) => void): number => {
      const times = Array.from({ length: 5 }, () => {
        const began = performance.now();
        for (const text of texts) work(text);
        return performance.now() - began;
      });
      return Math.min(...times);
    };
    const bare = timeOf((text) => new SaxesParser({ position: false }).write(text).close());
    const ours = timeOf(readDita);
    process.stdout.write(
      `      ${Math.round((texts.length / ours) * 1_000)} docs/s, ${(ours / bare).toFixed(2)} times bare\n`,
    );
    expect(ours / bare).to.be.below(3);
  });
});
