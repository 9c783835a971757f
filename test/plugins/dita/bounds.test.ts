import { expect } from "chai";
import { contextOf, assetAt, failureOf, processText, topic } from "./fake-context.js";
import { ditaHandler } from "../../../src/plugins/dita/handler.js";
import { readDita } from "../../../src/plugins/dita/document.js";

const numbered = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

const titled = (title: string): string => `<topic id="t"><title>${title}</title></topic>`;
const UNREAD = '<!DOCTYPE topic SYSTEM "topic.dtd">';

const TOO_LARGE = /^RESULT_TOO_LARGE: the asset yields more than /;

describe("what one DITA document may yield", () => {
  const tooMany: readonly [string, string][] = [
    ["ids", topic(numbered(100_001, (i) => `<p id="i${i}"/>`))],
    ["links", topic(numbered(100_001, (i) => `<xref href="f${i}.dita"/>`))],
    ["content references", topic(numbered(100_001, (i) => `<p conref="f${i}.dita#t/i"/>`))],
    ["key definitions", `<map>${numbered(100_001, (i) => `<keydef keys="k${i}" href="f${i}.dita"/>`)}</map>`],
    ["keys in one attribute", topic(`<object archivekeyrefs="${numbered(100_001, (i) => `k${i} `)}"/>`)],
    ["ids and links together", topic(numbered(60_000, (i) => `<p id="i${i}"/><xref href="f${i}.dita"/>`))],
    [
      "characters in one link",
      topic(`<xref href="${"x".repeat(16_000_000)}.dita"/><xref href="${"y".repeat(999_999)}"/>`),
    ],
    ["characters in one id", topic(`<p id="${"x".repeat(16_000_000)}"/><p id="${"y".repeat(999_999)}"/>`)],
  ];
  for (const [what, text] of tooMany) {
    it(`is limited: with too many ${what} the document fails as RESULT_TOO_LARGE`, async () => {
      expect(await failureOf(text)).to.match(TOO_LARGE);
    });
  }

  it("is limited while it is read: what follows is not looked at", async () => {
    const text = topic(numbered(100_001, (i) => `<p id="i${i}"/>`));
    expect(await failureOf(text.replace("</body>", "</wrong>"))).to.match(TOO_LARGE);
  });

  it("is not limited below that, and counts what is repeated once where it is listed once", async () => {
    const { properties, references } = await processText(
      topic(numbered(90_000, () => '<p id="i" conref="a.dita#t/i"/>')),
    );
    expect(properties.fmditaIds).to.deep.equal(["t", "i"]);
    expect(properties.fmditaConrefs).to.deep.equal(["/docs/guide/a.dita"]);
    expect(references).to.have.length(90_000);
  });

  it("asks for no target of a document that yields too much", async () => {
    const asked: string[] = [];
    const text = topic(numbered(100_001, (i) => `<xref href="f${i}.dita"/>`));
    const context = contextOf(text, () => true, asked);
    await Promise.resolve(ditaHandler.process(assetAt("/d/a.dita"), context)).catch(() => undefined);
    expect(asked).to.deep.equal([]);
  });

  it("ends reading at a start tag with more than 10,000 attributes, or 16 MiB of them", async () => {
    const limit = /^XML_ATTRIBUTE_LIMIT: a start tag with more than /;
    expect(await failureOf(topic(`<p ${numbered(10_001, (i) => `a${i}="" `)}/>`))).to.match(limit);
    expect(await failureOf(topic(`<p outputclass="${"x\n".repeat(8_500_000)}"/>`))).to.match(limit);
    expect(await failureOf(topic(`<p outputclass="${"x\n".repeat(4_000_000)}"/>`))).to.equal("no failure");
  });
});

describe("a long title", () => {
  const WARNING = "the title has more than 1000 characters and was cut";

  it("is cut after 1,000 characters, with a warning; one of 1,000 is not", async () => {
    const long = await processText(titled(`${"x".repeat(1_000)} y`));
    expect(long.properties.fmditaTitle).to.equal("x".repeat(1_000));
    expect(long.warnings).to.deep.equal([WARNING]);
    const whole = await processText(titled(`\n ${"x ".repeat(500)}  \n`));
    expect(whole.properties.fmditaTitle).to.equal("x ".repeat(500).trim());
    expect(whole.warnings).to.deep.equal([]);
  });

  it("is never cut within a character", async () => {
    const { properties } = await processText(titled(`x${"\u{1f600}".repeat(600)}`));
    expect(properties.fmditaTitle).to.equal(`x${"\u{1f600}".repeat(499)}`);
  });

  it("is cut likewise if it is a map's attribute", async () => {
    const { properties, warnings } = await processText(`<map title="${"x".repeat(5_000)}"/>`, "/d/a.ditamap");
    expect(properties.fmditaTitle).to.equal("x".repeat(1_000));
    expect(warnings).to.deep.equal([WARNING]);
  });

  it("has its white space collapsed across the pieces in which it is read", async () => {
    const pieces = `a <ph/> ${" ".repeat(100_000)}<ph> </ph>b<!-- --> <![CDATA[ ${"\n".repeat(70_000)} c]]>`;
    expect((await processText(titled(pieces))).properties.fmditaTitle).to.equal("a b c");
  });
});

describe("entities with markup in them", () => {
  const declared = (subset: string, content: string): string =>
    `<!DOCTYPE topic [${subset}]><topic id="t"><title>T</title><body>${content}</body></topic>`;

  for (const [what, text] of [
    ["many times", declared('<!ENTITY a "<p>x</p>">', "&a;".repeat(10_001))],
    ["in one another", declared(`<!ENTITY a "<p/>"><!ENTITY b "${"&a;".repeat(1_000)}">`, "&b;".repeat(140))],
    [
      "for nothing",
      declared(`<!ENTITY c ""><!ENTITY a "&#38;c;"><!ENTITY b "${"&a;".repeat(1_000)}">`, "&b;".repeat(140)),
    ],
  ] as const) {
    it(`are limited when used ${what}: each takes a parser`, async () => {
      expect(await failureOf(text)).to.match(
        /^XML_ENTITY_LIMIT: entities with markup in them are used more than 10,000 times/,
      );
    });
  }

  it("may be used ten thousand times", async () => {
    const { properties } = await processText(declared('<!ENTITY a "<p>x</p>">', "&a;".repeat(10_000)));
    expect(properties.fmditaTitle).to.equal("T");
  });
});

describe("a document with many carriage returns", () => {
  it("takes little memory to explain its error", async () => {
    const text = `<topic id="a"><title>t</title><body>${"\r".repeat(8 * 1024 * 1024)}&bad;</body></topic>`;
    const before = process.memoryUsage().heapUsed;
    expect(await failureOf(text)).to.match(/^XML_NOT_WELL_FORMED: line 8388609, column 1/);
    expect(process.memoryUsage().heapUsed - before).to.be.below(150 * 2 ** 20);
  });
});

describe("the warnings about one document", () => {
  it("are the first hundred, and the number of all others", async () => {
    const text = `${UNREAD}${topic(numbered(300, (i) => `<p>&e${i};&e${i};</p>`))}`;
    const { warnings, moreWarnings } = await processText(text);
    expect(warnings).to.have.length(100);
    expect(warnings[99]).to.equal("entity &e99; is not declared in this file and was treated as empty");
    expect(moreWarnings).to.equal(200);
  });

  it("are counted together: of entities, of references that lead nowhere and of missing targets", async () => {
    const body = numbered(60, (i) => `<p>&e${i};</p><xref href="c:\\${i}"/><xref href="f${i}.dita"/>`);
    const { warnings, moreWarnings, properties } = await processText(`${UNREAD}${topic(body)}`, undefined, () => false);
    expect(warnings).to.have.length(100);
    expect(moreWarnings).to.equal(80);
    expect(properties.brokenReferences).to.have.length(60);
  });

  it("are short, however long the names in them are", async () => {
    const long = "x".repeat(1_000_000);
    const { warnings } = await processText(`${UNREAD}${topic(`<p>&${long};</p><xref href="c:\\${long}"/>`)}`);
    for (const { length } of warnings) expect(length).to.be.at.most(1_000);
    expect(warnings).to.have.length(2);
  });
});

describe("a document that is read in chunks", () => {
  // Every kind of markup and text, with what a chunk's end may divide.
  const SUBSET = `<!ENTITY e "an <ph id='in'>entity</ph>"><!-- "]>' --><?pi ">'?><!ENTITY f 'q "]"'>`;
  const DOCUMENT =
    `<!DOCTYPE topic [${SUBSET}]>\n<topic id="t" title='a&amp;b "c"'>\r\n<title>A &e; \u{1f600} ]] &#x41; <ph>B</ph>` +
    `<![CDATA[ <c> ]] ]>]]]> &f;</title><!-- - a - -b --><?pi ? x ??><body\n  outputclass="a&lt;\n\tb">` +
    `<xref href="x&amp;y.dita" scope = 'local' /><p conref="a.dita#t/&f;"/>\ud55c\uae00</body></topic>\n`;
  const CHUNK = 65_536;

  it("yields the same wherever a chunk ends", () => {
    const { title, ids, links } = readDita(DOCUMENT);
    expect([title, ids]).to.deep.equal(['A an entity \u{1f600} ]] A B <c> ]] ]>] q "]"', ["t", "in"]]);
    for (let cut = 1; cut < DOCUMENT.length; cut++) {
      const text = `<!--${"x".repeat(CHUNK - cut - 7)}-->${DOCUMENT}`;
      expect(readDita(text), `chunk ends before ${JSON.stringify(DOCUMENT.slice(cut, cut + 10))}`).to.deep.include({
        title,
        ids,
        links,
      });
    }
  });

  it("is refused at the same place, in the same words, wherever a chunk ends", async () => {
    for (const [sound, broken] of [
      ["</title>", "</tite>"],
      ["- -b", "- --b"],
      [' "c"', ' <c"'],
      ["a&lt;", "a&nothing;"],
      ["]] &#x41;", "]]> &#x41;"],
      ["</topic>", ""],
    ] as const) {
      const document = DOCUMENT.replaceAll("\r\n", "\n").replace(sound, broken);
      const expected = await failureOf(`<!-- -->\n${document}`);
      expect(expected).to.match(/^XML_NOT_WELL_FORMED: line [2-9]/);
      for (let cut = 1; cut < document.length; cut += 3) {
        const text = `<!--${"x".repeat(CHUNK - cut - 8)}-->\n${document}`;
        expect(await failureOf(text), `${broken}, cut at ${cut}`).to.equal(expected);
      }
    }
  });

  it("has line ends normalised as in a short one", () => {
    const lines = "x\r\ny\rz\n".repeat(300_000);
    expect(() => readDita(topic(`${lines}</p>`))).to.throw(/line 900001, column 1:/);
  });
});

describe("the work that a document takes", () => {
  const LONG = 600_000;
  const kinds: readonly [string, (bytes: number) => string][] = [
    ["]] in a title", (n) => titled("]]".repeat(n / 2))],
    ["]] in CDATA in a title", (n) => titled(`<![CDATA[${"]] ".repeat(n / 3)}]]>`)],
    ["- in a comment", (n) => topic(`<!--${"- ".repeat(n / 2)}-->`)],
    ["? in a processing instruction", (n) => topic(`<?x ${"? ".repeat(n / 2)}?>`)],
    ["lines in an attribute", (n) => topic(`<p outputclass="${"x\n".repeat(n / 2)}"/>`)],
    ["undeclared entities", (n) => `${UNREAD}${topic(numbered(n / 10, (i) => `&entity${i};`))}`],
    ["elements in a title", (n) => titled("<ph/> ".repeat(n / 6))],
    ["white space in a title", (n) => titled(" \n".repeat(n / 2))],
  ];
  for (const [what, document] of kinds) {
    it(`grows no faster than the document: ${what}`, function () {
      const timeOf = (text: string): number => {
        const began = performance.now();
        readDita(text);
        return performance.now() - began;
      };
      const [short, long] = [document(LONG), document(4 * LONG)];
      timeOf(short);
      const ratios = Array.from({ length: 4 }, () => timeOf(long) / timeOf(short));
      // Linear: 4. Quadratic: 16. One quiet moment of four is enough.
      expect(Math.min(...ratios)).to.be.below(9);
    });
  }
});
