import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import { isUnavailable, messageOf } from "../../../core/errors.js";
import { childPath, parentPath } from "../../../core/asset/path.js";
import { untilAborted } from "./client/until-aborted.js";
import type { AssetResult, AssetWrite, RefusalCode, RefusedWrite } from "../../../core/asset/asset-result.js";
import { assetOf } from "./asset-mapper.js";
import { hindranceOf, readAssets } from "./asset-nodes.js";
import type { Change, JcrDialect } from "./dialects/dialect.js";
import { DeniedWrites } from "./results/denied-writes.js";
import { isConflict, isUnknown, JcrFault, refusalOf } from "./errors.js";
import type { JcrNode } from "./dialects/jcr-node.js";
import { changesOf, propertiesOf, resultOf } from "./results/result-codec.js";
import { STATUS_TYPE, StatusBuckets } from "./results/status-buckets.js";

/** Assets read together just before they are written. */
const MAX_READ = 500;
/** Assets and changes per save, which costs about as much as a dozen single saves. */
const MAX_ASSETS = 250;
const MAX_CHANGES = 1_000;
const WRITERS = 3;
/** Tries of a batch that conflicts with another writer. */
const CONFLICT_TRIES = 5;
/** How long a check for locks stays valid. */
const LOCKS_TRUSTED_MS = 5_000;

interface Planned {
  readonly write: AssetWrite;
  readonly changes: readonly Change[];
}

interface Plan {
  readonly planned: readonly Planned[];
  readonly refused: readonly RefusedWrite[];
}

interface ResultStoreTools {
  readonly dialect: JcrDialect;
  /** Node below which results about plain files are stored. */
  readonly status: string;
  readonly nowMs: () => number;
}

/**
 * Stores results on nodes: a dam:Asset's on its `jcr:content`; those of a plain file, which takes no properties, on a node of
 * our own below the status path, named by the hash of the file's path. Writing the same results again changes nothing.
 */
export class JcrResults {
  readonly #tools: ResultStoreTools;
  readonly #writers = pLimit(WRITERS);
  readonly #denied = new DeniedWrites();
  readonly #locks = new LRUCache<string, boolean>({ max: 10_000, ttl: LOCKS_TRUSTED_MS });
  readonly #buckets: StatusBuckets;

  constructor(tools: ResultStoreTools) {
    this.#tools = tools;
    this.#buckets = new StatusBuckets(tools.dialect, tools.status);
  }

  /** Returns the writes that were refused. Throws UNAVAILABLE; ACCESS_DENIED if all of a job's first writes were denied. */
  async apply(writes: readonly AssetWrite[], signal?: AbortSignal): Promise<readonly RefusedWrite[]> {
    const refused: RefusedWrite[] = [];
    for (const round of roundsOf(writes)) {
      for (let i = 0; i < round.length; i += MAX_READ) {
        const plan = await this.#plan(round.slice(i, i + MAX_READ), signal);
        const batches = batchesOf(plan.planned);
        const saving = Promise.all(batches.map((batch) => this.#writers(() => this.#save(batch, signal))));
        // These writes may be queued behind those of other jobs, which may hang.
        const ends = await untilAborted(saving, signal);
        refused.push(...plan.refused, ...ends.flat());
      }
    }
    return refused;
  }

  /** Makes what results about a plain file need. Throws UNAVAILABLE; ACCESS_DENIED or WRITE_FAILED if they cannot be stored. */
  prepare(path: string): Promise<void> {
    return this.#buckets.ensure([parentPath(this.#statusOf(path))]);
  }

  async results(paths: readonly string[], signal?: AbortSignal): Promise<readonly (AssetResult | undefined)[]> {
    const places = paths.flatMap((path) => [`${path}/jcr:content`, this.#statusOf(path)]);
    const nodes = await this.#tools.dialect.read(places, 0, signal);
    return paths.map((path, i) => resultOf(path, nodes[2 * i]) ?? resultOf(path, nodes[2 * i + 1]));
  }

  /**
   * Writes a batch in one save. If that fails, reads the assets again and retries where that may help; else splits the batch
   * into halves, down to the asset at fault.
   */
  async #save(batch: readonly Planned[], signal: AbortSignal | undefined): Promise<readonly RefusedWrite[]> {
    const refused: RefusedWrite[] = [];
    let planned = batch;
    for (let attempt = 1; planned.length > 0; attempt++) {
      const fault = await this.#faultOf(planned, attempt, signal);
      if (!fault) {
        for (const { write } of planned) this.#denied.wrote(write.jobId);
        return refused;
      }
      const [only] = planned.length === 1 ? planned : [];
      if (attempt >= triesOf(fault)) {
        if (only) {
          const refusal = refusedBy(fault, only.write.path);
          if (refusal.code === "ACCESS_DENIED") this.#denied.denied(only.write.jobId, refusal.message);
          return [...refused, refusal];
        }
        const half = Math.ceil(planned.length / 2);
        for (const part of [planned.slice(0, half), planned.slice(half)])
          refused.push(...(await this.#save(part, signal)));
        return refused;
      }
      await sleep(20 * 2 ** attempt * Math.random());
      const again = await this.#plan(
        planned.map(({ write }) => write),
        signal,
      );
      refused.push(...again.refused);
      planned = again.planned;
    }
    return refused;
  }

  /** Returns undefined if all was written. A lost response may hide a success: the first time it counts as a fault and is retried. */
  async #faultOf(
    planned: readonly Planned[],
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<JcrFault | undefined> {
    signal?.throwIfAborted();
    const changes = planned.flatMap((one) => one.changes);
    try {
      await this.#tools.dialect.write(changes, signal);
      return undefined;
    } catch (error) {
      if (error instanceof JcrFault) return error;
      if (isUnavailable(error) && attempt === 1) return new JcrFault(500, undefined, messageOf(error));
      throw error;
    }
  }

  async #plan(writes: readonly AssetWrite[], signal: AbortSignal | undefined): Promise<Plan> {
    const { dialect, nowMs } = this.#tools;
    const paths = writes.map(({ path }) => path);
    const [assets, locked] = await Promise.all([
      readAssets(dialect, paths, signal),
      this.#lockedFolders(paths, signal),
    ]);
    const files = paths.filter((_, i) => assets[i]?.kind === "file");
    const statuses = await this.#statuses(files, signal);
    const planned: Planned[] = [];
    const refused: RefusedWrite[] = [];
    writes.forEach((write, i) => {
      const nodes = assets[i];
      const { path, stamp } = write;
      const refuse = (code: RefusalCode, message: string): void => void refused.push({ path, code, message });
      if (!nodes) return refuse("GONE", "the asset is gone, or this user may no longer read it");
      const { sizeBytes, modifiedMs } = assetOf(nodes);
      if (sizeBytes !== stamp.sizeBytes || modifiedMs !== stamp.modifiedMs) {
        return refuse("CHANGED", "the asset was changed while it was processed");
      }
      const hindrance = locked.has(parentPath(path)) ? "LOCKED" : hindranceOf(nodes);
      if (hindrance)
        return refuse(
          hindrance,
          hindrance === "LOCKED" ? "the asset is locked" : "the asset is checked in; check it out first",
        );
      const changes =
        nodes.kind === "asset"
          ? changesOf(write, `${path}/jcr:content`, nodes.content, nowMs())
          : this.#statusChanges(write, statuses.get(path), nowMs());
      planned.push({ write, changes });
    });
    return { planned, refused };
  }

  async #lockedFolders(paths: readonly string[], signal: AbortSignal | undefined): Promise<ReadonlySet<string>> {
    const folders = [...new Set(paths.map(parentPath))];
    const asked = folders.filter((folder) => this.#locks.get(folder) === undefined);
    const locked = await this.#tools.dialect.lockedBelow(asked, signal);
    asked.forEach((folder, i) => this.#locks.set(folder, locked[i] === true));
    return new Set(folders.filter((folder) => this.#locks.get(folder)));
  }

  #statusChanges(write: AssetWrite, before: JcrNode | undefined, atMs: number): readonly Change[] {
    const node = this.#statusOf(write.path);
    if (before) return changesOf(write, node, before, atMs);
    const properties = Object.entries(propertiesOf(write, atMs)).filter(([, value]) => value !== undefined);
    const all = Object.fromEntries([["path", write.path], ...properties]) as Record<string, string>;
    return [{ kind: "add", path: node, node: { primaryType: STATUS_TYPE, properties: all } }];
  }

  /** Reads the status nodes of plain files, by path, and creates the buckets of missing ones. */
  async #statuses(
    paths: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, JcrNode | undefined>> {
    if (paths.length === 0) return new Map();
    const nodes = await this.#tools.dialect.read(
      paths.map((path) => this.#statusOf(path)),
      0,
      signal,
    );
    const missing = paths.filter((_, i) => nodes[i] === undefined).map((path) => parentPath(this.#statusOf(path)));
    await untilAborted(this.#buckets.ensure([...new Set(missing)]), signal);
    return new Map(paths.map((path, i) => [path, nodes[i]]));
  }

  #statusOf(path: string): string {
    const hash = createHash("sha256").update(path).digest("hex");
    return childPath(childPath(this.#tools.status, hash.slice(0, 3)), hash.slice(0, 40));
  }
}

/** Splits writes into rounds, so that an asset that comes twice is merged in order. */
function roundsOf(writes: readonly AssetWrite[]): readonly (readonly AssetWrite[])[] {
  const rounds: AssetWrite[][] = [];
  const seen = new Map<string, number>();
  for (const write of writes) {
    const round = seen.get(write.path) ?? 0;
    seen.set(write.path, round + 1);
    (rounds[round] ??= []).push(write);
  }
  return rounds;
}

function batchesOf(planned: readonly Planned[]): readonly (readonly Planned[])[] {
  const batches: Planned[][] = [];
  let room = 0;
  for (const one of planned) {
    const last = batches.at(-1);
    if (last && last.length < MAX_ASSETS && one.changes.length <= room) last.push(one);
    else {
      batches.push([one]);
      room = MAX_CHANGES;
    }
    room -= one.changes.length;
  }
  return batches;
}

/** Exceptions that do not tell the cause: a second look may find that the asset is gone. */
const OPAQUE: ReadonlySet<string> = new Set(["RepositoryException", "PersistenceException"]);

/** Returns how often to try a write that met this fault before an asset is blamed. */
function triesOf(fault: JcrFault): number {
  if (isConflict(fault)) return CONFLICT_TRIES;
  return isUnknown(fault) || OPAQUE.has(fault.kind ?? "") ? 2 : 1;
}

const refusedBy = (fault: JcrFault, path: string): RefusedWrite => ({
  path,
  code: refusalOf(fault),
  message: fault.message,
});
