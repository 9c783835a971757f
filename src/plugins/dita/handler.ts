import type { Asset } from "../../core/asset/asset.js";
import type { FileType } from "../../core/asset/file-type.js";
import type { HandlerResult } from "../../core/asset/handler-result.js";
import { WarningList } from "../../core/asset/warning-list.js";
import { type AssetHandler, DEFAULT_JOB_TYPE, type HandlerContext } from "../../core/ports/asset-handler.js";
import { missingPaths } from "./broken-links.js";
import { warnOfBroken } from "./similar-targets.js";
import { readDita } from "./document.js";
import { resolveLinks } from "./references.js";
import { uuidOf } from "./uuid.js";

const ACCEPTED: readonly FileType[] = ["DITATOPIC", "DITAMAP", "DITAVAL"];

/** Larger files are read in a thread: each millisecond in the main thread is one in which the host answers nobody. */
const LARGE_BYTES = 256 * 1024;

/**
 * Post-processes DITA topics, maps and ditavals: unique id, title, class, ids, references. The result depends only on the
 * asset's path, its content and which of its targets exist (a warning also on what exists beside a missing one), so
 * repeating it changes nothing. A topic or map always gets every list, even empty ones, which replace the values of an
 * earlier run. Missing targets become warnings and `brokenReferences`. A file that is ill-formed, is not DITA or exceeds
 * the limits fails.
 */
export const ditaHandler: AssetHandler = Object.freeze({
  name: "dita",
  version: "2",
  types: [DEFAULT_JOB_TYPE],
  thread: { overBytes: LARGE_BYTES, batches: true },
  accepts: (asset: Asset): boolean => ACCEPTED.includes(asset.fileType),
  async process({ path }: Asset, context: HandlerContext): Promise<HandlerResult> {
    const warnings = new WarningList();
    const { root, title, ids, links } = readDita(await context.text(), warnings);
    const self = root.kind === "conditions" ? "file" : root.kind === "map" ? "map" : "topic";
    const { references, lists, expected } = resolveLinks(links, path, self, warnings);
    const missing = await missingPaths(expected, context.repository, context.signal);
    await warnOfBroken(missing, context.repository, warnings);
    const described = {
      ...(title === "" ? {} : { fmditaTitle: title }),
      ...(root.ditaClass === undefined ? {} : { dita_class: root.ditaClass }),
      fmditaIds: ids,
      ...lists,
      brokenReferences: missing,
    };
    return {
      properties: { fmUuid: uuidOf(path), ...(root.kind === "conditions" ? {} : described) },
      references,
      ...warnings.result,
    };
  },
});
