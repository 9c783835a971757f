import { expect } from "chai";
import { resolveHref } from "../../../src/plugins/dita/href.js";
import { processText, topic } from "./fake-context.js";

const resolve = (href: string, scope?: string) => resolveHref(href, "/docs/guide/topic.dita", scope);
const pathOf = (href: string) => {
  const resolved = resolve(href);
  return resolved.place === "inside" ? resolved.path + resolved.query : resolved.place;
};

describe("resolving a DITA href", () => {
  const INSIDE: readonly (readonly [string, string])[] = [
    ["a.dita", "/docs/guide/a.dita"],
    ["./a.dita", "/docs/guide/a.dita"],
    ["../a.dita", "/docs/a.dita"],
    ["../../a.dita", "/a.dita"],
    ["sub//./x/../a.dita", "/docs/guide/sub/a.dita"],
    ["/content/dam/a.dita", "/content/dam/a.dita"],
    ["/content/../dam/a.dita", "/dam/a.dita"],
    ["my%20file.dita", "/docs/guide/my file.dita"],
    ["%C3%BCber.dita", "/docs/guide/über.dita"],
    ["100%25.dita", "/docs/guide/100%.dita"],
    ["%zz%20%.dita", "/docs/guide/%zz %.dita"],
    ["%FF%20x.dita", "/docs/guide/%FF x.dita"],
    ["a%2Fb.dita", "/docs/guide/a%2Fb.dita"],
    ["a%00b.dita", "/docs/guide/a%00b.dita"],
    ["back%5Cslash.dita", "/docs/guide/back\\slash.dita"],
    ["new%0Aline%7f.dita", "/docs/guide/new\nline\u007f.dita"],
    ["a%0Ab%ff.dita", "/docs/guide/a\nb%ff.dita"],
    ["%2e%2e/a.dita", "/docs/a.dita"],
    ["a.dita?x=%20#t", "/docs/guide/a.dita?x=%20"],
    ["HTTPserver.dita", "/docs/guide/HTTPserver.dita"],
    ["https.dita", "/docs/guide/https.dita"],
    ["#t/x", "/docs/guide/topic.dita"],
    ["..\\img\\a.png", "/docs/img/a.png"],
  ];
  for (const [href, path] of INSIDE) {
    it(`resolves ${href} to ${path}`, () => {
      expect(pathOf(href)).to.equal(path);
    });
  }

  it("splits off and decodes the fragment", () => {
    expect(resolve("a.dita#topic/el%20x")).to.deep.include({ fragment: "topic/el x" });
    expect(resolve("a.dita#")).not.to.have.property("fragment");
  });

  it("leads outside for a scheme, a leading // or scope external, and keeps the text as it is", () => {
    for (const url of [
      "https://example.com/a%20b?c#d",
      "mailto:someone@example.com",
      "//cdn.example.com/x.png",
      "https://example.com/GUID-1b4e28ba-2fa1-11d2-883f-0016d3cca427.dita",
    ]) {
      expect(resolve(url)).to.deep.equal({ place: "outside", url });
    }
    expect(resolve("manual/a.pdf", "external")).to.deep.equal({ place: "outside", url: "manual/a.pdf" });
  });

  it("makes an external link a reference that is in none of the lists", async () => {
    const { references, properties, warnings } = await processText(
      topic('<xref href="https://example.com/GUID-1.dita" scope="external" format="html"/>'),
      undefined,
      () => false,
    );
    expect(references).to.deep.equal([
      { kind: "file", target: "https://example.com/GUID-1.dita", external: true, scope: "external" },
    ]);
    expect(properties.fmditaXrefs).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it("leaves out Windows paths and paths above the root with a warning, and accepts backslashes with one", async () => {
    const { references, warnings } = await processText(
      topic(
        '<xref href="C:\\docs\\a.dita"/><xref href="\\\\host\\a"/><xref href="../../../a.dita"/><xref href="x\\a.dita"/>',
      ),
    );
    expect(references.map(({ target }) => target)).to.deep.equal(["/docs/guide/x/a.dita"]);
    expect(warnings).to.deep.equal([
      'reference "C:\\docs\\a.dita" is a Windows path and was ignored',
      'reference "\\\\host\\a" is a Windows network path and was ignored',
      'reference "../../../a.dita" climbs above the root of the repository and was ignored',
      'reference "x\\a.dita" contains backslashes, read as slashes',
    ]);
  });
});
