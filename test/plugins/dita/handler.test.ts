import { expect } from "chai";
import { Container } from "inversify";
import { checkResult } from "../../../src/core/asset/handler-result.js";
import type { AssetHandler } from "../../../src/core/ports/asset-handler.js";
import { ASSET_HANDLER } from "../../../src/core/ports/asset-handler-token.js";
import { ditaHandler, ditaModule } from "../../../src/plugins/dita/index.js";
import { assetAt, contextOf, processText, topic } from "./fake-context.js";

const titleOf = async (text: string, path?: string) => (await processText(text, path)).properties.fmditaTitle;
const uuidAt = async (path: string) => (await processText(topic(""), path)).properties.fmUuid;

describe("the DITA handler", () => {
  it("accepts topics, maps and ditavals, and nothing else", () => {
    const names = ["a.dita", "a.ditamap", "a.ditaval", "a.md", "a.html", "a.png"];
    const accepted = names.filter((name) => ditaHandler.accepts?.(assetAt(`/${name}`)));
    expect(accepted).to.deep.equal(["a.dita", "a.ditamap", "a.ditaval"]);
  });

  it("is bound by its module under the handlers' identifier", () => {
    const container = new Container();
    container.load(ditaModule);
    expect(container.getAll<AssetHandler>(ASSET_HANDLER)).to.deep.equal([ditaHandler]);
  });

  it("returns what assetmill accepts as a result", async () => {
    const result = await processText(topic('<xref href="a.dita"/>'));
    expect(checkResult(result)).to.equal(result);
  });

  it("returns the same result each time", async () => {
    const text = topic('<xref href="a.dita"/><p conref="b.dita#b/b"/>');
    expect(await processText(text)).to.deep.equal(await processText(text));
  });

  describe("the title", () => {
    it("is the text of the root's title, with white space collapsed and markup dropped", async () => {
      expect(await titleOf("<task id='t'><title>\n How <b>to</b>\n\t<ph>brew</ph> </title></task>")).to.equal(
        "How to brew",
      );
      expect(await titleOf("<concept id='t'><title>A<![CDATA[ & ]]>B &lt;C&#62;</title></concept>")).to.equal(
        "A & B <C>",
      );
    });

    it("is that of the root, not of a section or a nested topic", async () => {
      expect(await titleOf("<topic id='t'><body><section><title>no</title></section></body></topic>")).to.equal(
        undefined,
      );
      expect(await titleOf("<topic id='a'><title>A</title><topic id='b'><title>B</title></topic></topic>")).to.equal(
        "A",
      );
    });

    it("leaves out index terms, footnotes, comments and the text of pictures", async () => {
      const text =
        "<topic id='t'><title>Beans<indexterm>beans<indexterm>x</indexterm></indexterm><fn>note</fn>" +
        "<draft-comment>!</draft-comment><image href='a.png'><alt>alt</alt></image> and cups</title></topic>";
      expect(await titleOf(text)).to.equal("Beans and cups");
    });

    it("is left out if it contains only a key", async () => {
      const { properties } = await processText("<topic id='t'><title><keyword keyref='x'/></title></topic>");
      expect(properties).not.to.have.property("fmditaTitle");
    });

    it("is the main book title of a bookmap", async () => {
      const book = (title: string) => `<bookmap>${title}<chapter href="a.dita"/></bookmap>`;
      const inParts =
        "<booktitle><booklibrary>Lib</booklibrary><mainbooktitle>Main</mainbooktitle><booktitlealt>Alt</booktitlealt></booktitle>";
      expect(await titleOf(book(inParts), "/b.ditamap")).to.equal("Main");
      expect(await titleOf(book("<title>Plain</title>"), "/b.ditamap")).to.equal("Plain");
    });

    it("is the title element of a map, or else its title attribute", async () => {
      expect(await titleOf('<map title="Attr"><title>Element</title></map>', "/m.ditamap")).to.equal("Element");
      expect(await titleOf('<map title=" Attr  x "/>', "/m.ditamap")).to.equal("Attr x");
    });

    it("is the term of a glossary entry, and of a composite that of its first topic", async () => {
      expect(
        await titleOf("<glossentry id='g'><glossterm>Crema</glossterm><glossdef>x</glossdef></glossentry>"),
      ).to.equal("Crema");
      expect(
        await titleOf("<dita><topic id='a'><title>One</title></topic><topic id='b'><title>Two</title></topic></dita>"),
      ).to.equal("One");
    });

    it("is found by class in specialised documents", async () => {
      const text =
        '<faq class="- topic/topic faq/faq " id="f"><question class="- topic/title faq/question ">Why?</question></faq>';
      expect(await titleOf(text)).to.equal("Why?");
    });
  });

  describe("the class", () => {
    const CLASSES = [
      ["topic", "- topic/topic "],
      ["concept", "- topic/topic concept/concept "],
      ["glossentry", "- topic/topic concept/concept glossentry/glossentry "],
      ["subjectScheme", "- map/map subjectScheme/subjectScheme "],
    ] as const;
    for (const [root, ditaClass] of CLASSES) {
      it(`is "${ditaClass}" for ${root} if the file gives none`, async () => {
        expect((await processText(`<${root} id="x"/>`)).properties.dita_class).to.equal(ditaClass);
      });
    }

    it("is left out for a composite", async () => {
      expect((await processText("<dita/>")).properties).not.to.have.property("dita_class");
    });
  });

  it("lists the ids of the file in document order, each once", async () => {
    const { properties } = await processText(topic('<p id="b"/><p id="a"/><p id="b"/><p id=" "/>'));
    expect(properties.fmditaIds).to.deep.equal(["t", "b", "a"]);
  });

  describe("the unique id", () => {
    it("is the name of a file that is named by its id", async () => {
      expect(await uuidAt("/d/GUID-12AB.dita")).to.equal("GUID-12AB");
      expect(await uuidAt("/d/GUID-a.b.dita")).to.equal("GUID-a.b");
    });

    it("is otherwise a version 5 UUID made from the path: always the same, and different for each path", async () => {
      const id = await uuidAt("/d/a.dita");
      expect(id).to.match(/^GUID-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(await uuidAt("/d/a.dita")).to.equal(id);
      expect(await uuidAt("/e/a.dita")).not.to.equal(id);
      expect(await uuidAt("/d/GUID-.dita")).to.match(/^GUID-[0-9a-f]{8}-/);
      expect(await uuidAt("/d/my-GUID-1.dita")).not.to.contain("GUID-1.");
    });
  });

  describe("broken references", () => {
    it("are a warning and a property, once per target, and fail nothing", async () => {
      const text = topic(
        '<xref href="gone.dita"/><xref href="gone.dita#x/y"/><image href="there.png"/><xref href="#t"/>',
      );
      const { properties, warnings, references } = await processText(text, "/d/a.dita", (path) => path.endsWith("png"));
      expect(warnings).to.deep.equal(["broken reference /d/gone.dita"]);
      expect(properties.brokenReferences).to.deep.equal(["/d/gone.dita"]);
      expect(references).to.have.length(4);
    });

    for (const [title, href, similar, says] of [
      ["in case", "img/Logo.png", "/d/img/logo.PNG", "differs only in case"],
      ["in Unicode form", "\u00e9.dita", "/d/e\u0301.dita", "differs only in Unicode form (NFD, not NFC)"],
      ["in Unicode form, too", "e\u0301.dita", "/d/\u00e9.dita", "differs only in Unicode form (NFC, not NFD)"],
      ["in both", "\u00e9.dita", "/d/E\u0301.dita", "differs only in case and Unicode form (NFD, not NFC)"],
    ] as const) {
      it(`say what exists instead, if it differs only ${title}`, async () => {
        const { properties, warnings } = await processText(
          topic(`<xref href="${href}"/><xref href="gone.dita"/>`),
          "/d/a.dita",
          () => false,
          (path) => (path === `/d/${href}` ? similar : undefined),
        );
        expect(warnings).to.deep.equal([
          `broken reference /d/${href}: ${similar} ${says}`,
          "broken reference /d/gone.dita",
        ]);
        expect(properties.brokenReferences).to.deep.equal([`/d/${href}`, "/d/gone.dita"]);
      });
    }

    it("are explained up to a hundred per document", async () => {
      let asked = 0;
      const text = topic(Array.from({ length: 300 }, (_, i) => `<xref href="${i}.dita"/>`).join(""));
      const { warnings, moreWarnings } = await processText(
        text,
        "/d/a.dita",
        () => false,
        () => void asked++,
      );
      expect([asked, warnings.length, moreWarnings]).to.deep.equal([100, 100, 200]);
    });

    it("are found by one look-up per distinct internal target, and none for self, peer, key or external references", async () => {
      const asked: string[] = [];
      const text = topic(
        '<xref href="a.dita?q"/><xref href="a.dita#x"/><xref href="#t"/><xref href="topic.dita"/><xref keyref="k"/>' +
          '<xref href="p.dita" scope="peer"/><xref href="https://example.com/"/><image href="i%20j.png"/>',
      );
      await ditaHandler.process(
        assetAt("/d/topic.dita"),
        contextOf(text, () => true, asked),
      );
      expect(asked).to.deep.equal(["/d/a.dita", "/d/i j.png"]);
    });

    it("are named in document order, even among hundreds of targets", async () => {
      const names = Array.from({ length: 300 }, (_, i) => `n${i}.dita`);
      const { properties } = await processText(
        topic(names.map((name) => `<xref href="${name}"/>`).join("")),
        "/d/a.dita",
        (path) => !path.includes("9"),
      );
      expect(properties.brokenReferences).to.deep.equal(names.filter((n) => n.includes("9")).map((n) => `/d/${n}`));
    });

    it("are not looked up any further after an abort", async () => {
      const asked: string[] = [];
      const context = contextOf(topic('<xref href="a.dita"/>'), () => true, asked, AbortSignal.abort());
      const error = await Promise.resolve(ditaHandler.process(assetAt("/d/topic.dita"), context)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.have.property("name", "AbortError");
      expect(asked).to.deep.equal([]);
    });
  });
});
