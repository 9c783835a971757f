import type { AssetReference } from "../../core/asset/handler-result.js";
import { clip } from "../../core/asset/clip.js";
import { ResultSize } from "../../core/asset/result-size.js";
import type { WarningList } from "../../core/asset/warning-list.js";
import type { Link } from "./document.js";
import type { LinkUse } from "./elements.js";
import { type Resolved, resolveHref } from "./href.js";

type Kind = AssetReference["kind"];
type Inside = Extract<Resolved, { place: "inside" }>;

/** The properties that list a document's internal references: absolute paths without duplicates, in document order. */
export interface ReferenceLists {
  readonly fmditaTopicrefs: readonly string[];
  readonly fmditaMaprefs: readonly string[];
  readonly fmditaKeydefrefs: readonly string[];
  readonly fmditaXrefs: readonly string[];
  readonly fmditaConrefs: readonly string[];
}

/** A document's references, resolved. */
export interface References {
  /** One entry per occurrence, in document order. */
  readonly references: readonly AssetReference[];
  readonly lists: ReferenceLists;
  /** Paths that should exist, without duplicates, the asset itself, and peers, which need not exist yet. */
  readonly expected: readonly string[];
}

const LISTED: Readonly<Partial<Record<LinkUse, keyof ReferenceLists>>> = {
  topicref: "fmditaTopicrefs",
  mapref: "fmditaMaprefs",
  keydef: "fmditaKeydefrefs",
  xref: "fmditaXrefs",
  conref: "fmditaConrefs",
};

const TOPIC_FORMATS = new Set(["dita", "markdown", "md", "mdita", "hdita"]);
const TOPIC_EXTENSIONS = new Set(["", "dita", "xml", "md", "markdown"]);
const MAP_EXTENSIONS = new Set(["ditamap", "bookmap"]);
const IMAGE_EXTENSIONS = new Set([
  "png",
  "jpg",
  "jpeg",
  "gif",
  "svg",
  "svgz",
  "webp",
  "avif",
  "bmp",
  "tif",
  "tiff",
  "eps",
]);
const MEDIA_EXTENSIONS = new Set([
  "mp4",
  "m4v",
  "webm",
  "mov",
  "avi",
  "mpg",
  "mpeg",
  "ogv",
  "mp3",
  "m4a",
  "ogg",
  "wav",
  "swf",
]);

/**
 * Resolves the links of the document at `path`; `self` is the document's own kind. Throws only RESULT_TOO_LARGE, as soon as
 * there are more references than a result may hold. Adds its warnings to `warnings`.
 */
export function resolveLinks(
  links: readonly Link[],
  path: string,
  self: "topic" | "map" | "file",
  warnings: WarningList,
): References {
  const size = new ResultSize();
  const references: AssetReference[] = [];
  const lists = {
    fmditaTopicrefs: new Set<string>(),
    fmditaMaprefs: new Set<string>(),
    fmditaKeydefrefs: new Set<string>(),
    fmditaXrefs: new Set<string>(),
    fmditaConrefs: new Set<string>(),
  };
  const expected = new Set<string>();
  for (const link of links) {
    const { use, value, scope } = link;
    const reltable = link.reltable ? { reltable: true } : {};
    if (use === "key" || use === "content-key" || use === "multimedia-key") {
      for (const [key] of value.matchAll(/\S+/g)) {
        size.add(key.length);
        references.push({ kind: use, ...splitKey(key), ...reltable });
      }
      continue;
    }
    const given = { ...(isScope(scope) ? { scope } : {}), ...reltable };
    const resolved = resolveHref(value, path, scope);
    if (resolved.place === "nowhere") {
      warnings.addOnce(`reference "${clip(value)}" ${resolved.reason} and was ignored`);
    } else if (resolved.place === "outside") {
      size.add(resolved.url.length);
      references.push({ kind: kindOutside(link), target: resolved.url, external: true, ...given });
    } else {
      if (resolved.warning !== undefined) warnings.addOnce(`reference "${clip(value)}" ${resolved.warning}`);
      const kind = kindInside(link, resolved, resolved.path === path ? self : undefined);
      const target = resolved.path + resolved.query;
      size.add(target.length);
      const fragment = resolved.fragment === undefined ? {} : { fragment: resolved.fragment };
      references.push({ kind, target, ...given, ...fragment });
      const list = use === "topicref" && kind === "map" ? "fmditaMaprefs" : LISTED[use];
      if (list) lists[list].add(target);
      if (scope !== "peer" && resolved.path !== path) expected.add(resolved.path);
    }
  }
  return {
    references,
    lists: {
      fmditaTopicrefs: [...lists.fmditaTopicrefs],
      fmditaMaprefs: [...lists.fmditaMaprefs],
      fmditaKeydefrefs: [...lists.fmditaKeydefrefs],
      fmditaXrefs: [...lists.fmditaXrefs],
      fmditaConrefs: [...lists.fmditaConrefs],
    },
    expected: [...expected],
  };
}

const isScope = (scope: string | undefined): scope is "local" | "peer" | "external" =>
  scope === "local" || scope === "peer" || scope === "external";

/** Splits `key/element`, which names an element in the key's target. */
function splitKey(value: string): { target: string; fragment?: string } {
  const slash = value.indexOf("/");
  if (slash < 0) return { target: value };
  const fragment = value.slice(slash + 1);
  return { target: value.slice(0, slash), ...(fragment === "" ? {} : { fragment }) };
}

/** Kinds that the use alone determines. */
const BY_USE: Readonly<Partial<Record<LinkUse, Kind>>> = {
  mapref: "map",
  conref: "content",
  image: "image",
  multimedia: "multimedia",
  file: "file",
};

function kindOutside({ use, format }: Link): Kind {
  const format_ = format?.trim().toLowerCase() ?? "";
  return BY_USE[use] ?? (format_ === "ditamap" ? "map" : format_ === "dita" ? "topic" : "file");
}

function kindInside({ use, format }: Link, { path }: Inside, self: Kind | undefined): Kind {
  const byUse = BY_USE[use] ?? self;
  if (byUse !== undefined) return byUse;
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const extension = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "";
  const said = format?.trim().toLowerCase() ?? "";
  if (said === "ditamap" || MAP_EXTENSIONS.has(extension)) return "map";
  if (said === "" ? TOPIC_EXTENSIONS.has(extension) : TOPIC_FORMATS.has(said)) return "topic";
  if (use === "keydef" && IMAGE_EXTENSIONS.has(extension)) return "image";
  if (use === "keydef" && MEDIA_EXTENSIONS.has(extension)) return "multimedia";
  return "file";
}
