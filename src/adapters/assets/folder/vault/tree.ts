import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Asset } from "../../../../core/asset/asset.js";
import { decodeHead } from "../../../../core/asset/decode-text.js";
import { invalidParameter } from "../../../../core/errors.js";
import { childPath, isWithin } from "../../../../core/asset/path.js";
import { assetOfFile } from "../asset-mapper.js";
import { readFileHead } from "../file-head.js";
import { type ListedName, listNamesSync, untaken } from "../listed-names.js";
import { READ_ONLY } from "../read-only.js";
import { assetOfDam } from "./asset-mapper.js";
import { type DocviewNode, parseDocview, valueOf } from "./docview.js";
import type { ResolvedFolderOptions } from "../options.js";
import { FolderTree, LEADS_NOWHERE, type TreeFile } from "../tree.js";
import { fileNameOf, jcrNameOf } from "./names.js";

const CONTENT = ".content.xml";
const ORIGINAL = join("_jcr_content", "renditions", "original");
/** A larger `.content.xml` describes a whole subtree, not an asset. */
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;

/** What a path of a FileVault layout holds. */
export type VaultNode =
  | { readonly kind: "folder" }
  | { readonly kind: "asset"; readonly asset: Asset; readonly content: TreeFile | undefined };

/** A name in a folder of a FileVault layout, as a JCR name. */
interface VaultName {
  readonly name: string;
  readonly isHidden: boolean;
}

/**
 * Returns the `jcr_root` of a FileVault layout; undefined for any other folder. Throws INVALID_PARAMETER if it cannot
 * be told.
 */
export function vaultRootOf(folder: string): string | undefined {
  if (basename(folder) === "jcr_root") return folder;
  const root = join(folder, "jcr_root");
  try {
    return statSync(root, { throwIfNoEntry: false })?.isDirectory() ? root : undefined;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // Nothing can be reached there: a link in a loop, or a path longer than this system allows.
    if (LEADS_NOWHERE.has(code) || code === "ENAMETOOLONG") return undefined;
    throw invalidParameter("assets", `${root} cannot be looked at (${code})`);
  }
}

/**
 * Reads a FileVault layout as the repository it was exported from: paths are JCR paths; a dam:Asset's directory is one
 * asset, with the content of its original and the times of its metadata; files that describe nodes are not assets.
 */
export class VaultTree {
  readonly tree: FolderTree;

  constructor(options: ResolvedFolderOptions) {
    this.tree = new FolderTree(options);
  }

  /** Lists a folder's names, unsorted; none if there is no such folder. */
  names(path: string): readonly VaultName[] {
    const found = this.#find(path);
    if (!found?.stats.isDirectory() || found.unreadable) return [];
    const files = jcrNamesIn(found.file);
    const all = new Set(files.map(({ file }) => file));
    // A `.dir` next to a file holds what its node has beside the content.
    const own = files.filter(({ file }) => !(file.endsWith(".dir") && all.has(file.slice(0, -".dir".length))));
    return own
      .filter(({ file }) => file !== CONTENT && !/^\.vlt/.test(file))
      .map(({ file, name }) => ({ name, isHidden: this.tree.isHidden(file) }))
      .filter(({ name }) => isContent(name));
  }

  at(path: string): VaultNode | undefined {
    if (path !== this.tree.mount && !path.slice(1).split("/").every(isContent)) return undefined;
    const found = this.#find(path);
    if (found?.unreadable) return { kind: "asset", asset: assetOfFile(path, found), content: found };
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

  /** Tools write the same name in different ways: `a%3ab` may stand for `a:b`, too. */
  #findByName(names: readonly string[], mount: string): TreeFile | undefined {
    let at = mount;
    for (const name of names) {
      const found = this.tree.find(at);
      if (!found?.stats.isDirectory() || found.unreadable) return undefined;
      const listed = jcrNamesIn(found.file).find((one) => one.name === name);
      if (!listed) return undefined;
      at = childPath(at, listed.file);
    }
    return this.tree.find(at);
  }

  #view(directory: string): DocviewNode | undefined {
    const found = this.tree.findFile(join(directory, CONTENT));
    if (!found?.stats.isFile() || found.unreadable || found.stats.size > MAX_CONTENT_BYTES) return undefined;
    return parseDocview(decodeHead(readFileSync(found.file, { flag: READ_ONLY }), CONTENT));
  }
}

/** Lists a directory's file names, as shown, and the JCR names that they stand for. */
function jcrNamesIn(directory: string): readonly { readonly file: string; readonly name: string }[] {
  const listed = listNamesSync(directory);
  if (!listed.some(({ bytes }) => bytes)) return listed.map(withJcrName);
  const names = listed.filter(({ bytes }) => !bytes).map(withJcrName);
  const taken = new Set(names.map(({ name }) => name));
  for (const { file, name } of listed.filter(({ bytes }) => bytes).map(withJcrName)) {
    const own = untaken(name, taken);
    taken.add(own);
    names.push({ file, name: own });
  }
  return names;
}

const withJcrName = ({ name: file }: ListedName): { file: string; name: string } => ({ file, name: jcrNameOf(file) });

/** Whether a name is content: not part of a node, not access control. */
const isContent = (name: string): boolean => !name.startsWith("jcr:") && !name.startsWith("rep:");

const HEAD_BYTES = 2_048;

/** Whether a `name.xml` describes a node, and so is not a file of the repository. */
function isDocview({ file }: TreeFile): boolean {
  return file.endsWith(".xml") && /<jcr:root\s/.test(decodeHead(readFileHead(file, HEAD_BYTES), file));
}
