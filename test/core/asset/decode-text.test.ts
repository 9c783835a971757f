import { expect } from "chai";
import { decodeHead, decodeText } from "../../../src/core/asset/decode-text.js";
import { fileTypeOfXmlHead } from "../../../src/core/asset/file-type.js";
import { AssetmillError } from "../../../src/core/errors.js";

const PATH = "/content/a.dita";

/** Bytes of a text in which each character is one byte of the same value. */
const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const littleEnd = (text: string): Uint8Array => Buffer.from(text, "utf16le");
const bigEnd = (text: string): Uint8Array => Buffer.from(text, "utf16le").swap16();
const xml = (encoding: string, rest = ""): string => `<?xml version="1.0" encoding="${encoding}"?><t>${rest}</t>`;

function refusalOf(bytes: Uint8Array, path = PATH): string {
  try {
    decodeText(bytes, path);
  } catch (error) {
    if (!AssetmillError.is(error)) throw error;
    expect(error.ids.path).to.equal(path);
    return `${error.code} ${error.message}`;
  }
  return "no refusal";
}

describe("A text", () => {
  const decoded: readonly (readonly [string, Uint8Array, string, string?])[] = [
    ["UTF-8 if it names no encoding", Buffer.from("né"), "né"],
    ["UTF-8 if its XML declaration names none", Buffer.from('<?xml version="1.0"?><t>é'), '<?xml version="1.0"?><t>é'],
    ["UTF-8, named as utf8", Buffer.from(xml("utf8", "é")), xml("utf8", "é")],
    ["UTF-8 with a mark", Buffer.from("\uFEFFné"), "né"],
    ["UTF-16, little end first, with a mark", littleEnd("\uFEFFné"), "né"],
    ["UTF-16, big end first, with a mark", bigEnd("\uFEFFné"), "né"],
    ["UTF-16, little end first, without a mark", littleEnd(xml("UTF-16", "é")), xml("UTF-16", "é")],
    ["UTF-16, big end first, without a mark", bigEnd(xml("utf-16", "é")), xml("utf-16", "é")],
    ["UTF-16BE as named", bigEnd(xml("UTF-16BE", "é")), xml("UTF-16BE", "é")],
    ["UTF-16 without a mark or declaration", bigEnd("<té/>"), "<té/>"],
    ["UTF-16 whose name of the root is not ASCII", littleEnd("<設定/>"), "<設定/>"],
    ["ISO-8859-1", latin1(xml("ISO-8859-1", "caf\xe9")), xml("ISO-8859-1", "café")],
    [
      "ISO-8859-1 in single quotes",
      latin1("<?xml version='1.0' encoding='iso-8859-1'?>\xe9"),
      "<?xml version='1.0' encoding='iso-8859-1'?>é",
    ],
    [
      "a declaration over several lines",
      latin1('<?xml\n version = "1.0"\n encoding = "latin1"\n?>\xe9'),
      '<?xml\n version = "1.0"\n encoding = "latin1"\n?>é',
    ],
    ["an external entity's declaration", latin1('<?xml encoding="latin1"?>\xe9'), '<?xml encoding="latin1"?>é'],
    ["windows-1252", latin1(xml("windows-1252", "\x80 \x93net\x94 \x9f\x81")), xml("windows-1252", "€ “net” Ÿ\x81")],
    ["US-ASCII", latin1(xml("US-ASCII", "cafe\x7f")), xml("US-ASCII", "cafe\x7f")],
    ["windows-1251", latin1(xml("windows-1251", "\xcf\xf0\xe8")), xml("windows-1251", "При")],
    ["KOI8-R", latin1(xml("KOI8-R", "\xf0\xd2\xc9")), xml("KOI8-R", "При")],
    ["ISO-8859-15", latin1(xml("ISO-8859-15", "\xa4")), xml("ISO-8859-15", "€")],
    ["Shift_JIS", latin1(xml("Shift_JIS", "\x90\xdd\x92\xe8")), xml("Shift_JIS", "設定")],
    ["EUC-JP", latin1(xml("EUC-JP", "\xc0\xdf\xc4\xea")), xml("EUC-JP", "設定")],
    ["ISO-2022-JP", latin1(xml("ISO-2022-JP", "\x1b$B@_Dj\x1b(B")), xml("ISO-2022-JP", "設定")],
    ["GBK", latin1(xml("GBK", "\xd6\xd0")), xml("GBK", "中")],
    ["GB18030", latin1(xml("GB18030", "\x81\x30\x89\x38")), xml("GB18030", "ß")],
    ["Big5", latin1(xml("Big5", "\xa4\xa4")), xml("Big5", "中")],
    ["EUC-KR", latin1(xml("EUC-KR", "\xc7\xd1")), xml("EUC-KR", "한")],
    ["a comment that names an encoding", Buffer.from('<!-- encoding="latin1" -->é'), '<!-- encoding="latin1" -->é'],
    [
      "HTML's meta charset",
      latin1("<!doctype html><meta charset=latin1>\xe9"),
      "<!doctype html><meta charset=latin1>é",
      "/a.html",
    ],
    [
      "HTML's meta http-equiv",
      latin1(`<html><META content='text/html; charset="iso-8859-1"' http-equiv=Content-Type>\xe9`),
      `<html><META content='text/html; charset="iso-8859-1"' http-equiv=Content-Type>é`,
      "/a.htm",
    ],
    [
      "HTML with nothing of the kind",
      Buffer.from('<html><meta name="a" content="charset=latin1">é'),
      '<html><meta name="a" content="charset=latin1">é',
      "/a.html",
    ],
    [
      "HTML whose meta is in a comment",
      Buffer.from("<html><!-- <meta charset=latin1> -->é"),
      "<html><!-- <meta charset=latin1> -->é",
      "/a.html",
    ],
    [
      "HTML whose meta names UTF-16, which it cannot be",
      Buffer.from("<html><meta charset=utf-16>é"),
      "<html><meta charset=utf-16>é",
      "/a.html",
    ],
    [
      "HTML whose meta names x-user-defined, which stands for windows-1252",
      latin1("<html><meta charset=x-user-defined>\x80"),
      "<html><meta charset=x-user-defined>€",
      "/a.html",
    ],
    [
      "HTML without a name that says so",
      latin1("<!-- c --><!DOCTYPE html><meta charset=latin1>\xe9"),
      "<!-- c --><!DOCTYPE html><meta charset=latin1>é",
      "/page",
    ],
    [
      "XHTML by its XML declaration",
      latin1('<?xml version="1.0" encoding="latin1"?><html><meta charset="utf-8"/>\xe9'),
      '<?xml version="1.0" encoding="latin1"?><html><meta charset="utf-8"/>é',
      "/a.xhtml",
    ],
    [
      "XHTML by its meta if the XML declaration names none",
      latin1('<?xml version="1.0"?><html><meta charset="latin1"/>\xe9'),
      '<?xml version="1.0"?><html><meta charset="latin1"/>é',
      "/a.xhtml",
    ],
    ["Markdown that shows HTML", Buffer.from("<html><meta charset=latin1>é"), "<html><meta charset=latin1>é", "/a.md"],
    ["CSS's @charset", latin1('@charset "latin1";\xe9'), '@charset "latin1";é', "/a.css"],
    ["nothing", Buffer.of(), ""],
  ];
  for (const [title, bytes, text, path = PATH] of decoded) {
    it(`is decoded as it says, without a warning: ${title}`, () => {
      expect(decodeText(bytes, path)).to.deep.equal({ text });
      // Also as a part of a larger buffer.
      expect(decodeText(Buffer.concat([Buffer.of(0xff), bytes]).subarray(1), path).text).to.equal(text);
    });
  }

  const warned: readonly (readonly [string, Uint8Array, string])[] = [
    [
      "UTF-8",
      Buffer.from(`\uFEFF${xml("ISO-8859-1", "é")}`),
      "the XML declaration says ISO-8859-1, the byte order mark UTF-8; decoded as UTF-8",
    ],
    [
      "UTF-16LE",
      littleEnd(`\uFEFF${xml("UTF-8", "é")}`),
      "the XML declaration says UTF-8, the byte order mark UTF-16LE; decoded as UTF-16LE",
    ],
    [
      "UTF-16BE",
      bigEnd(`\uFEFF${xml("UTF-16LE", "é")}`),
      "the XML declaration says UTF-16LE, the byte order mark UTF-16BE; decoded as UTF-16BE",
    ],
    [
      "UTF-8 and an unknown name",
      Buffer.from(`\uFEFF${xml("none-such", "é")}`),
      "the XML declaration says none-such, the byte order mark UTF-8; decoded as UTF-8",
    ],
  ];
  for (const [title, bytes, warning] of warned) {
    it(`is decoded by its byte order mark, with a warning, if the declaration contradicts it: ${title}`, () => {
      const { text, ...rest } = decodeText(bytes, PATH);
      expect(rest).to.deep.equal({ warning });
      expect(text).to.match(/é<\/t>$/);
    });
  }

  for (const [title, bytes] of [
    ["UTF-8", Buffer.from(`\uFEFF${xml("UTF-8", "é")}`)],
    ["UTF-16", littleEnd(`\uFEFF${xml("UTF-16", "é")}`)],
    ["UTF-16, big end first", bigEnd(`\uFEFF${xml("UTF-16", "é")}`)],
    ["UTF-16BE", bigEnd(`\uFEFF${xml("UTF-16BE", "é")}`)],
  ] as const) {
    it(`has no warning if mark and declaration agree: ${title}`, () => {
      expect(decodeText(bytes, PATH)).to.have.all.keys("text");
    });
  }

  const refused: readonly (readonly [string, Uint8Array, string, string?])[] = [
    [
      "Latin-1 that says UTF-8",
      latin1(xml("UTF-8", "caf\xe9 x")),
      "ENCODING_INVALID offset 44: byte 0xE9 is not UTF-8, which the XML declaration names",
    ],
    [
      "Latin-1 that says nothing",
      latin1("caf\xe9"),
      "ENCODING_INVALID offset 3: byte 0xE9 is not UTF-8, the default of a file that names no encoding",
    ],
    [
      "UTF-8 that is cut off",
      Buffer.from("né").subarray(0, 2),
      "ENCODING_INVALID offset 1: byte 0xC3 is not UTF-8, the default of a file that names no encoding",
    ],
    [
      "a surrogate in UTF-8",
      Buffer.of(0x41, 0xed, 0xa0, 0x80),
      "ENCODING_INVALID offset 1: byte 0xED is not UTF-8, the default of a file that names no encoding",
    ],
    [
      "UTF-16 with half a surrogate pair",
      littleEnd("\uFEFFa\ud800b"),
      "ENCODING_INVALID offset 4: byte 0x00 is not UTF-16LE, which the byte order mark names",
    ],
    [
      "UTF-16 with an odd byte",
      Buffer.concat([bigEnd("<a/>"), Buffer.of(7)]),
      "ENCODING_INVALID offset 8: byte 0x07 is not UTF-16BE, which its first bytes show",
    ],
    [
      "Shift_JIS that is none",
      latin1(xml("Shift_JIS", "\x90\xdd\xfd")),
      "ENCODING_INVALID offset 47: byte 0xFD is not shift_jis, which the XML declaration names",
    ],
    [
      "more than ASCII that says ASCII",
      latin1(xml("US-ASCII", "caf\xc3\xa9")),
      "ENCODING_INVALID offset 47: byte 0xC3 is not ASCII, which the XML declaration names",
    ],
    [
      "one byte per character that says UTF-16",
      latin1(xml("UTF-16")),
      "ENCODING_INVALID offset 0: the XML declaration says UTF-16, but the text is written with one byte for each ASCII character",
    ],
    [
      "UTF-16 that says UTF-8 and has no mark",
      littleEnd(xml("UTF-8")),
      "ENCODING_INVALID offset 0: the XML declaration says UTF-8, but the text is written in UTF-16LE",
    ],
    [
      "UTF-16LE that says UTF-16BE and has no mark",
      littleEnd(xml("UTF-16BE")),
      "ENCODING_INVALID offset 0: the XML declaration says UTF-16BE, but the text is written in UTF-16LE",
    ],
    [
      "an unknown name",
      latin1(xml("no-such-charset")),
      'ENCODING_UNKNOWN the XML declaration names the encoding "no-such-charset", which this Node.js does not know',
    ],
    [
      "an empty name",
      latin1(xml("")),
      'ENCODING_UNKNOWN the XML declaration names the encoding "", which this Node.js does not know',
    ],
    [
      "a name that only Unicode decoders had",
      latin1(xml("UTF-7")),
      'ENCODING_UNKNOWN the XML declaration names the encoding "UTF-7", which this Node.js does not know',
    ],
    [
      "an unknown name in HTML",
      latin1("<html><meta charset=x-none>"),
      'ENCODING_UNKNOWN the HTML meta element names the encoding "x-none", which this Node.js does not know',
      "/a.html",
    ],
    [
      "UTF-32 with a mark, little end first",
      Buffer.of(0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0),
      "ENCODING_UNKNOWN the file is in UTF-32; save it as UTF-8",
    ],
    [
      "UTF-32 with a mark, big end first",
      Buffer.of(0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c),
      "ENCODING_UNKNOWN the file is in UTF-32; save it as UTF-8",
    ],
    ...[
      [0x3c, 0, 0, 0],
      [0, 0x3c, 0, 0],
      [0, 0, 0x3c, 0],
      [0, 0, 0, 0x3c],
    ].map(
      (bytes) =>
        [
          `UTF-32 without a mark, a character in the bytes ${bytes.join(" ")}`,
          Buffer.from(bytes),
          "ENCODING_UNKNOWN the file is in UTF-32; save it as UTF-8",
        ] as const,
    ),
    [
      "a name that only HTML has",
      latin1(xml("x-user-defined")),
      'ENCODING_UNKNOWN the XML declaration names the encoding "x-user-defined", which this Node.js does not know',
    ],
    ["EBCDIC", Buffer.of(0x4c, 0x6f, 0xa7, 0x94, 0x93), "ENCODING_UNKNOWN the file is in EBCDIC; save it as UTF-8"],
  ];
  for (const [title, bytes, refusal, path] of refused) {
    it(`is refused, in words: ${title}`, () => {
      expect(refusalOf(bytes, path)).to.equal(refusal);
    });
  }

  for (const [encoding, good, bad] of [
    ["UTF-8", Buffer.from("a€\u{1f600}"), [0xf0, 0x9f, 0x98]],
    ["Shift_JIS", latin1("a\x90\xdd"), [0xfd]],
    ["GB18030", latin1("a\x81\x30\x89\x38"), [0xff]],
    ["EUC-KR", latin1("a\xc7\xd1"), [0xff]],
  ] as const) {
    it(`names the exact offset wherever the invalid byte is: ${encoding}`, () => {
      const head = latin1(xml(encoding).slice(0, -4));
      for (const characters of [0, 1, 50, 63, 64, 65, 5_000, 16_384, 30_000]) {
        const before = Buffer.concat([head, ...Array.from({ length: characters }, () => good)]);
        const bytes = Buffer.concat([before, Buffer.from(bad), Buffer.from("x".repeat(300))]);
        const cut = Buffer.concat([before, Buffer.from(bad.slice(0, 1))]);
        for (const one of [bytes, cut]) expect(refusalOf(one)).to.contain(`ENCODING_INVALID offset ${before.length}: `);
      }
    });
  }

  it("is decoded the same in pieces as at once: no piece's end divides a character", () => {
    const unit = "a\u00e9\ud55c\u{1f600}";
    // Every offset of a character against the ends of the pieces, which are a MiB long.
    for (const lead of ["", "x", "xx", "xxx"]) {
      const text = `\ufeff${lead}${unit.repeat(300_000)}`;
      expect(decodeText(Buffer.from(text, "utf16le"), "/a.txt").text).to.equal(text.slice(1));
    }
    const latin = `<?xml version="1.0" encoding="windows-1252"?>${"\u00e9\x80".repeat(700_000)}`;
    const decoded = decodeText(Buffer.from(latin, "latin1"), "/a.xml").text;
    expect(decoded === latin.replaceAll("\x80", "\u20ac")).to.equal(true);
  });

  it("is searched for its invalid byte in a time that grows with its length only", () => {
    const large = Buffer.alloc(16 * 1024 * 1024, "a");
    large[large.length - 1] = 0xff;
    expect(refusalOf(large)).to.contain(`offset ${large.length - 1}: `);
  }).timeout(5_000);
});

describe("The head of a text", () => {
  for (const [title, bytes] of [
    ["UTF-8, cut within a character", Buffer.from('<?xml version="1.0"?><topic é').subarray(0, -1)],
    ["UTF-16 with a mark", bigEnd("\uFEFF<topic/>")],
    ["UTF-16 without a mark", bigEnd('<?xml version="1.0" encoding="UTF-16"?><topic/>')],
    ["UTF-16 without a mark, cut within a character", littleEnd("<topic/>").subarray(0, -1)],
    ["UTF-16 without a mark that names what nobody knows", littleEnd(xml("no-such").replaceAll("t>", "topic>"))],
    ["an encoding that nobody knows", latin1('<?xml version="1.0" encoding="no-such"?><topic/>')],
    ["an encoding that it is not in", latin1('<?xml version="1.0" encoding="UTF-16"?><topic/>')],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, ...Array.from("<topic/>", (c) => [c.charCodeAt(0), 0, 0, 0]).flat()])],
    ["invalid bytes", latin1("<topic><title>\xe9")],
  ] as const) {
    it(`shows a topic, so that its handler can report what is wrong: ${title}`, () => {
      expect(fileTypeOfXmlHead(decodeHead(bytes, "/a.xml"))).to.equal("DITATOPIC");
    });
  }
});
