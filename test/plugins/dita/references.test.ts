import { expect } from "chai";
import { processText, topic } from "./fake-context.js";

const MAP = "/docs/guide/guide.ditamap";
const inMap = (content: string) => processText(`<map>${content}</map>`, MAP);
const inTopic = (content: string) => processText(topic(content));

describe("DITA references", () => {
  describe("in a map", () => {
    it("a topicref to a topic is a topic reference, listed in fmditaTopicrefs", async () => {
      const { references, properties } = await inMap(
        '<topicref href="a.dita"><topicref href="sub/b.dita#b"/></topicref>',
      );
      expect(references).to.deep.equal([
        { kind: "topic", target: "/docs/guide/a.dita" },
        { kind: "topic", target: "/docs/guide/sub/b.dita", fragment: "b" },
      ]);
      expect(properties.fmditaTopicrefs).to.deep.equal(["/docs/guide/a.dita", "/docs/guide/sub/b.dita"]);
    });

    it("a topicref to a map, recognised by name or format, is a map reference", async () => {
      const { references, properties } = await inMap(
        '<topicref href="a.ditamap"/><topicref href="b.xml" format="ditamap"/><mapref href="c.ditamap"/>' +
          '<navref mapref="d.ditamap"/><anchorref href="e.ditamap#x"/>',
      );
      expect(references.map(({ kind }) => kind)).to.deep.equal(["map", "map", "map", "map", "map"]);
      expect(properties.fmditaMaprefs).to.deep.equal(
        ["a.ditamap", "b.xml", "c.ditamap", "d.ditamap", "e.ditamap"].map((name) => `/docs/guide/${name}`),
      );
      expect(properties.fmditaTopicrefs).to.deep.equal([]);
    });

    it("a map inside a bookmap is listed in fmditaMaprefs, its topics in fmditaTopicrefs", async () => {
      const { properties } = await processText(
        '<bookmap><frontmatter><notices href="n.dita"/></frontmatter><part href="p.dita"><chapter href="c.ditamap"/>' +
          '<chapter href="c.dita"/></part><appendix href="x.dita"/></bookmap>',
        MAP,
      );
      expect(properties.fmditaMaprefs).to.deep.equal(["/docs/guide/c.ditamap"]);
      expect(properties.fmditaTopicrefs).to.deep.equal(
        ["n.dita", "p.dita", "c.dita", "x.dita"].map((name) => `/docs/guide/${name}`),
      );
      expect(properties.dita_class).to.equal("- map/map bookmap/bookmap ");
    });

    it("a keydef's target is listed in fmditaKeydefrefs alone, with its own kind", async () => {
      const { references, properties } = await inMap(
        '<keydef keys="a" href="a.dita"/><keydef keys="l" href="logo.svg" format="svg"/><keydef keys="t"/>' +
          '<keydef keys="v" href="v.mp4" format="mp4"/><keydef keys="m" href="m.ditamap"/>',
      );
      expect(references.map(({ kind }) => kind)).to.deep.equal(["topic", "image", "multimedia", "map"]);
      expect(properties.fmditaKeydefrefs).to.have.length(4);
      expect(properties.fmditaTopicrefs).to.deep.equal([]);
      expect(properties.fmditaMaprefs).to.deep.equal([]);
    });

    it("references in a relationship table are marked, those after it are not", async () => {
      const { references } = await inMap(
        '<reltable><relrow><relcell><topicref href="a.dita"/></relcell><relcell><topicref keyref="k"/></relcell></relrow>' +
          '</reltable><topicref href="b.dita"/>',
      );
      expect(references).to.deep.equal([
        { kind: "topic", target: "/docs/guide/a.dita", reltable: true },
        { kind: "key", target: "k", reltable: true },
        { kind: "topic", target: "/docs/guide/b.dita" },
      ]);
    });

    const scopes = (references: readonly { scope?: string; target: string }[]): string =>
      references.map(({ target, scope }) => `${target.slice(target.lastIndexOf("/") + 1)} ${scope ?? "-"}`).join(", ");

    it("scope on the map, a header, a column, a row or a cell applies within, and the nearest one decides", async () => {
      const table = (atts: { table?: string; header?: string; columns: string[]; row?: string; cells: string[] }) =>
        `<reltable ${atts.table ?? ""}><relheader ${atts.header ?? ""}>${atts.columns
          .map((column, i) => `<relcolspec ${column}><topicref href="c${i}"/></relcolspec>`)
          .join("")}</relheader><relrow ${atts.row ?? ""}>${atts.cells
          .map((cell, i) => `<relcell ${cell}><topicref href="${i}"/></relcell>`)
          .join("")}</relrow></reltable>`;
      const [peer, external, local] = ['scope="peer"', 'scope="external"', 'scope="local"'];
      for (const [content, expected] of [
        [table({ columns: [external, ""], cells: ["", ""] }), "c0 external, c1 -, 0 external, 1 -"],
        [table({ columns: ["", peer], cells: ["", ""] }), "c0 -, c1 peer, 0 -, 1 peer"],
        [table({ columns: [external], cells: [local, ""] }), "c0 external, 0 local, 1 -"],
        [table({ table: peer, columns: [external, ""], cells: ["", ""] }), "c0 external, c1 peer, 0 external, 1 peer"],
        [table({ columns: [external, ""], row: peer, cells: ["", local] }), "c0 external, c1 -, 0 peer, 1 local"],
        [table({ header: peer, columns: ["", local], cells: ["", ""] }), "c0 peer, c1 local, 0 peer, 1 local"],
        [
          table({ columns: [peer], cells: [""] }) + table({ columns: [""], cells: [""] }) + '<topicref href="t"/>',
          "c0 peer, 0 peer, c0 -, 0 -, t -",
        ],
      ] as const) {
        expect(scopes((await inMap(content)).references), content).to.equal(expected);
      }
      const { references } = await processText(`<map ${peer}><topicref href="a"/></map>`, MAP);
      expect(scopes(references)).to.equal("a peer");
    });

    it("every row begins again with the first column", async () => {
      const row = (name: string) =>
        `<relrow><relcell><topicref href="${name}1"/></relcell><relcell><topicref href="${name}2"/></relcell></relrow>`;
      const { references } = await inMap(
        `<reltable><relheader><relcolspec/><relcolspec scope="peer"/></relheader>${row("a")}${row("b")}</reltable>`,
      );
      expect(scopes(references)).to.equal("a1 -, a2 peer, b1 -, b2 peer");
    });

    it("a relationship table is recognised by its classes, too", async () => {
      const { references } = await inMap(
        '<x class="- map/reltable "><x class="- map/relheader "><x class="- map/relcolspec " scope="peer"/></x>' +
          '<x class="- map/relrow "><x class="- map/relcell "><x class="- map/topicref " href="a"/></x></x></x>',
      );
      expect(scopes(references)).to.equal("a peer");
    });

    it("format applies to the topicrefs within, until one sets its own", async () => {
      const { references } = await inMap(
        '<topicgroup format="pdf"><topicref href="a"/><topicref href="b" format="dita"/></topicgroup><topicref href="c"/>' +
          '<reltable><relheader><relcolspec format="html"/></relheader><relrow><relcell><topicref href="d"/></relcell></relrow></reltable>',
      );
      expect(references.map(({ kind }) => kind)).to.deep.equal(["file", "topic", "topic", "file"]);
    });

    it("scope says nothing about a content reference", async () => {
      const { references } = await inMap(
        '<topicref href="http://example.com/" scope="external" conref="lib.ditamap#m/t"/>',
      );
      expect(references.map(({ kind, external = false, scope }) => [kind, external, scope])).to.deep.equal([
        ["file", true, "external"],
        ["content", false, undefined],
      ]);
    });

    it("scope applies to the topicrefs within, until one sets its own", async () => {
      const { references } = await inMap(
        '<topicgroup scope="peer"><topicref href="a.dita"/><topicref href="b.dita" scope="local"/></topicgroup>' +
          '<topicref href="c.dita"/>',
      );
      expect(references).to.deep.equal([
        { kind: "topic", target: "/docs/guide/a.dita", scope: "peer" },
        { kind: "topic", target: "/docs/guide/b.dita", scope: "local" },
        { kind: "topic", target: "/docs/guide/c.dita" },
      ]);
    });

    it("subject schemes, glossary references, ditavals and other files have kinds of their own", async () => {
      const { references } = await inMap(
        '<schemeref href="s.ditamap"/><subjectdef keys="x" href="x.dita"/><glossref keys="g" href="g.dita"/>' +
          '<ditavalref href="f.ditaval"/><topicref href="p.pdf" format="pdf"/><topicref href="r.md" format="markdown"/>' +
          '<topichead navtitle="x"/><topicref href=""/>',
      );
      expect(references.map(({ kind }) => kind)).to.deep.equal(["map", "topic", "topic", "file", "file", "topic"]);
    });
  });

  describe("in a topic", () => {
    it("scope on related-links, a link pool or a link list applies to the links within, and to nothing else", async () => {
      const { references, properties } = await processText(
        `<topic id="a"><title>A</title><body><p><xref href="0.dita"/></p></body><related-links scope="external">
          <link href="1.html"/><link href="2.dita" scope="local"/>
          <linkpool scope="peer"><link href="3.dita"/><linkpool><link href="4.dita"><desc><xref href="5.dita"/></desc></link></linkpool></linkpool>
          <linklist><link href="6.pdf" format="pdf"/></linklist>
        </related-links><topic id="b"><title>B</title><related-links><link href="7.dita"/></related-links></topic></topic>`,
        "/docs/guide/topic.dita",
        () => false,
      );
      const name = (target: string): string => target.slice(target.lastIndexOf("/") + 1);
      expect(references.map(({ target, scope }) => `${name(target)} ${scope ?? "-"}`)).to.deep.equal([
        "0.dita -",
        "1.html external",
        "2.dita local",
        "3.dita peer",
        "4.dita peer",
        "5.dita -",
        "6.pdf external",
        "7.dita -",
      ]);
      expect((properties.brokenReferences as string[]).map(name)).to.deep.equal([
        "0.dita",
        "2.dita",
        "5.dita",
        "7.dita",
      ]);
    });

    it("xref and link are listed in fmditaXrefs: every occurrence in references, every path once in the property", async () => {
      const { references, properties } = await inTopic(
        '<p><xref href="a.dita"/><xref href="a.dita#t/x"/><link href="b.dita"/><xref href="c.pdf" format="pdf"/></p>',
      );
      expect(references).to.deep.equal([
        { kind: "topic", target: "/docs/guide/a.dita" },
        { kind: "topic", target: "/docs/guide/a.dita", fragment: "t/x" },
        { kind: "topic", target: "/docs/guide/b.dita" },
        { kind: "file", target: "/docs/guide/c.pdf" },
      ]);
      expect(properties.fmditaXrefs).to.deep.equal(["a.dita", "b.dita", "c.pdf"].map((name) => `/docs/guide/${name}`));
    });

    it("a reference to the same file resolves to the file itself", async () => {
      const { references, properties } = await inTopic('<xref href="#t/fig"/>');
      expect(references).to.deep.equal([{ kind: "topic", target: "/docs/guide/topic.dita", fragment: "t/fig" }]);
      expect(properties.fmditaXrefs).to.deep.equal(["/docs/guide/topic.dita"]);
    });

    it("conref and conrefend are content, conkeyref is content by key, on any element", async () => {
      const { references, properties } = await inTopic(
        '<p conref="../shared/r.dita#r/p"/><li conref="r.dita#r/a" conrefend="r.dita#r/b"/><note conkeyref="k/n"/>',
      );
      expect(references).to.deep.equal([
        { kind: "content", target: "/docs/shared/r.dita", fragment: "r/p" },
        { kind: "content", target: "/docs/guide/r.dita", fragment: "r/a" },
        { kind: "content", target: "/docs/guide/r.dita", fragment: "r/b" },
        { kind: "content-key", target: "k", fragment: "n" },
      ]);
      expect(properties.fmditaConrefs).to.deep.equal(["/docs/shared/r.dita", "/docs/guide/r.dita"]);
    });

    it("a conrefend next to a conkeyref goes through the key, and the file that it names is not looked up", async () => {
      const { references } = await inTopic('<dlentry conkeyref="k/first" conrefend="default.dita#ID/last"/>');
      expect(references).to.deep.equal([
        { kind: "content-key", target: "k", fragment: "first" },
        { kind: "content-key", target: "k", fragment: "last" },
      ]);
    });

    it("the placeholder for a conref's value is not a reference", async () => {
      const { references } = await inTopic('<xref conref="r.dita#r/x" href="-dita-use-conref-target"/>');
      expect(references.map(({ kind }) => kind)).to.deep.equal(["content"]);
    });

    it("a keyref is a key wherever it is, with the element's id as its fragment", async () => {
      const { references } = await inTopic(
        '<keyword keyref="product"/><xref keyref="other/sec" href="fallback.dita"/>',
      );
      expect(references).to.deep.equal([
        { kind: "key", target: "product" },
        { kind: "key", target: "other", fragment: "sec" },
        { kind: "topic", target: "/docs/guide/fallback.dita" },
      ]);
    });

    it("images, media and included files have their own kinds and are in no list", async () => {
      const { references, properties } = await inTopic(
        '<image href="i.png" longdescref="d.dita"/><svgref href="s.svg"/><object data="v.mp4" datakeyref="vk"/>' +
          '<video href="w.mp4" keyref="wk"/><audio href="a.mp3"/><coderef href="c.js"/><include href="n.txt"/>' +
          '<mathml><mathmlref href="m.mml"/></mathml><hazardsymbol href="h.svg"/>' +
          '<param name="x" valuetype="ref" value="p.swf"/><param name="y" value="no.swf"/><data href="dd.dita"/>',
      );
      expect(references.map(({ kind, target }) => `${kind} ${target.replace("/docs/guide/", "")}`)).to.deep.equal([
        "image i.png",
        "topic d.dita",
        "image s.svg",
        "multimedia v.mp4",
        "multimedia-key vk",
        "multimedia w.mp4",
        "multimedia-key wk",
        "multimedia a.mp3",
        "file c.js",
        "file n.txt",
        "file m.mml",
        "image h.svg",
        "multimedia p.swf",
        "topic dd.dita",
      ]);
      expect(properties.fmditaXrefs).to.deep.equal([]);
    });

    it("a class takes precedence over the name, its most special known part first", async () => {
      const { references } = await inTopic(
        '<see class="- topic/xref my-d/see " href="a.dita"/><image class="- topic/ph my-d/image " href="b.png"/>' +
          '<code class="+ topic/xref pr-d/coderef my-d/code " href="c.js"/>',
      );
      expect(references.map(({ kind, target }) => `${kind} ${target}`)).to.deep.equal([
        "topic /docs/guide/a.dita",
        "file /docs/guide/c.js",
      ]);
    });

    it("embedded vocabularies are skipped, ids included", async () => {
      const { references, properties } = await inTopic(
        '<foreign><svg xmlns="http://www.w3.org/2000/svg" id="s"><image href="x.png"/></svg><m:math id="m"><m:xref/>' +
          '</m:math></foreign><xref href="a.dita" id="x"/>',
      );
      expect(references).to.have.length(1);
      expect(properties.fmditaIds).to.deep.equal(["t", "x"]);
    });
  });

  it("in a ditaval, flags' pictures are references, and the id is the only property", async () => {
    const { references, properties } = await processText(
      '<val><prop action="flag"><startflag imageref="../img/new.gif"/></prop></val>',
      "/docs/guide/f.ditaval",
    );
    expect(references).to.deep.equal([{ kind: "image", target: "/docs/img/new.gif" }]);
    expect(Object.keys(properties)).to.deep.equal(["fmUuid"]);
  });

  it("a topic and a map always have every list, so that stale ones are replaced", async () => {
    const { properties } = await inMap("");
    expect(properties).to.deep.include({
      fmditaIds: [],
      fmditaTopicrefs: [],
      fmditaMaprefs: [],
      fmditaKeydefrefs: [],
      fmditaXrefs: [],
      fmditaConrefs: [],
      brokenReferences: [],
    });
  });

  it("names that every JavaScript object has are neither elements nor attributes of ours", async () => {
    const { references } = await inTopic('<constructor toString="x" __proto__="y" href="z"/>');
    expect(references).to.deep.equal([]);
  });
});
