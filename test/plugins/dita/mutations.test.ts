import { expect } from "chai";
import fc from "fast-check";
import { AssetFailure } from "../../../src/core/errors.js";
import { readDita } from "../../../src/plugins/dita/document.js";
import { resolveHref } from "../../../src/plugins/dita/href.js";

const SOUND = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE topic PUBLIC "-//OASIS//DTD DITA Topic//EN" "topic.dtd" [\n' +
    '  <!-- c --><!ENTITY a "x&b;<b>y</b>"><!ENTITY b "z"><!ENTITY % p SYSTEM "q"><!ELEMENT p ANY>\n]>\n' +
    '<?pi data?><topic id="t" xml:lang="en"><title>T &a; \u{1f600}</title><body><p id=\'p\' conref="a.dita#a/b">&lt; &#65; ' +
    '<![CDATA[ <raw> ]]></p><image href="i&b;.png"/></body></topic>\n<!-- end -->\n',
  '<map title="M"><topicref href="a.dita" scope="peer"><topicref keyref="k"/></topicref><reltable><relrow><relcell>' +
    '<topicref href="b.dita"/></relcell></relrow></reltable></map>',
];
const SPLINTERS = [
  "<",
  ">",
  "&",
  ";",
  '"',
  "'",
  "]]>",
  "<!--",
  "--",
  "<![CDATA[",
  "<?",
  "?>",
  "<!DOCTYPE",
  "[",
  "]",
  "%p;",
];
const SPLINTERS_2 = [
  "&a;",
  "&#x",
  "/",
  "=",
  "\0",
  "\r",
  "\ud800",
  "\udc00",
  "\uffff",
  "</topic>",
  "<p>",
  "<!ENTITY a '&a;'>",
];

const edit = fc.record({
  at: fc.nat(),
  removed: fc.nat({ max: 12 }),
  added: fc.oneof(fc.constantFrom(...SPLINTERS, ...SPLINTERS_2), fc.string({ unit: "binary", maxLength: 4 })),
});

const mutated = fc
  .tuple(fc.constantFrom(...SOUND), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([text, edits]) =>
    edits.reduce((sofar, { at, removed, added }) => {
      const from = at % (sofar.length + 1);
      return sofar.slice(0, from) + added + sofar.slice(from + removed);
    }, text),
  );

describe("reading arbitrary text as DITA", () => {
  it("starts from valid documents", () => {
    for (const text of SOUND) expect(readDita(text).links).to.have.length(text.startsWith("<map") ? 3 : 2);
  });

  it("throws nothing but an AssetFailure, with a place within the file if it is ill-formed", () => {
    let failed = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        try {
          readDita(text);
        } catch (error) {
          if (!AssetFailure.is(error)) throw error;
          failed++;
          if (error.code !== "XML_NOT_WELL_FORMED") return;
          const [, line = "0", column = "0"] = /^line (\d+), column (\d+): \S/.exec(error.message) ?? [];
          const lines = text.split(/\r\n?|\n/);
          expect(Number(line), error.message).to.be.within(1, lines.length);
          expect(Number(column), error.message).to.be.within(1, (lines[Number(line) - 1] ?? "").length + 1);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(failed).to.be.above(1_000);
  });

  it("resolves any href without an error to an absolute path without . and .. segments", () => {
    const part = fc.constantFrom(
      "..",
      ".",
      "/",
      "\\",
      "%2e",
      "%2F",
      "%",
      "%C3%BC",
      "%FF",
      "a",
      "C:",
      "#",
      "?",
      ":",
      " ",
    );
    const href = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(part).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(href, (text) => {
        const resolved = resolveHref(text, "/a/b/c.dita");
        if (resolved.place !== "inside") return;
        expect(resolved.path).to.match(/^\//);
        expect(resolved.path.split("/")).not.to.include.oneOf([".", ".."]);
      }),
      { numRuns: 5_000 },
    );
  });
});
