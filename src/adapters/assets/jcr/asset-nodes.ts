import type { JcrDialect } from "./dialects/dialect.js";
import { type JcrNode, primaryTypeOf, textOf } from "./dialects/jcr-node.js";

export const DAM_ASSET = "dam:Asset";

/** The nodes read for an asset: itself, its content, and the node of its binary. */
export interface AssetNodes {
  /** "asset": a dam:Asset, whose `jcr:content` takes results; "file": a plain nt:file, which takes none. */
  readonly kind: "asset" | "file";
  readonly path: string;
  readonly self: JcrNode;
  /** With its children's properties. */
  readonly content: JcrNode | undefined;
  readonly binary: JcrNode | undefined;
}

const FILE_CONTENTS: ReadonlySet<string> = new Set(["nt:resource", "oak:Resource"]);

/** Returns the path of the node that holds an asset's `jcr:data`. */
export const binaryPath = (path: string, kind: AssetNodes["kind"]): string =>
  kind === "asset" ? `${path}/jcr:content/renditions/original/jcr:content` : `${path}/jcr:content`;

/** Tells an asset's kind by its `jcr:content`; undefined if that belongs to no file. */
function kindOf(content: JcrNode | undefined): AssetNodes["kind"] | undefined {
  if (!content) return undefined;
  const type = primaryTypeOf(content) ?? "";
  if (type === "dam:AssetContent") return "asset";
  return FILE_CONTENTS.has(type) || content.properties.get("jcr:data")?.isBinary ? "file" : undefined;
}

/**
 * Reads the assets at these paths in two requests, however many; undefined for a folder or a missing node. Reads a node
 * only after its `jcr:content` showed that it is an asset: reading a folder would list all its names.
 */
export async function readAssets(
  dialect: JcrDialect,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<readonly (AssetNodes | undefined)[]> {
  const contents = await dialect.read(
    paths.map((path) => `${path}/jcr:content`),
    1,
    signal,
  );
  const found = paths.flatMap((path, i) => {
    const kind = kindOf(contents[i]);
    return kind ? [{ path, kind, content: contents[i] }] : [];
  });
  if (found.length === 0) return paths.map(() => undefined);
  const wanted = found.flatMap(({ path, kind }) => (kind === "asset" ? [path, binaryPath(path, kind)] : [path]));
  const nodes = await dialect.read(wanted, 0, signal);
  const byPath = new Map(wanted.map((path, i) => [path, nodes[i]]));
  const assets = new Map(
    found.flatMap(({ path, kind, content }): [string, AssetNodes][] => {
      const self = byPath.get(path);
      const binary = kind === "asset" ? byPath.get(binaryPath(path, kind)) : content;
      return self ? [[path, { kind, path, self, content, binary }]] : [];
    }),
  );
  return paths.map((path) => assets.get(path));
}

/** Describes a dam:Asset without a usable `jcr:content`: it counts as an asset, and fails when it is read. */
export const brokenAsset = (path: string, self: JcrNode): AssetNodes => ({
  kind: primaryTypeOf(self) === DAM_ASSET ? "asset" : "file",
  path,
  self,
  content: undefined,
  binary: undefined,
});

/** Whether a node is an asset or a file by its type, whatever it holds. */
export const isAssetNode = (self: JcrNode): boolean =>
  [DAM_ASSET, "nt:file", "oak:File"].includes(primaryTypeOf(self) ?? "");

/** Returns why an asset cannot be written now; undefined if it can. */
export function hindranceOf({ self, content }: AssetNodes): "LOCKED" | "CHECKED_OUT" | undefined {
  if ([self, content].some((node) => textOf(node, "jcr:lockOwner") !== undefined)) return "LOCKED";
  const isCheckedIn = [self, content].some((node) => node?.properties.get("jcr:isCheckedOut")?.value === false);
  return isCheckedIn ? "CHECKED_OUT" : undefined;
}
