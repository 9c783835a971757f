import { SaxesParser } from "saxes";

/** A node of a document view: its attributes as written, and its children. */
export interface DocviewNode {
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: ReadonlyMap<string, DocviewNode>;
}

/** Nodes below this depth are not read: they say nothing about an asset. */
const MAX_DEPTH = 3;

interface OpenNode {
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Map<string, DocviewNode>;
}

/** Parses the upper nodes of a `.content.xml`; undefined if it is not a document view or not XML. Entities are not resolved. */
export function parseDocview(xml: string): DocviewNode | undefined {
  const parser = new SaxesParser();
  const open: OpenNode[] = [];
  let depth = 0;
  let root: DocviewNode | undefined;
  let error: Error | undefined;
  parser.on("error", (found) => {
    error ??= found;
  });
  parser.on("opentag", ({ name, attributes }) => {
    depth++;
    if (depth > MAX_DEPTH) return;
    const node: OpenNode = { attributes, children: new Map() };
    if (depth === 1 && name === "jcr:root") root = node;
    open.at(-1)?.children.set(decodedXmlName(name), node);
    open.push(node);
  });
  parser.on("closetag", () => {
    if (depth-- <= MAX_DEPTH) open.pop();
  });
  try {
    parser.write(xml).close();
  } catch {
    return undefined;
  }
  return error ? undefined : root;
}

/** ISO 9075: `_x0031_` is `1`. */
const decodedXmlName = (name: string): string =>
  name.replace(/_x([0-9a-fA-F]{4})_/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Returns a property's values (`{Long}5`, `[a,b]`, `{Name}[x]`) without type and escapes; undefined if it is missing. */
export function valuesOf(node: DocviewNode | undefined, name: string): readonly string[] | undefined {
  const written = node && Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (written === undefined) return undefined;
  const text = written.replace(/^\{[A-Za-z]+\}/, "");
  if (!text.startsWith("[") || !text.endsWith("]")) return [unescaped(text)];
  const inner = text.slice(1, -1);
  if (inner === "") return [];
  if (inner === "\\0") return [""];
  return inner.split(/(?<!\\),/).map(unescaped);
}

export const valueOf = (node: DocviewNode | undefined, name: string): string | undefined => valuesOf(node, name)?.[0];

/** Returns a date in epoch milliseconds; undefined if there is none. */
export function dateOf(node: DocviewNode | undefined, name: string): number | undefined {
  const ms = Date.parse(valueOf(node, name) ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_all, hex: string | undefined, other: string | undefined) =>
    hex === undefined ? (other ?? "") : String.fromCharCode(Number.parseInt(hex, 16)),
  );
