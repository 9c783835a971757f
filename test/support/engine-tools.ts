import { createHash } from "node:crypto";
import { AssetLanes } from "../../src/core/engine/chunk/asset-lanes.js";
import { ENGINE_DEFAULTS, type EngineOptions } from "../../src/core/engine/options.js";
import { latencyOn } from "../../src/core/engine/health/stopwatch.js";
import type { EngineTools } from "../../src/core/engine/tools.js";
import type { LogEntry } from "../../src/core/job/log-entry.js";
import type { AssetRepository } from "../../src/core/ports/asset-repository.js";
import type { ChunkStore } from "../../src/core/ports/chunk-store.js";
import type { JobReports } from "../../src/core/ports/job-reports.js";
import type { JobStore } from "../../src/core/ports/job-store.js";
import { SkipRules } from "../../src/core/asset/skip-rules.js";
import { ManualClock } from "./manual-clock.js";

const notAsked = (name: string) => (): never => {
  throw new Error(`${name} was not to be called`);
};

export const noJobs: JobStore = {
  create: notAsked("create"),
  byKey: notAsked("byKey"),
  get: notAsked("get"),
  list: notAsked("list"),
  stopping: notAsked("stopping"),
  now: notAsked("now"),
  unattended: notAsked("unattended"),
  update: notAsked("update"),
};

export const noReports: JobReports = {
  outcomes: notAsked("outcomes"),
  assets: notAsked("assets"),
  outcomesAt: notAsked("outcomesAt"),
};

export const noChunks: ChunkStore = {
  claim: notAsked("claim"),
  addPage: notAsked("addPage"),
  commit: notAsked("commit"),
  announce: notAsked("announce"),
  waiting: notAsked("waiting"),
  renew: notAsked("renew"),
  release: notAsked("release"),
  reap: notAsked("reap"),
};

/** A repository whose every asset holds its own path as text, and whose results join the store's transaction. */
export const repositoryOf = (over: Partial<AssetRepository> = {}): AssetRepository => ({
  identity: "folder:/r",
  scan: notAsked("scan"),
  stat: async (paths) => paths.map(() => undefined),
  read: async function* (path) {
    yield Buffer.from(path);
  },
  apply: notAsked("apply"),
  results: async (paths) => paths.map(() => undefined),
  enlist: async () => {},
  close: async () => {},
  ...over,
});

/** A chunk at work on all its open assets. */
export function startLanes(...parameters: ConstructorParameters<typeof AssetLanes>): AssetLanes {
  const lanes = new AssetLanes(...parameters);
  lanes.start(lanes.claim.open.length);
  return lanes;
}

export interface ToolsUnderTest extends EngineTools {
  readonly clock: ManualClock;
  /** What the handlers logged, and what the journal was told. */
  readonly logged: LogEntry[];
  readonly journalled: unknown[];
}

export function engineTools(
  over: Partial<Omit<EngineTools, "options" | "clock">> & {
    options?: Partial<EngineOptions>;
    clock?: ManualClock;
  } = {},
): ToolsUnderTest {
  const logged: LogEntry[] = [];
  const journalled: unknown[] = [];
  const clock = over.clock ?? new ManualClock();
  return {
    jobs: noJobs,
    chunks: noChunks,
    reports: noReports,
    repository: repositoryOf(),
    handlers: [],
    skipRules: new SkipRules(),
    owner: { self: "me", isKnownDead: () => false },
    createDigest: () => {
      const hash = createHash("sha256");
      return { update: (bytes) => void hash.update(bytes), finish: () => `sha256:${hash.digest("hex")}` };
    },
    // With it a jittered pause is exactly its upper bound.
    random: () => 1,
    openHandlerLogger: (_job, sink) => ({
      debug: (message) => void logged.push({ level: "DEBUG", message }),
      info: (message) => sink({ level: "INFO", message }),
      warn: (message) => sink({ level: "WARN", message }),
      error: (message) => sink({ level: "ERROR", message }),
    }),
    journal: {
      unavailable: (error) => void journalled.push(error),
      failed: (_jobId, error) => void journalled.push(error),
    },
    latency: latencyOn(clock),
    ...over,
    clock,
    options: { ...ENGINE_DEFAULTS, ...over.options },
    logged,
    journalled,
  };
}
