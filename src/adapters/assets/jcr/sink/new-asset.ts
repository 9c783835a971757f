import type { IncomingAsset } from "../../../../core/ports/asset-sink.js";
import { type AssetNodes, binaryPath, DAM_ASSET } from "../asset-nodes.js";
import type { Change, JcrDialect, NewNode } from "../dialects/dialect.js";
import type { IncomingContent } from "./incoming-content.js";
import { mediaTypeOf } from "./media-type.js";

/** Node types to create: dam:Asset if the server knows it, else files in folders. */
export interface NodeTypes {
  readonly dam: boolean;
  readonly folder: string;
}

/** An asset to create, with its content. */
export interface NewAsset {
  readonly incoming: IncomingAsset;
  readonly content: IncomingContent;
}

export async function nodeTypesOf(dialect: JcrDialect): Promise<NodeTypes> {
  const names = [DAM_ASSET, "sling:Folder"];
  const nodes = await dialect.read(
    names.map((name) => `/jcr:system/jcr:nodeTypes/${name}`),
    0,
  );
  const [dam, sling] = nodes.map((node) => node !== undefined);
  return { dam: dam === true, folder: dam && sling ? "sling:Folder" : "nt:folder" };
}

const resourceOf = ({ incoming, content }: NewAsset): NewNode => ({
  primaryType: "nt:resource",
  properties: {
    "jcr:data": { binary: content.binary, isEmpty: content.isEmpty },
    "jcr:mimeType": mediaTypeOf(incoming.asset.path),
    "jcr:lastModified": new Date(incoming.asset.modifiedMs),
  },
});

const metadataOf = ({ incoming, content }: NewAsset): NonNullable<NewNode["properties"]> => ({
  "dc:format": mediaTypeOf(incoming.asset.path),
  "dam:size": () => content.sizeBytes,
  "dam:sha1": () => content.sha1,
});

export function newNode(asset: NewAsset, { dam }: NodeTypes): NewNode {
  const file: NewNode = { primaryType: "nt:file", children: { "jcr:content": resourceOf(asset) } };
  if (!dam) return file;
  return {
    primaryType: DAM_ASSET,
    children: {
      "jcr:content": {
        primaryType: "dam:AssetContent",
        properties: { "jcr:lastModified": new Date(asset.incoming.asset.modifiedMs) },
        children: {
          metadata: { primaryType: "nt:unstructured", properties: metadataOf(asset) },
          related: { primaryType: "nt:unstructured" },
          renditions: { primaryType: "nt:folder", children: { original: file } },
        },
      },
    },
  };
}

/** Replaces the content in the existing nodes and keeps what else they hold; a broken asset is created anew. */
export function replacement(nodes: AssetNodes, asset: NewAsset, types: NodeTypes): readonly Change[] {
  const { kind, path, content, binary } = nodes;
  const isWhole = binary && (kind === "file" || content?.children.has("metadata"));
  // Values are sent by path, which cannot hold a quote: see diff.ts.
  if (!isWhole || asset.content.isEmpty || /["\\]/.test(path))
    return [
      { kind: "delete", path },
      { kind: "add", path, node: newNode(asset, types) },
    ];
  const sets = (node: string, properties: NewNode["properties"] = {}): Change[] =>
    Object.entries(properties).map(([name, value]) => ({ kind: "set", node, name, value }));
  const file = sets(binaryPath(path, kind), resourceOf(asset).properties);
  if (kind === "file") return file;
  return [
    ...file,
    ...sets(`${path}/jcr:content`, { "jcr:lastModified": new Date(asset.incoming.asset.modifiedMs) }),
    ...sets(`${path}/jcr:content/metadata`, metadataOf(asset)),
  ];
}
