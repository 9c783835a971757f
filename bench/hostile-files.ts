import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

const MB = 1_000_000;

/** A file's parts, each a text repeated so many times; `%` in it is the number of the repetition. */
type Part = string | readonly [text: string, times: number];

/** What a file holds, and how it is written. */
export interface Recipe {
  readonly name: string;
  readonly parts: readonly Part[];
  /** @defaultValue UTF-8 */
  readonly encoding?: "utf16le" | "latin1";
}

const topic = (name: string, head: string, inside: readonly Part[]): Recipe => ({
  name: `${name}.dita`,
  parts: [`${head}<topic id="t"><title>${name}</title><body>`, ...inside, "</body></topic>"],
});
const titled = (name: string, inside: readonly Part[]): Recipe => ({
  name: `${name}.dita`,
  parts: ['<topic id="t"><title>', ...inside, "</title><body><p>x</p></body></topic>"],
});
const map = (name: string, inside: readonly Part[]): Recipe => ({
  name: `${name}.ditamap`,
  parts: ["<map><title>m</title>", ...inside, "</map>"],
});
const unread = '<!DOCTYPE topic SYSTEM "topic.dtd">';
const filling = "<p>Nothing but a plain paragraph, as people write them, again and again and again.</p>\n";
const times = (text: string, bytes: number): Part => [text, Math.floor(bytes / Buffer.byteLength(text))];

const SMALL: readonly Recipe[] = Array.from({ length: 40 }, (_, i) => topic(`good-${i}`, "", [`<p>${i}</p>`]));

/** The folders of hostile files. Each also has forty small, good topics. */
export const FOLDERS: Readonly<Record<string, readonly Recipe[]>> = {
  "a 64 MB file of undeclared entities": [topic("entities", unread, [["&a%;", 6_500_000]])],
  "eight plain topics of 61 MB": Array.from({ length: 8 }, (_, i) =>
    topic(`plain-${i}`, "", [times(filling, 61 * MB)]),
  ),
  "50 MB of ]] in a title": [titled("brackets", [times("]]", 50 * MB)])],
  "50 MB of ]] in CDATA in a title": [titled("cdata", ["<![CDATA[", times("]] ", 50 * MB), "]]>"])],
  "a title of 50 MB": [titled("title", [times("word ", 50 * MB)])],
  "sixteen results just within the limits": Array.from({ length: 16 }, (_, i) =>
    i % 2 === 0
      ? topic(`ids-${i}`, "", [['<p id="an-id-of-some-length-%"/>', 99_990]])
      : topic(`links-${i}`, "", [['<xref href="folder/a-file-of-some-length-%.dita#topic/element-%"/>', 33_000]]),
  ),
  "sixteen hostile files": [
    topic("deep", "", [times("<ph>", 20 * MB)]),
    topic("attributes", "", ["<p ", ['a%="" ', 1_000_000], "/>"]),
    topic("attribute", "", ['<p outputclass="', times("x\n", 50 * MB), '"/>']),
    topic("comment", "", ["<!--", times("- ", 50 * MB), "-->"]),
    topic("cdata-text", "", ["<![CDATA[", times("] ", 50 * MB), "]]>"]),
    topic("instruction", "", ["<?x ", times("? ", 50 * MB), "?>"]),
    topic("ids", "", [['<p id="i%"/>', 1_000_000]]),
    topic("hrefs", "", [['<xref href="f%.dita"/>', 1_000_000]]),
    topic("conrefs", "", [['<p conref="f%.dita#t/i"/>', 1_000_000]]),
    map("keydefs", [['<keydef keys="k%" href="f%.dita"/>', 1_000_000]]),
    topic("chained", `<!DOCTYPE topic [<!ENTITY a0 "ha">${chain(40)}]>`, ["&a40;"]),
    {
      name: "subset.dita",
      parts: ["<!DOCTYPE topic [", ['<!ENTITY e% "v">\n', 500_000], ']><topic id="t"><title>s</title></topic>'],
    },
    { ...topic("utf16", "\ufeff", [times(filling, 24 * MB)]), encoding: "utf16le" },
    { ...topic("utf16-entities", `\ufeff${unread}`, [["&a%;", 2_500_000]]), encoding: "utf16le" },
    {
      ...topic("latin1", '<?xml version="1.0" encoding="ISO-8859-1"?>', [times("<p>\u00e9t\u00e9</p>\r\n", 50 * MB)]),
      encoding: "latin1",
    },
    topic("just-within", "", [
      ['<xref href="folder/file-%.dita#topic/element"/>', 30_000],
      times("<p>\ud55c\uae00 &#x1F600;</p>\r\n", 55 * MB),
    ]),
  ],
};

/** Every folder's good files. */
export const GOOD = SMALL.length;

function chain(length: number): string {
  return Array.from({ length }, (_, i) => `<!ENTITY a${i + 1} "&a${i};&a${i};">`).join("");
}

/** Writes a folder's files. */
export async function writeFolder(folder: string, recipes: readonly Recipe[]): Promise<void> {
  for (const recipe of [...recipes, ...SMALL]) await writeRecipe(`${folder}/${recipe.name}`, recipe);
}

async function writeRecipe(file: string, { parts, encoding: named }: Recipe): Promise<void> {
  const encoding = named ?? "utf8";
  await mkdir(dirname(file), { recursive: true });
  const out = createWriteStream(file);
  const write = async (text: string): Promise<void> => {
    if (!out.write(text, encoding)) await once(out, "drain");
  };
  for (const part of parts) {
    if (typeof part === "string") await write(part);
    else {
      const [text, count] = part;
      for (let from = 0; from < count; from += 20_000) {
        const length = Math.min(20_000, count - from);
        const numbered = text.includes("%");
        await write(
          numbered
            ? Array.from({ length }, (_, i) => text.replaceAll("%", String(from + i))).join("")
            : text.repeat(length),
        );
      }
    }
  }
  out.end();
  await once(out, "close");
}
