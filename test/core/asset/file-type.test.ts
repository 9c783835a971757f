import { expect } from "chai";
import fc from "fast-check";
import { FILE_TYPES, type FileType, fileTypeOfName, fileTypeOfXmlHead } from "../../../src/core/asset/file-type.js";
import { DITA_ROOT_NAMES } from "../../../src/core/asset/dita-root.js";
import { readDita } from "../../../src/plugins/dita/document.js";
import { NOISY } from "../../support/timed.js";

describe("the file type detected from a name", () => {
  const table: [string, FileType | undefined][] = [
    ["a.ditaval", "DITAVAL"],
    ["a.ditamap", "DITAMAP"],
    ["a.bookmap", "DITAMAP"],
    ["a.dita", "DITATOPIC"],
    ["a.md", "MARKDOWN"],
    ["a.markdown", "MARKDOWN"],
    ["a.html", "HTML/CSS"],
    ["a.htm", "HTML/CSS"],
    ["a.css", "HTML/CSS"],
    ["a.png", "OTHERS"],
    ["README", "OTHERS"],
    ["dita", "OTHERS"],
    ["a.", "OTHERS"],
    ["a.dita.png", "OTHERS"],
    ["a.png.dita", "DITATOPIC"],
    ["A.DITA", "DITATOPIC"],
    ["A.DitaMap", "DITAMAP"],
    ["a.constructor", "OTHERS"],
    ["a.__proto__", "OTHERS"],
    ["a.xml", undefined],
    ["A.XML", undefined],
  ];
  for (const [name, expected] of table) {
    it(`is ${expected ?? "left to be sniffed"} for ${name}`, () => expect(fileTypeOfName(name)).to.equal(expected));
  }
});

describe("the file type detected from an XML head", () => {
  const DOCTYPE = '<!DOCTYPE topic PUBLIC "-//OASIS//DTD DITA Topic//EN" "topic.dtd">';
  const table: [string, string, FileType][] = [
    ["a map root", "<map/>", "DITAMAP"],
    ["a bookmap root", '<bookmap id="b">', "DITAMAP"],
    ["a subject scheme", "<subjectScheme>", "DITAMAP"],
    ["a topic root", "<topic>", "DITATOPIC"],
    ["a concept", '<concept id="c"><title>', "DITATOPIC"],
    ["a task", "<task>", "DITATOPIC"],
    ["a reference", "<reference>", "DITATOPIC"],
    ["a glossary entry", "<glossentry>", "DITATOPIC"],
    ["a troubleshooting topic", "<troubleshooting>", "DITATOPIC"],
    ["a composite", "<dita>", "DITATOPIC"],
    ["a learning object map", "<learningObjectMap>", "DITAMAP"],
    ["a learning base", "<learningBase>", "DITATOPIC"],
    ["a topic whose class is not DITA's", '<topic class="page">', "DITATOPIC"],
    ["some other root behind a topic's doctype", "<!DOCTYPE topic><project>", "OTHERS"],
    ["a val root", "<val>", "DITAVAL"],
    ["some other root", "<project>", "OTHERS"],
    ["a root whose name only begins like a map's", "<mapping>", "OTHERS"],
    ["a root whose name only ends like a map's", "<x-map>", "OTHERS"],
    ["a root in capitals", "<TOPIC>", "OTHERS"],
    ["no XML", "just text", "OTHERS"],
    ["nothing", "", "OTHERS"],
    ["an XML declaration", '<?xml version="1.0" encoding="UTF-8"?>\n<map>', "DITAMAP"],
    ["a byte order mark", "\uFEFF<map>", "DITAMAP"],
    ["a byte order mark and a declaration", '\uFEFF<?xml version="1.0"?><topic>', "DITATOPIC"],
    ["a comment before the root", "<!-- <map> is not it -->\n<topic>", "DITATOPIC"],
    ["many comments and instructions", "<?a?><!-- 1 --><?b c?>\n<!-- 2 --><map>", "DITAMAP"],
    ["a comment with a > and a quote", "<!-- a > b \" ' --><map>", "DITAMAP"],
    ["a comment between doctype and root", `${DOCTYPE}<!-- <map> --><topic>`, "DITATOPIC"],
    ["a doctype alone, the rest being cut off", '<!DOCTYPE map PUBLIC "x" "map.dtd">', "DITAMAP"],
    ["a val doctype alone", '<!DOCTYPE val SYSTEM "v.dtd">', "DITAVAL"],
    [
      "a doctype with an internal subset",
      '<!DOCTYPE task [ <!ENTITY a "b"> <!ELEMENT map ANY> ]>\n<task>',
      "DITATOPIC",
    ],
    ["a subset with brackets in it", '<!DOCTYPE map [<!-- ] --><!ENTITY a "]]"> ]><map>', "DITAMAP"],
    ["a subset with its end in a literal", '<!DOCTYPE map [<!ENTITY a "]>"> ]><map>', "DITAMAP"],
    ["a subset with another root in a literal", '<!DOCTYPE project [<!ENTITY a "]><map>"> ]><project>', "OTHERS"],
    ["a subset with another root in a comment", "<!DOCTYPE project [<!-- ]><map> --> ]><project>", "OTHERS"],
    ["a system id with an angle bracket", '<!DOCTYPE map SYSTEM "a>b.dtd"><map>', "DITAMAP"],
    ["a root's class of a map", '<shop class="- map/map shop/shop ">', "DITAMAP"],
    ["a root's class of a topic", "<recipe id='r' class='- topic/topic recipe/recipe '>", "DITATOPIC"],
    ["a class without blanks at its end", '<shop class="- map/map">', "DITAMAP"],
    ["a class split over lines", '<recipe class="-\n  topic/topic\n  recipe/recipe">', "DITATOPIC"],
    ["a class that is no DITA one", '<shop class="map/mapper">', "OTHERS"],
    ["a class on another element", '<shop><a class="- map/map ">', "OTHERS"],
    ["an attribute whose name ends in class", '<shop outputclass="- map/map ">', "OTHERS"],
    ["a class that overrules the root's name", '<topic class="- map/map ">', "DITAMAP"],
    ["a root that overrules the doctype", "<!DOCTYPE map><topic>", "DITATOPIC"],
    ["a root that is cut off inside its attributes", '<map xmlns:x="http://x" title="abc', "DITAMAP"],
    ["an attribute with a > in it", '<shop title="a > b" class="- map/map ">', "DITAMAP"],
    ["a class that is spoken of in another attribute", "<shop title='a class=\"- map/map \"'>", "OTHERS"],
    ["a root whose name goes on beyond ASCII", "<map\u00e9>", "OTHERS"],
  ];
  for (const [title, head, expected] of table) {
    it(`is ${expected} for a head with ${title}`, () => expect(fileTypeOfXmlHead(head)).to.equal(expected));
  }

  for (const name of DITA_ROOT_NAMES) {
    it(`is that of what the DITA handler reads for a root ${name}`, () => {
      const source = `<${name} id="x"/>`;
      const { kind } = readDita(source).root;
      const expected = { topic: "DITATOPIC", composite: "DITATOPIC", map: "DITAMAP", conditions: "DITAVAL" }[kind];
      expect(fileTypeOfXmlHead(source)).to.equal(expected);
    });
  }

  it("is one of the six types for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(FILE_TYPES).to.include(fileTypeOfXmlHead(text));
      }),
    );
  });

  const long = (head: string, piece: string, tail = ""): string =>
    (head + piece.repeat(4_096)).slice(0, 4_096 - tail.length) + tail;
  const adversarial: [string, string][] = [
    ["comments that never end", long("", "<!--")],
    ["instructions that never end", long("", "<?")],
    ["ended and unended instructions", long("", "<?a?>", "<?")],
    ["ended and unended comments", long("", "<!---->", "<!--")],
    ["comments and blanks", long("", "<!----> ", "<")],
    ["blanks", long("", " ")],
    ["blanks after a doctype's name", long("<!DOCTYPE a", " ")],
    ["blanks before a doctype's name", long("<!DOCTYPE", " ")],
    ["a doctype's name that never ends", long("<!DOCTYPE ", "a")],
    ["a doctype that never ends", long("<!DOCTYPE a", " b")],
    ["a subset that never ends", long(`<!DOCTYPE ${"a".repeat(1_500)}[`, "]")],
    ["a subset that ends and ends", long("<!DOCTYPE a [", "] ")],
    ["a subset with blanks after each end", long(`<!DOCTYPE ${"a".repeat(1_000)}[`, "]   ")],
    ["attributes that never end", long("<a", ' a="b"', " a=")],
    ["blanks between attributes", long("<a", "  ", "=")],
    ["a name of an attribute that never ends", long("<a ", "a")],
    ["quotes", long('<a class="', "'")],
    ["a root's name that never ends", long("<", "a")],
    ["classes", long("<a", " class= ")],
    ["a class of blanks", long('<a class="', " ", '">')],
  ];
  for (const [title, head] of adversarial) {
    it(`takes less than 200 ms for 4096 characters of ${title}`, () => {
      const started = performance.now();
      fileTypeOfXmlHead(head);
      expect(performance.now() - started).to.be.below(200);
    }).retries(NOISY);
  }
});
