import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { nameOf } from "../../../core/asset/asset.js";
import { AssetmillError } from "../../../core/errors.js";
import { parentPath } from "../../../core/asset/path.js";
import { refuseTooLong } from "../../../core/asset/path-length.js";
import type { AssetSink, IncomingAsset, PutEnd } from "../../../core/ports/asset-sink.js";
import { assetOf } from "./asset-mapper.js";
import { type AssetNodes, binaryPath, hindranceOf, isAssetNode, readAssets } from "./asset-nodes.js";
import type { Change, JcrDialect } from "./dialects/dialect.js";
import { IncomingContent } from "./sink/incoming-content.js";
import { assetError, isConflict, JcrFault, refusalOf } from "./errors.js";
import { ancestorsOf, isNewName, isReadablePath } from "./dialects/jcr-names.js";
import { textOf } from "./dialects/jcr-node.js";
import { newNode, type NewAsset, type NodeTypes, nodeTypesOf, replacement } from "./sink/new-asset.js";

const CONFLICT_TRIES = 5;

interface Job extends NewAsset {
  readonly position: number;
}

type End = PutEnd | AssetmillError;

/** Puts assets into a JCR repository: as dam:Asset, or as nt:file in nt:folder if the server lacks that type. Registers no types. */
export class JcrSink implements AssetSink {
  readonly #speak: (signal?: AbortSignal) => Promise<JcrDialect>;
  readonly #folders = new LRUCache<string, true>({ max: 10_000, ttl: 30_000 });
  #types: Promise<NodeTypes> | undefined;

  constructor(speak: (signal?: AbortSignal) => Promise<JcrDialect>) {
    this.#speak = speak;
  }

  async note(): Promise<string | undefined> {
    const { dam } = await this.#typesOf(await this.#speak());
    return dam ? undefined : "The server has no node type dam:Asset: assets are stored as nt:file in nt:folder";
  }

  async put(incoming: readonly IncomingAsset[], signal?: AbortSignal): Promise<readonly End[]> {
    signal?.throwIfAborted();
    const ends = new Map<number, End>();
    const jobs = incoming.map((one, position) => ({
      position,
      incoming: one,
      content: new IncomingContent(one, signal),
    }));
    const ready: Job[] = [];
    for (const job of jobs) {
      const error = await this.#prepare(job);
      signal?.throwIfAborted();
      if (error) ends.set(job.position, error);
      else ready.push(job);
    }
    // Small assets are saved together; streamed ones each on their own.
    const held = ready.filter(({ content }) => content.isHeld);
    if (held.length > 0) await this.#putAll(held, ends, signal);
    for (const job of ready.filter(({ content }) => !content.isHeld)) await this.#putAll([job], ends, signal);
    return incoming.map(
      ({ asset }, i) =>
        ends.get(i) ?? writeFailed(asset.path, "the server did not report what became of it; import it again"),
    );
  }

  /** Reads small content into memory. Returns an error that is about this asset alone. */
  async #prepare({ incoming, content }: Job): Promise<AssetmillError | undefined> {
    const { path } = incoming.asset;
    if (!isReadablePath(path) || path === "/" || !isNewName(nameOf(path))) {
      return writeFailed(path, "not a valid JCR name; rename it without / : [ ] | * and without blanks at the ends");
    }
    try {
      refuseTooLong(path);
      await content.hold();
      return undefined;
    } catch (error) {
      return assetError(error, path);
    }
  }

  /** Writes all in one save; if that fails, splits into halves, down to the asset at fault. */
  async #putAll(jobs: readonly Job[], ends: Map<number, End>, signal: AbortSignal | undefined): Promise<void> {
    const dialect = await this.#speak(signal);
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        const open = await this.#changes(jobs, ends, dialect, signal);
        await dialect.write(
          open.flatMap(({ changes }) => changes),
          signal,
        );
        for (const { job, end } of open) ends.set(job.position, { end, contentHash: job.content.contentHash });
        return;
      } catch (error) {
        const [only] = jobs.length === 1 ? jobs : [];
        if (!(error instanceof JcrFault)) {
          signal?.throwIfAborted();
          if (!only) throw error;
          ends.set(only.position, assetError(error, only.incoming.asset.path));
          return;
        }
        if (isConflict(error) && attempt < CONFLICT_TRIES) {
          this.#folders.clear();
          await sleep(20 * 2 ** attempt * Math.random());
          continue;
        }
        if (only) {
          ends.set(only.position, faultEnd(error, only.incoming.asset.path));
          return;
        }
        const half = Math.ceil(jobs.length / 2);
        await this.#putAll(jobs.slice(0, half), ends, signal);
        return this.#putAll(jobs.slice(half), ends, signal);
      }
    }
  }

  /** Returns the changes to make. Assets that are unchanged, or cannot be written, get their end at once. */
  async #changes(
    jobs: readonly Job[],
    ends: Map<number, End>,
    dialect: JcrDialect,
    signal: AbortSignal | undefined,
  ): Promise<readonly { job: Job; changes: readonly Change[]; end: PutEnd["end"] }[]> {
    const types = await this.#typesOf(dialect);
    const paths = jobs.map(({ incoming }) => incoming.asset.path);
    const there = await readAssets(dialect, paths, signal);
    await this.#makeFolders([...new Set(paths.map(parentPath))], types, dialect, signal);
    const open: { job: Job; changes: readonly Change[]; end: PutEnd["end"] }[] = [];
    for (const [i, job] of jobs.entries()) {
      const nodes = there[i];
      if (!nodes) {
        open.push({
          job,
          changes: [{ kind: "add", path: job.incoming.asset.path, node: newNode(job, types) }],
          end: "created",
        });
      } else if (await isSame(nodes, job, dialect, signal)) {
        ends.set(job.position, { end: "unchanged", contentHash: job.content.contentHash });
      } else if (hindranceOf(nodes)) {
        // The server would allow a locked node to be overwritten, and a checked-in one to be deleted and created anew.
        const why = hindranceOf(nodes) === "LOCKED" ? "it is locked" : "it is checked in";
        ends.set(job.position, writeFailed(nodes.path, why));
      } else {
        open.push({ job, changes: replacement(nodes, job, types), end: "replaced" });
      }
    }
    return open;
  }

  #typesOf(dialect: JcrDialect): Promise<NodeTypes> {
    return (this.#types ??= nodeTypesOf(dialect).catch((error: unknown) => {
      this.#types = undefined;
      throw error;
    }));
  }

  async #makeFolders(
    folders: readonly string[],
    { folder: primaryType }: NodeTypes,
    dialect: JcrDialect,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const wanted = new Set(folders.flatMap(ancestorsOf).filter((path) => path !== "/" && !this.#folders.has(path)));
    // From the top down: below a missing folder every folder is missing.
    const missing: string[] = [];
    for (const path of [...wanted].sort((a, b) => a.length - b.length)) {
      if (missing.includes(parentPath(path))) missing.push(path);
      else {
        const node = await dialect.list(path, () => false, signal);
        if (!node) missing.push(path);
        else if (isAssetNode(node))
          throw new JcrFault(409, "ConstraintViolationException", `${path} is an asset, not a folder`);
        else this.#folders.set(path, true);
      }
    }
    if (missing.some((path) => !isNewName(nameOf(path)))) {
      throw new JcrFault(
        409,
        "ConstraintViolationException",
        `cannot create a folder named ${missing
          .map(nameOf)
          .filter((name) => !isNewName(name))
          .join(", ")}: not a valid JCR name`,
      );
    }
    await dialect.write(
      missing.map((path) => ({ kind: "add", path, node: { primaryType } })),
      signal,
    );
    for (const path of missing) this.#folders.set(path, true);
  }
}

/** Compares size, time and content: by the hash that a DAM keeps, else by reading the stored content. */
async function isSame(
  nodes: AssetNodes,
  { incoming, content }: Job,
  dialect: JcrDialect,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const there = assetOf(nodes);
  // Sling's dates have no milliseconds.
  const unit = dialect.name === "sling" ? 1_000 : 1;
  const time = (ms: number): number => Math.floor(ms / unit);
  if (there.sizeBytes !== (content.isHeld ? content.sizeBytes : incoming.asset.sizeBytes)) return false;
  if (time(there.modifiedMs) !== time(incoming.asset.modifiedMs)) return false;
  await content.hash();
  const known = textOf(nodes.content?.children.get("metadata"), "dam:sha1");
  if (known !== undefined) return known === content.sha1;
  const pieces = await dialect.content(binaryPath(nodes.path, nodes.kind), signal);
  if (!pieces) return false;
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return `sha256:${hash.digest("hex")}` === content.contentHash;
}

const writeFailed = (path: string, message: string): AssetmillError =>
  new AssetmillError("WRITE_FAILED", message, { ids: { path } });

function faultEnd(fault: JcrFault, path: string): AssetmillError {
  const code = refusalOf(fault) === "ACCESS_DENIED" ? "ACCESS_DENIED" : "WRITE_FAILED";
  return new AssetmillError(code, fault.message, { ids: { path }, cause: fault });
}
