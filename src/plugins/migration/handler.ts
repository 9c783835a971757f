import { createHash } from "node:crypto";
import type { Asset } from "../../core/asset/asset.js";
import { AssetFailure, AssetmillError } from "../../core/errors.js";
import type { AssetReference, HandlerResult } from "../../core/asset/handler-result.js";
import { MIGRATION_TYPE } from "../../core/job/job-request.js";
import type { AssetHandler, HandlerContext } from "../../core/ports/asset-handler.js";
import type { AssetResult, AssetWrite } from "../../core/asset/asset-result.js";
import type { AssetRepository } from "../../core/ports/asset-repository.js";
import type { AssetSink, IncomingAsset, PutEnd } from "../../core/ports/asset-sink.js";
import { Batcher } from "./batcher.js";

/** The repository that a migration writes to. */
export type MigrationTarget = Pick<AssetRepository, "identity" | "read" | "apply"> & { readonly sink: AssetSink };

/**
 * Returns a handler that copies an asset to the target: content, metadata and processing results. It then reads the copy
 * back and fails with HASH_MISMATCH if the content differs. It writes nothing to the source. The handler's name identifies
 * the target, so that a node with another target does not pick up the job.
 */
export function migrationHandler(source: Pick<AssetRepository, "results">, target: MigrationTarget): AssetHandler {
  const puts = new Batcher((incoming: readonly IncomingAsset[]) => target.sink.put(incoming));
  const results = new Batcher((paths: readonly string[], signal) => source.results(paths, signal));
  const writes = new Batcher(async (gathered: readonly AssetWrite[], signal) => {
    const refused = new Map((await target.apply(gathered, signal)).map((write) => [write.path, write]));
    return gathered.map(({ path }) => refused.get(path));
  });
  return {
    name: `migrate-to-${createHash("sha256").update(target.identity).digest("hex").slice(0, 12)}`,
    version: "1",
    types: [MIGRATION_TYPE],
    writes: false,
    async process(asset: Asset, context: HandlerContext): Promise<HandlerResult> {
      const { path } = asset;
      const { signal } = context;
      const end = await puts.ask({ asset, content: () => verifiedContent(asset, context.stream()) }, signal);
      if (AssetmillError.is(end)) throw AssetFailure.is(end.cause) ? end.cause : end;
      await verify(path, end, target, signal);
      const result = await results.ask(path, signal);
      const refused = result && (await writes.ask(writeOf(result), signal));
      if (refused) throw new AssetFailure("WRITE_FAILED", `cannot write its results: ${refused.message}`);
      return end.end === "replaced" ? { warnings: ["replaced another asset at this path of the target"] } : {};
    },
  };
}

/** Passes the content through and fails at its end if it does not match the source's hash; then nothing is stored. */
async function* verifiedContent({ contentHash }: Asset, content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
  const found = `sha256:${hash.digest("hex")}`;
  if (contentHash !== undefined && found !== contentHash) {
    throw new AssetFailure("HASH_MISMATCH", `the source reports ${contentHash}, but its content has ${found}`);
  }
}

async function verify(
  path: string,
  end: PutEnd,
  target: Pick<AssetRepository, "read">,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash("sha256");
  for await (const piece of target.read(path, signal)) hash.update(piece);
  const copied = `sha256:${hash.digest("hex")}`;
  if (copied !== end.contentHash) {
    throw new AssetFailure("HASH_MISMATCH", `the copy has ${copied}, the source ${end.contentHash}`);
  }
}

/** Builds the write that repeats the source's result; it keeps the id of the job that wrote it. */
function writeOf({ path, properties, references, stamp, jobId }: AssetResult): AssetWrite {
  const byHandler: Record<string, AssetReference[]> = {};
  for (const { handler, ...reference } of references) (byHandler[handler] ??= []).push(reference);
  return { path, properties, references: byHandler, stamp, jobId };
}
