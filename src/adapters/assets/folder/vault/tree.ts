import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Asset } from "../../../../core/asset/asset.js";
import { childPath, isWithin } from "../../../../core/asset/path.js";
import { assetOfFile } from "../asset-mapper.js";
import { readFileHead } from "../file-head.js";
import { assetOfDam } from "./asset-mapper.js";
import { type DocviewNode, parseDocview, valueOf } from "./docview.js";
import { FolderTree, type TreeFile } from "../tree.js";
import { fileNameOf, jcrNameOf } from "./names.js";

const CONTENT = ".content.xml";
const ORIGINAL = join("_jcr_content", "renditions", "original");
/** A `.content.xml` beyond this describes a whole subtree: its root's type stands in its head, but it is no asset's. */
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;

/** What stands at a path of a FileVault layout. */
export type VaultNode =
  | { readonly kind: "folder" }
  | { readonly kind: "asset"; readonly asset: Asset; readonly content: TreeFile | undefined };

/** The `jcr_root` of a folder that holds a FileVault layout (or is one); undefined for any other. */
export function vaultRootOf(folder: string): string | undefined {
  if (basename(folder) === "jcr_root") return folder;
  const root = join(folder, "jcr_root");
  return statSync(root, { throwIfNoEntry: false })?.isDirectory() ? root : undefined;
}

/**
 * A FileVault layout, read as the repository that it was exported from: names as JCR has them; a dam:Asset's directory is
 * one asset, whose content is its original and whose times stand in its metadata; node files are none.
 */
export class VaultTree {
  readonly tree: FolderTree;

  constructor(folder: string, mount: string) {
    this.tree = new FolderTree({ folder, mount });
  }

  /** Names in no order; undefined where no folder is. */
  names(path: string): readonly string[] | undefined {
    const found = this.#find(path);
    if (!found?.stats.isDirectory()) return undefined;
    const files = readdirSync(found.file);
    const all = new Set(files);
    // What a file's node has beside its content stands in a `.dir` next to it.
    const own = files.filter((file) => !(file.endsWith(".dir") && all.has(file.slice(0, -".dir".length))));
    return own
      .filter((file) => file !== CONTENT && !/^\.vlt/.test(file))
      .map(jcrNameOf)
      .filter(isContent);
  }

  at(path: string): VaultNode | undefined {
    if (path !== this.tree.mount && !path.slice(1).split("/").every(isContent)) return undefined;
    const found = this.#find(path);
    if (found?.stats.isFile())
      return isDocview(found) ? undefined : { kind: "asset", asset: assetOfFile(path, found), content: found };
    if (!found?.stats.isDirectory()) return undefined;
    const view = this.#view(found.file);
    if (valueOf(view, "jcr:primaryType") !== "dam:Asset") return { kind: "folder" };
    const content = this.tree.findFile(join(found.file, ORIGINAL));
    return { kind: "asset", asset: this.#damAsset(path, found, view, content), content };
  }

  #damAsset(path: string, directory: TreeFile, view: DocviewNode | undefined, original: TreeFile | undefined): Asset {
    const content = [view?.children.get("jcr:content"), this.#view(join(directory.file, "_jcr_content"))];
    return assetOfDam(path, assetOfFile(path, original ?? directory), {
      view,
      content,
      hasOriginal: original !== undefined,
    });
  }

  #find(path: string): TreeFile | undefined {
    const { mount } = this.tree;
    if (!isWithin(path, mount)) return undefined;
    const inside = path.slice(mount === "/" ? 1 : mount.length + 1);
    const names = inside === "" ? [] : inside.split("/");
    const asWritten = this.tree.find(names.reduce((at, name) => childPath(at, fileNameOf(name)), mount));
    return asWritten ?? this.#findByName(names, mount);
  }

  /** Not every tool writes a name in the same way: `a%3ab` may stand for `a:b`, too. */
  #findByName(names: readonly string[], mount: string): TreeFile | undefined {
    let at = mount;
    for (const name of names) {
      const found = this.tree.find(at);
      if (!found?.stats.isDirectory()) return undefined;
      const file = readdirSync(found.file).find((one) => jcrNameOf(one) === name);
      if (file === undefined) return undefined;
      at = childPath(at, file);
    }
    return this.tree.find(at);
  }

  #view(directory: string): DocviewNode | undefined {
    const found = this.tree.findFile(join(directory, CONTENT));
    if (!found?.stats.isFile() || found.stats.size > MAX_CONTENT_BYTES) return undefined;
    return parseDocview(readFileSync(found.file, "utf8"));
  }
}

/** Neither a node's own parts nor access control. */
const isContent = (name: string): boolean => !name.startsWith("jcr:") && !name.startsWith("rep:");

const HEAD_BYTES = 2_048;

/** `name.xml` may be a node, written out: that is no file. */
function isDocview({ file }: TreeFile): boolean {
  return file.endsWith(".xml") && /<jcr:root\s/.test(readFileHead(file, HEAD_BYTES).toString("utf8"));
}
