import type { ChunkClaim } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { LeasedWork } from "../leased-work.js";
import type { AssetRepository, ReadableAssets } from "../../ports/asset-repository.js";
import type { PartBuilder } from "../chunk/part-builder.js";
import type { AssetRunTools } from "./run-asset.js";
import type { ThreadTools } from "./run-in-thread.js";
import type { TimeSlice } from "../chunk/time-slice.js";
import type { ContentRoom } from "./content-room.js";
import { repositorySilence } from "../health/repository-silence.js";
import { SimilarPaths } from "./similar-paths.js";
import { stampsOf } from "./stamps.js";
import type { EngineTools } from "../tools.js";

/** Returns whether unchanged assets must be skipped. `retry-failed` retries them, changed or not. */
const asksForStamps = ({ request }: Job): boolean =>
  request.filter?.filterProcessedAssets === true && request.failedOf === undefined;

/** A chunk that is about to run. */
interface Run extends Pick<LeasedWork, "job" | "over"> {
  readonly claim: ChunkClaim;
  readonly part: PartBuilder;
}

/**
 * Makes the tools that all assets of a chunk share. `outside` runs work outside the slot of its caller; `room` limits
 * the content that the assets of all chunks hold, `slice` says when they yield to the event loop.
 */
export function assetTools(
  { job, claim, part, over }: Run,
  outside: ThreadTools["outside"],
  tools: EngineTools,
  room?: ContentRoom,
  slice?: TimeSlice,
): AssetRunTools {
  const { options, repository, createDigest, threads, latency } = tools;
  const read: AssetRepository["read"] = (path, signal) => latency.repository.timeFirst(repository.read(path, signal));
  const fileOf = repository.fileOf?.bind(repository);
  const stat: AssetRepository["stat"] = (paths, signal) =>
    latency.repository.time(() => repository.stat(paths, signal));
  const listed = repository.names?.bind(repository);
  const similarPaths =
    listed &&
    new SimilarPaths({
      stat,
      names: (folder, most, signal) => latency.repository.time(() => listed(folder, most, signal)),
    });
  const reader: ReadableAssets & Pick<AssetRepository, "fileOf" | "inThread"> = {
    read,
    stat,
    ...(similarPaths ? { similar: (path, signal) => similarPaths.find(path, signal) } : {}),
    ...(fileOf ? { fileOf } : {}),
    ...(repository.inThread ? { inThread: repository.inThread } : {}),
  };
  // Only the handlers that the job was started with: those added later are not part of it.
  const handlers = tools.handlers.filter((handler) => job.handlers.includes(handler.name));
  return {
    handlers,
    context: {
      jobId: job.id,
      type: job.request.type,
      deadlineMs: options.deadlineMs,
      logger: tools.openHandlerLogger(job, (entry) => part.log(entry)),
      repository: reader,
      maxContentBytes: options.maxContentBytes,
    },
    content: {
      repository: { read },
      createDigest,
      maxBytes: options.maxContentBytes,
      ...(room ? { room } : {}),
      ...(slice ? { slice } : {}),
    },
    clock: tools.clock,
    random: tools.random,
    tries: options.tries,
    retryDelayMs: options.retryDelayMs,
    ...(asksForStamps(job) ? { stampOf: stampsOf(claim, repository, over) } : {}),
    ...(threads && handlers.some(({ thread }) => thread)
      ? {
          inThreads: {
            threads,
            always: handlers.some(({ thread }) => thread === true),
            outside,
            silence: () => repositorySilence(tools),
          },
        }
      : {}),
  };
}
