import type { Asset } from "./asset.js";
import { invalidParameter } from "../errors.js";
import type { SkipCode } from "./outcome.js";
import { parentPath } from "./path.js";
import { isTooLong } from "./path-length.js";

/** Rules are plain paths, which apply to the path and everything below it, or `regex:` patterns for whole paths. */
export interface PathRules {
  /** Processes only assets that match. @defaultValue `[]`: everything is enabled */
  readonly enabled?: readonly string[];
  /** Skips assets that match, as IGNORED_PATH. @defaultValue `["/content/dam/projects/translation_output"]` */
  readonly ignored?: readonly string[];
}

const PATH_RULE_DEFAULTS = Object.freeze({
  enabled: [] as readonly string[],
  ignored: ["/content/dam/projects/translation_output"] as readonly string[],
});

type Rule = (path: string) => boolean;

/** Verdict for all direct children of a folder. `path` is what precedes the last `/`: "" for the root. */
interface FolderVerdict {
  readonly path: string;
  readonly skip: SkipCode | undefined;
  readonly taken: boolean;
}

/** Decides which assets are counted but not processed, and why. */
export class SkipRules {
  readonly #enabled: readonly Rule[];
  readonly #ignored: readonly Rule[];
  /** The latest folder's verdict: siblings usually come one after the other. */
  #folder: FolderVerdict = { path: "\0", skip: undefined, taken: true };

  constructor(rules: PathRules = {}) {
    this.#enabled = (rules.enabled ?? PATH_RULE_DEFAULTS.enabled).map((rule) => ruleOf(rule, "enabled"));
    this.#ignored = (rules.ignored ?? PATH_RULE_DEFAULTS.ignored).map((rule) => ruleOf(rule, "ignored"));
  }

  /** Returns why to skip this asset; undefined if it must be processed. */
  reasonFor(asset: Pick<Asset, "path" | "contentFragment" | "unreadable">): SkipCode | undefined {
    // What cannot be read fails, and is told as such, however long its path.
    if (!asset.unreadable && isTooLong(asset.path)) return "PATH_TOO_LONG";
    if (asset.contentFragment) return "CONTENT_FRAGMENT";
    return this.#folderOf(asset.path).skip ?? (this.takes(asset.path) ? undefined : "IGNORED_PATH");
  }

  /**
   * Returns whether the path rules let this path be processed. Going from the path up to the root, the first level that
   * a rule matches decides; on the same level, ignore wins. An enable rule that also matches at an ignored level above
   * does not count. If no rule matches, the path is processed unless there are enable rules.
   */
  takes(path: string): boolean {
    return this.#verdictAt(path) ?? this.#folderOf(path).taken;
  }

  #folderOf(path: string): FolderVerdict {
    const known = this.#folder.path;
    if (path.lastIndexOf("/") !== known.length || !path.startsWith(known)) {
      const folder = parentPath(path);
      const within = `${folder}/`;
      this.#folder = {
        path: folder === "/" ? "" : folder,
        skip: within.includes("/subassets/")
          ? "SUB_ASSET"
          : within.includes("/translation_output/")
            ? "TRANSLATION_OUTPUT"
            : undefined,
        taken: this.#takesFolder(folder),
      };
    }
    return this.#folder;
  }

  #takesFolder(folder: string): boolean {
    for (const level of levelsUp(folder)) {
      const verdict = this.#verdictAt(level);
      if (verdict !== undefined) return verdict;
    }
    return this.#enabled.length === 0;
  }

  #verdictAt(level: string): boolean | undefined {
    if (this.#ignored.some((rule) => rule(level))) return false;
    if (this.#enabled.length === 0) return undefined;
    const enabling = this.#enabled.filter((rule) => rule(level));
    if (enabling.length === 0) return undefined;
    const ignoredAbove = [...levelsUp(parentPath(level))].filter((above) => this.#ignored.some((rule) => rule(above)));
    return enabling.some((rule) => !ignoredAbove.some(rule)) ? true : undefined;
  }
}

function ruleOf(text: string, field: string): Rule {
  if (!text.startsWith("regex:")) {
    const path = text.length > 1 && text.endsWith("/") ? text.slice(0, -1) : text;
    return (level) => level === path;
  }
  try {
    const pattern = new RegExp(`^(?:${text.slice(6)})$`, "u");
    return (level) => pattern.test(level);
  } catch (cause) {
    throw invalidParameter(field, `invalid regular expression ${JSON.stringify(text)}: ${(cause as Error).message}`);
  }
}

function* levelsUp(path: string): Generator<string> {
  for (let level = path; ; level = parentPath(level)) {
    yield level;
    if (level === "/") return;
  }
}
