import type { Asset } from "../../../src/core/asset/asset.js";
import { AssetFailure, RetryableError, SkipAsset } from "../../../src/core/errors.js";
import { type FileType, fileTypeOfName } from "../../../src/core/asset/file-type.js";
import type { AssetReference, HandlerResult } from "../../../src/core/asset/handler-result.js";
import type { HandlerContext } from "../../../src/core/ports/asset-handler.js";
import { ditaHandler } from "../../../src/plugins/dita/handler.js";

export const assetAt = (path: string, fileType: FileType = fileTypeOfName(path) ?? "DITATOPIC"): Asset => ({
  path,
  fileType,
  sizeBytes: 1,
  createdMs: 0,
  modifiedMs: 0,
});

/** A context that holds one text and knows which paths exist. `asked` records every path that is asked for. */
export function contextOf(
  text: string,
  exists: (path: string) => boolean,
  asked: string[] = [],
  signal: AbortSignal = new AbortController().signal,
  similar: (path: string) => string | undefined = () => undefined,
): HandlerContext {
  const bytes = async () => new TextEncoder().encode(text);
  const silent = () => undefined;
  return {
    jobId: "job",
    type: "ASSET_PROCESSING",
    attempt: 1,
    signal,
    deadlineMs: 60_000,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    repository: {
      exists: async (path) => {
        asked.push(path);
        return exists(path);
      },
      similar: async (path) => similar(path),
      bytes: () => Promise.reject(new Error("the DITA handler reads no other asset")),
      text: () => Promise.reject(new Error("the DITA handler reads no other asset")),
    },
    parameters: {},
    bytes,
    text: async () => text,
    stream: async function* () {
      yield await bytes();
    },
    skip: (reason) => new SkipAsset(reason),
    fail: (code, message) => new AssetFailure(code, message),
    retry: (message) => new RetryableError(message),
  };
}

export type Processed = HandlerResult & {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly references: readonly AssetReference[];
  readonly warnings: readonly string[];
};

/** What the handler makes of a text at a path; everything exists unless told otherwise. */
export async function processText(
  text: string,
  path = "/docs/guide/topic.dita",
  exists: (path: string) => boolean = () => true,
  similar?: (path: string) => string | undefined,
): Promise<Processed> {
  return (await ditaHandler.process(assetAt(path), contextOf(text, exists, [], undefined, similar))) as Processed;
}

/** `CODE: message` of the failure that processing a text ends in. */
export async function failureOf(text: string, path?: string): Promise<string> {
  try {
    await processText(text, path);
  } catch (error) {
    if (!AssetFailure.is(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return "no failure";
}

export const topic = (body: string, more = ""): string =>
  `<topic id="t"${more}><title>T</title><body>${body}</body></topic>`;

/** How many references there are of each kind. */
export function countKinds(references: readonly AssetReference[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of references) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
