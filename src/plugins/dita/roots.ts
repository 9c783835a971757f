import { type DitaRoot, ditaRootOf } from "../../core/asset/dita-root.js";
import { AssetFailure } from "../../core/errors.js";
import type { Attributes } from "./xml.js";

/** A document's root element. */
export interface Root extends DitaRoot {
  readonly name: string;
}

/** Returns what the root element says. Throws NOT_DITA, naming the root, if it is unknown. */
export function rootOf(name: string, attributes: Attributes): Root {
  const root = ditaRootOf(name, attributes.class);
  if (root) return { name, ...root };
  throw new AssetFailure("NOT_DITA", `root element <${name}> is not a DITA topic, map or ditaval`);
}
