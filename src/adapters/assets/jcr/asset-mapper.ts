import { type Asset, nameOf } from "../../../core/asset/asset.js";
import { type FileType, fileTypeOfName } from "../../../core/asset/file-type.js";
import type { AssetNodes } from "./asset-nodes.js";
import { instantOf, isTrue, type JcrNode, numberOf, textsOf } from "./dialects/jcr-node.js";

/** Returns the asset that these nodes describe; its type is undefined if only the head of its content tells. */
export function assetOf(nodes: AssetNodes): Omit<Asset, "fileType"> & { readonly fileType: FileType | undefined } {
  const { path, self, content, binary } = nodes;
  const metadata = content?.children.get("metadata");
  const createdMs = instantOf(self, "jcr:created") ?? 0;
  const length = binary?.properties.get("jcr:data");
  return {
    path,
    fileType: fileTypeOf(nodes, metadata),
    // The size of the actual content takes precedence over the metadata, which may be outdated.
    sizeBytes: (length?.isBinary ? Number(length.value) : undefined) ?? numberOf(metadata, "dam:size") ?? 0,
    createdMs,
    modifiedMs: modifiedOf(nodes) ?? createdMs,
    ...(isTrue(content, "contentFragment") ? { contentFragment: true as const } : {}),
  };
}

/** Returns the later of the two dates: applications update only one of them. */
function modifiedOf({ content, binary }: AssetNodes): number | undefined {
  const instants = [instantOf(content, "jcr:lastModified"), instantOf(binary, "jcr:lastModified")];
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function fileTypeOf({ path, content }: AssetNodes, metadata: JcrNode | undefined): FileType | undefined {
  const byName = fileTypeOfName(nameOf(path));
  if (byName === "DITAVAL") return byName;
  const classes = [...textsOf(metadata, "dita_class"), ...textsOf(content, "dita_class")].join(" ");
  if (/\bmap\/map\b/.test(classes)) return "DITAMAP";
  if (/\btopic\/topic\b/.test(classes)) return "DITATOPIC";
  return byName;
}
