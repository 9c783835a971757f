import { expect } from "chai";
import { LIMITS } from "../../../src/plugins/dita/limits.js";
import { failureOf, processText } from "./fake-context.js";

const MANY = 30 * 1024 * 1024;
const ASTRAL = "\u{10400}";

const withSubset = (subset: string, title = "T") =>
  `<!DOCTYPE topic [${subset}]>\n<topic id="t"><title>${title}</title></topic>`;

/** A declaration with so many UTF-16 units of what may be repeated in it. */
const DECLARATIONS: Readonly<Record<string, (units: number) => string>> = {
  "a content model": (units) => `<!ELEMENT a (${"x".repeat(units)})>`,
  "characters outside the BMP": (units) => `<!ELEMENT a ${"\u{1f600}".repeat(units / 2)}>`,
  "empty literals": (units) => `<!ATTLIST a ${'""'.repeat(units / 2)}>`,
  "the name of an entity": (units) => `<!ENTITY ${ASTRAL.repeat(units / 2)} "v">`,
  "a reference in an entity": (units) => `<!ENTITY a "&${ASTRAL.repeat(units / 2)};">`,
  "a parameter entity": (units) => `%${ASTRAL.repeat(units / 2)};`,
  "many declarations": (units) => "<!ELEMENT a ANY>".repeat(units / 16),
};

describe("a large document type declaration", () => {
  for (const [what, declare] of Object.entries(DECLARATIONS)) {
    it(`is FAILED XML_DOCTYPE_LIMIT at 30 MB, and says its size, if it consists of ${what}`, async () => {
      const failure = await failureOf(withSubset(declare(MANY)));
      expect(failure).to.match(
        /^XML_DOCTYPE_LIMIT: the document type declaration has \d{8} characters; at most 4194304 are read$/,
      );
    });

    it(`is read up to the limit if it consists of ${what}`, async () => {
      // Less what stands round the declaration.
      const { properties } = await processText(withSubset(declare(LIMITS.doctypeCharacters - 64)));
      expect(properties.fmditaTitle).to.equal("T");
    });
  }

  it("is never quoted at length: an error or a warning holds 100 characters of a name", async () => {
    const name = ASTRAL.repeat(200_000);
    expect(await failureOf(withSubset(`<!ENTITY ${name} "&${name};">`, `&${name};`))).to.match(
      /^XML_ENTITY_LIMIT: .*entity &.{0,101}; contains itself$/u,
    );
    expect(await failureOf(withSubset(`<!ENTITY ${name} "v"`))).to.match(/malformed declaration.{0,300}$/su);
    const { warnings } = await processText(
      `<!DOCTYPE topic SYSTEM "x.dtd"><topic id="t"><title>&${name};</title></topic>`,
    );
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^entity &.{0,101}; is not declared in this file/u);
  });

  it("still says where a malformed declaration begins, even if what is wrong comes long after", async () => {
    expect(await failureOf(withSubset(`\n<!ELEMENT a ${"x".repeat(1_000_000)}`))).to.equal(
      "XML_NOT_WELL_FORMED: line 2, column 1: malformed declaration in the internal subset",
    );
    expect(await failureOf(withSubset(`\n<!ENTITY e "${"&a;".repeat(300_000)}& b">`))).to.match(
      /^XML_NOT_WELL_FORMED: line 2, column \d{6}: & that does not begin a reference$/,
    );
    expect(await failureOf(withSubset("\n%a b;"))).to.equal(
      "XML_NOT_WELL_FORMED: line 2, column 1: malformed declaration in the internal subset",
    );
  });
});
