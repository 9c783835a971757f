import { type Asset, nameOf } from "../../../../core/asset/asset.js";
import { type FileType, fileTypeOfName } from "../../../../core/asset/file-type.js";
import { dateOf, type DocviewNode, valueOf, valuesOf } from "./docview.js";

/** The document views that describe a dam:Asset. */
interface DamViews {
  readonly view: DocviewNode | undefined;
  /** Its `jcr:content`: inside the asset's own view, and in a file of its own. */
  readonly content: readonly (DocviewNode | undefined)[];
  readonly hasOriginal: boolean;
}

/** Returns a dam:Asset as an asset. `file` describes its original, or its directory if the original is missing. */
export function assetOfDam(path: string, file: Asset, { view, content, hasOriginal }: DamViews): Asset {
  const metadata = content.map((node) => node?.children.get("metadata")).find((node) => node !== undefined);
  const modifiedMs = content.map((node) => dateOf(node, "jcr:lastModified")).find((ms) => ms !== undefined);
  const isFragment = content.some((node) => valueOf(node, "contentFragment") === "true");
  return {
    path,
    fileType: typeOf(path, [metadata, ...content]) ?? file.fileType,
    sizeBytes: hasOriginal ? file.sizeBytes : Number(valueOf(metadata, "dam:size") ?? 0),
    createdMs: dateOf(view, "jcr:created") ?? file.createdMs,
    modifiedMs: modifiedMs ?? file.modifiedMs,
    ...(hasOriginal && file.unreadable ? { unreadable: file.unreadable } : {}),
    ...(isFragment ? { contentFragment: true as const } : {}),
  };
}

/** Like the JCR adapter: DITA-OT's class takes precedence over the name, except for DITAVAL. */
function typeOf(path: string, nodes: readonly (DocviewNode | undefined)[]): FileType | undefined {
  const byName = fileTypeOfName(nameOf(path));
  if (byName === "DITAVAL") return byName;
  const classes = nodes.flatMap((node) => valuesOf(node, "dita_class") ?? []).join(" ");
  if (/\bmap\/map\b/.test(classes)) return "DITAMAP";
  return /\btopic\/topic\b/.test(classes) ? "DITATOPIC" : byName;
}
