import { expect } from "chai";
import { failureOf, processText, topic } from "./fake-context.js";

describe("reading an ill-formed DITA file", () => {
  const FAULTS: readonly (readonly [string, string, string])[] = [
    ["an empty file", "", "line 1, column 1: the file is empty"],
    ["white space alone", "\n \n", "line 1, column 1: the file is empty"],
    ["no root", '<?xml version="1.0"?>\n<!-- x -->\n', "line 3, column 1: no root element"],
    ["no XML at all", "hello", "line 1, column 1: text outside the root element"],
    ["a wrong end tag", "<topic>\n  <p>x</b>\n</topic>", "line 2, column 7: end tag </b> where </p> is expected"],
    ["an end tag too many", "<topic/>\n </p>", "line 2, column 2: end tag </p> without a start tag"],
    ["an end tag forgotten", "<topic>\n<p>x\n</topic>\n", "line 3, column 1: end tag </topic> where </p> is expected"],
    ["an end cut off", "<topic>\n<p>x", "line 2, column 5: the text ends within <p>"],
    ["a tag cut off", '<topic>\n <p id="x', "line 2, column 2: start tag <p> is not closed"],
    ["a name cut off", "<topic>\n <pp", "line 2, column 2: a tag is not closed"],
    ["a comment left open", "<topic>\n x <!-- y </topic>", "line 2, column 4: a comment is not closed"],
    ["a CDATA left open", "<topic><![CDATA[ y </topic>", "line 1, column 8: a CDATA section is not closed"],
    ["garbage after the root", "<topic/>\n<!-- fine -->\n  oops", "line 3, column 3: text outside the root element"],
    ["text before the root", '<?xml version="1.0"?>\nx<topic/>', "line 2, column 1: text outside the root element"],
    ["a second root", "<topic/>\n<topic/>", "line 2, column 1: a second root element <topic>"],
    ["a bare &", "<topic>\n<p>AT&T, R&amp;D</p></topic>", "line 2, column 6: & that does not begin a reference"],
    ["a bare & and no ;", "<topic>\n<p>AT&T</p></topic>", "line 2, column 6: & that does not begin a reference"],
    ["a bare & in a link", '<topic><p x="a?b=1&c=2"/></topic>', "line 1, column 19: & that does not begin a reference"],
    ["an unknown entity", "<topic>\n &nbsp;</topic>", "line 2, column 2: entity &nbsp; is not declared"],
    ["an impossible character", "<topic>&#0;</topic>", "line 1, column 8: malformed character reference"],
    ["a control character", "<topic>a\u0001</topic>", "line 1, column 9: disallowed character: U+0001"],
    ["an attribute twice", '<topic>\n<p a="1" b="2" a="3"/></topic>', "line 2, column 16: attribute a is given twice"],
    ["a value without quotes", "<topic>\n<p a=b/></topic>", "line 2, column 6: unquoted attribute value: b"],
    ["a < in a value", '<topic><p a="<"/></topic>', "line 1, column 14: disallowed character: <"],
    ["]]> in text", "<topic>a]]></topic>", "line 1, column 9: ]]> in text"],
    [
      "Windows line ends",
      "<topic>\r\n<p>\r\n</b>\r\n</topic>",
      "line 3, column 1: end tag </b> where </p> is expected",
    ],
    [
      "characters beyond 16 bits",
      "<topic>\u{1f600}é</b>",
      "line 1, column 10: end tag </b> where </topic> is expected",
    ],
    [
      "a broken declaration",
      "<!DOCTYPE topic [\n  <!ENTTY x 'y'>\n]><topic/>",
      "line 2, column 3: malformed declaration in the internal subset",
    ],
    ["a doctype without a name", "<!DOCTYPE><topic/>", "line 1, column 10: the document type has no name"],
  ];
  for (const [what, text, message] of FAULTS) {
    it(`reports ${what} as "${message}"`, async () => {
      expect(await failureOf(text)).to.equal(`XML_NOT_WELL_FORMED: ${message}`);
    });
  }

  it("a file whose root is not DITA fails with NOT_DITA and the root's name", async () => {
    expect(await failureOf("<html><body/></html>")).to.equal(
      "NOT_DITA: root element <html> is not a DITA topic, map or ditaval",
    );
    expect(await failureOf('<html class="page"/>')).to.match(/^NOT_DITA/);
  });

  it("a specialised root is DITA by its class", async () => {
    const { properties } = await processText('<faq class="- topic/topic faq/faq " id="f"><title>Q</title></faq>');
    expect(properties.dita_class).to.equal("- topic/topic faq/faq ");
  });

  it("elements nested a thousand deep pass, and one more fails with XML_DEPTH_LIMIT", async () => {
    const nested = (n: number) => topic("<p>".repeat(n) + "</p>".repeat(n));
    expect(await failureOf(nested(998))).to.equal("no failure");
    expect(await failureOf(nested(999))).to.match(/^XML_DEPTH_LIMIT: /);
    expect(await failureOf("<topic>".repeat(200_000))).to.match(/^XML_DEPTH_LIMIT: /);
  });

  it("leaves nothing behind for the files that are read next, whatever was wrong with it", async () => {
    const good = `<topic id="a"><title>One &#x263a;</title><p>text ] ]] > text</p></topic>`;
    const first = await processText(good);
    for (const [, text] of FAULTS) {
      await failureOf(text);
      expect(await processText(good)).to.deep.equal(first);
    }
    await processText(
      `<!DOCTYPE topic [<!ENTITY e "<b id='b'>x</b>">]><topic id="t"><title>&e;</title><p>&e;</p></topic>`,
    );
    expect(await failureOf(`<topic id="t"><title>&e;</title></topic>`)).to.match(/entity &e; is not declared/);
    await processText(`<?xml version="1.1"?><topic id="t"><title>&#1;</title></topic>`);
    expect(await failureOf(`<topic id="t"><title>&#1;</title></topic>`)).to.match(/character reference/);
    expect(await processText(good)).to.deep.equal(first);
  });

  it("finds what is wrong anywhere in text that nobody reads, before and after what needs a look", async () => {
    const plain = "plain text, é € 😀 and more ] of ]] it > ".repeat(20);
    for (const [bad, reason] of [
      ["]]>", /\]\]> in text/],
      ["\u0001", /disallowed character: U\+0001/],
      ["\uffff", /disallowed character: U\+FFFF/],
      ["&none;", /entity &none; is not declared/],
      ["</b>", /end tag <\/b>/],
    ] as const) {
      for (const around of [plain, `${plain}&amp;`, `${plain}<b/>`, `${plain}<![CDATA[ ]]`, ""]) {
        const before = around.endsWith("]]") ? `${around}>` : around;
        const failure = await failureOf(`<topic id="t"><title>T</title><p>${before}${bad}${plain}</p></topic>`);
        expect(failure, `${JSON.stringify(bad)} after ${JSON.stringify(before.slice(-20))}`)
          .to.match(/^XML_NOT_WELL_FORMED: /)
          .and.match(reason);
      }
    }
  });
});
