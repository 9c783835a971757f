import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { failureOf, processText } from "./fake-context.js";

const withSubset = (declarations: string, title: string, more = "") =>
  `<!DOCTYPE topic [\n${declarations}\n]>\n<topic id="t"><title>${title}</title>${more}</topic>`;
const titleOf = async (text: string) => (await processText(text)).properties.fmditaTitle;

describe("entities in DITA files", () => {
  it("entities of the internal subset are expanded, nested and in attributes; the first declaration wins", async () => {
    const subset = '<!ENTITY a "A &b;"><!ENTITY b "B&#33;"><!ENTITY b "other">';
    const { properties, references } = await processText(
      withSubset(subset, "x &a; y", '<p><xref href="&b;.dita"/></p>'),
    );
    expect(properties.fmditaTitle).to.equal("x A B! y");
    expect(references[0]?.target).to.equal("/docs/guide/B!.dita");
  });

  it("markup in an entity is read as if it were at the reference", async () => {
    const subset = `<!ENTITY name "<keyword id='k'>Mill</keyword>"><!ENTITY link "<xref href='a.dita'/>">`;
    const { properties, references } = await processText(
      withSubset(subset, "The &name; manual", "<body>&link;&link;</body>"),
    );
    expect(properties.fmditaTitle).to.equal("The Mill manual");
    expect(properties.fmditaIds).to.deep.equal(["t", "k"]);
    expect(references).to.have.length(2);
  });

  it("escaped markup in an entity is text", async () => {
    expect(await titleOf(withSubset('<!ENTITY e "a &lt;b> &#38;amp; c">', "&e;"))).to.equal("a <b> & c");
  });

  it("markup that an entity leaves open, or a < in an attribute, is not well-formed at the reference", async () => {
    expect(await failureOf(withSubset('<!ENTITY e "<b>x">', "a &e;"))).to.equal(
      "XML_NOT_WELL_FORMED: line 4, column 24: in entity &e;: the text ends within <b>",
    );
    expect(await failureOf(withSubset('<!ENTITY e "<b/>">', "a", '<p x="&e;"/>'))).to.equal(
      "XML_NOT_WELL_FORMED: line 4, column 37: entity &e; contains a < and is used in an attribute",
    );
  });

  it("an undeclared entity is empty with one warning if a DTD may declare it, and otherwise ill-formed", async () => {
    const { properties, warnings } = await processText(
      '<!DOCTYPE topic PUBLIC "-//OASIS//DTD DITA Topic//EN" "topic.dtd"><topic id="t"><title>a&nbsp;b&nbsp;c</title></topic>',
    );
    expect(properties.fmditaTitle).to.equal("abc");
    expect(warnings).to.deep.equal(["entity &nbsp; is not declared in this file and was treated as empty"]);
    expect(await failureOf(withSubset("", "&x;"))).to.match(/^XML_NOT_WELL_FORMED: line 4, column 22: entity &x;/);
  });

  it("an external entity is never read, wherever it leads", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "assetmill-xxe-"));
    try {
      const secret = path.join(folder, "secret.txt");
      await writeFile(secret, "TOP SECRET");
      const url = pathToFileURL(secret).href;
      const subset =
        `<!ENTITY x SYSTEM "${url}"><!ENTITY y PUBLIC "-//X//Y" "${url}">` +
        `<!ENTITY % p SYSTEM "${url}"><!ENTITY n SYSTEM "http://127.0.0.1:9/x">%p;`;
      const result = await processText(withSubset(subset, "[&x;&y;&n;]", '<p x="&x;"/>'));
      expect(result.properties.fmditaTitle).to.equal("[]");
      expect(JSON.stringify(result)).not.to.contain("SECRET");
      expect(result.warnings).to.deep.equal(
        ["x", "y", "n"].map((name) => `entity &${name}; is external and was not read`),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("an external DTD is never looked for", async () => {
    expect(
      await titleOf('<!DOCTYPE topic SYSTEM "file:///etc/passwd"><topic id="t"><title>T</title></topic>'),
    ).to.equal("T");
  });

  const laughs = (bottom: string, width: number, levels: number, quote = '"') => {
    const lines = [`<!ENTITY l0 ${quote}${bottom}${quote}>`];
    for (let i = 1; i < levels; i++) lines.push(`<!ENTITY l${i} "${`&l${i - 1};`.repeat(width)}">`);
    return lines.join("\n");
  };
  const failsFast = async (text: string) => {
    const began = performance.now();
    expect(await failureOf(text)).to.match(/^XML_ENTITY_LIMIT: /);
    expect(performance.now() - began).to.be.below(2_000);
  };

  it("a billion laughs fail fast with XML_ENTITY_LIMIT, in text, in attributes, and even if they expand to nothing", async () => {
    await failsFast(withSubset(laughs("lol", 10, 10), "&l9;"));
    await failsFast(withSubset(laughs("lol", 10, 10), "T", '<p x="&l9;"/>'));
    await failsFast(withSubset(laughs("", 10, 12), "&l11;"));
    await failsFast(withSubset(laughs("<b/>", 10, 10), "&l9;"));
  });

  it("one long entity that is used very often also fails fast", async () => {
    await failsFast(withSubset(`<!ENTITY a "${"x".repeat(20_000)}">`, "&a;".repeat(20_000)));
    await failsFast(withSubset('<!ENTITY a "x">', "&a;".repeat(600_000)));
  });

  it("an entity that contains itself, or nests more than 20 deep, is XML_ENTITY_LIMIT", async () => {
    await failsFast(withSubset('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"));
    await failsFast(withSubset('<!ENTITY a "&b;"><!ENTITY b "&a;">', "T", '<p x="&a;"/>'));
    await failsFast(withSubset(laughs("x", 1, 22), "&l21;"));
    expect(await titleOf(withSubset(laughs("x", 1, 20), "&l19;"))).to.equal("x");
  });

  it("internal subsets with all kinds of declarations are understood", async () => {
    const subset =
      '<!-- <!ENTITY e "no"> --><?pi <!ENTITY e "no"> ?><!ELEMENT p (#PCDATA)><!ATTLIST p a CDATA "&gt;>">' +
      "<!NOTATION n SYSTEM 'x'><!ENTITY pic SYSTEM 'x.png' NDATA n><!ENTITY e 'yes \"]>\"'>";
    expect(await titleOf(withSubset(subset, "&e;"))).to.equal('yes "]>"');
  });
});
