import { createHash } from "node:crypto";
import { type Asset, nameOf, type Unreadable } from "../core/asset/asset.js";
import { unreadableAt } from "../core/asset/unreadable.js";
import { AssetmillError, isUnavailable, messageOf } from "../core/errors.js";
import { fileTypeOfName, fileTypeOfXmlHead } from "../core/asset/file-type.js";
import { decodeHead } from "../core/asset/decode-text.js";
import { comparePaths, isWithin } from "../core/asset/path.js";
import { refuseTooLong } from "../core/asset/path-length.js";
import type { AssetResult, AssetWrite, RefusedWrite } from "../core/asset/asset-result.js";
import type {
  AssetRepository,
  EnlistedWriter,
  ForgetOptions,
  ForgottenPage,
  RepositoryNode,
  ScanOptions,
  ScanPage,
} from "../core/ports/asset-repository.js";
import type { AssetSink, IncomingAsset, PutEnd } from "../core/ports/asset-sink.js";
import { admits, covers, type Scope } from "../core/asset/scope.js";
import { memoryTransaction } from "./memory-database.js";

const PIECE_BYTES = 64 * 1024;
const HEAD_BYTES = 4_096;

const CLOSED: Unreadable = { code: "ACCESS_DENIED", message: "the folder is closed" };

interface StoredAsset {
  readonly content: Uint8Array;
  readonly createdMs: number;
  /** The time that it was put with; for an asset that was `set`, the number of times it was set. */
  readonly modifiedMs: number;
  /** How often it was changed before: unlike its other times, nobody can set it. */
  readonly changedMs: number;
}

/** A repository in memory, as a specification and for tests. Takes contents by path. Results are lost with it. */
export class MemoryAssetRepository implements AssetRepository {
  readonly identity: string;
  readonly enlist?: EnlistedWriter;
  readonly sink: AssetSink = { put: (incoming, signal) => this.#put(incoming, signal) };
  readonly #assets: Map<string, StoredAsset>;
  /** How often each asset was set or removed. */
  readonly #changes = new Map<string, number>();
  readonly #results = new Map<string, AssetResult>();
  readonly #closed = new Set<string>();
  /** Every path that `read` was called with, in order. */
  readonly reads: string[] = [];

  /** `enlist`: results join transactions of a MemoryDatabase. */
  constructor(
    contents: Readonly<Record<string, string>> = {},
    identity = "memory:test",
    { enlist = false }: { enlist?: boolean } = {},
  ) {
    this.identity = identity;
    if (enlist)
      this.enlist = async (tx, writes) => memoryTransaction(tx).onCommit(async () => void (await this.apply(writes)));
    const encoder = new TextEncoder();
    this.#assets = new Map(
      Object.entries(contents).map(([path, text]) => [
        path,
        { content: encoder.encode(text), createdMs: 0, modifiedMs: 0, changedMs: 0 },
      ]),
    );
  }

  async *scan(scope: Scope, { after, pageSize, signal }: ScanOptions): AsyncIterable<ScanPage> {
    for (const root of scope.roots) this.#checkOpen(root);
    const closed = [...this.#closed];
    const open = [...this.#assets.keys()].filter((path) => !closed.some((folder) => isWithin(path, folder)));
    const paths = [...open, ...closed]
      .filter((path) => covers(scope, path) && (after === undefined || comparePaths(path, after) > 0))
      .sort(comparePaths);
    const assets = paths
      .flatMap((path) => (this.#closed.has(path) ? unreadableAt(path, CLOSED) : (this.#asset(path) ?? [])))
      .filter((asset) => admits(scope.filter, asset));
    for (let i = 0; i < assets.length && !signal?.aborted; i += pageSize) {
      const page = assets.slice(i, i + pageSize);
      yield { assets: page, upTo: page.at(-1)?.path ?? "" };
    }
  }

  async stat(paths: readonly string[]): Promise<readonly (RepositoryNode | undefined)[]> {
    return paths.map((path) => {
      const asset = this.#asset(path);
      if (asset) return { kind: "asset", asset };
      const isFolder = path === "/" || [...this.#assets.keys()].some((known) => isWithin(known, path));
      return isFolder ? { kind: "folder", path } : undefined;
    });
  }

  async names(folder: string, most: number): Promise<readonly string[] | undefined> {
    const prefix = folder === "/" ? "/" : `${folder}/`;
    const below = [...this.#assets.keys()].filter((path) => path.startsWith(prefix));
    if (below.length === 0) return undefined;
    return [...new Set(below.map((path) => path.slice(prefix.length).split("/", 1)[0] ?? ""))].slice(0, most);
  }

  async *read(path: string): AsyncIterable<Uint8Array> {
    this.reads.push(path);
    const content = this.#assets.get(path)?.content;
    if (!content) throw new AssetmillError("GONE", "no such asset", { ids: { path } });
    for (let i = 0; i < content.length; i += PIECE_BYTES) yield content.subarray(i, i + PIECE_BYTES);
  }

  async apply(writes: readonly AssetWrite[]): Promise<readonly RefusedWrite[]> {
    const refused: RefusedWrite[] = [];
    for (const write of writes) {
      if (!this.#assets.has(write.path)) {
        refused.push({ path: write.path, code: "GONE", message: "no such asset" });
        continue;
      }
      const old = this.#results.get(write.path);
      const kept = (old?.references ?? []).filter(({ handler }) => !Object.hasOwn(write.references, handler));
      const found = Object.entries(write.references).flatMap(([handler, list]) =>
        list.map((reference) => ({ ...reference, handler })),
      );
      this.#results.set(write.path, {
        path: write.path,
        properties: { ...old?.properties, ...write.properties },
        references: [...kept, ...found],
        stamp: write.stamp,
        jobId: write.jobId,
        at: Date.now(),
      });
    }
    return refused;
  }

  async results(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    return paths.map((path) => this.#results.get(path));
  }

  async forgetGone(scope: Scope, { after, limit, exceptJob }: ForgetOptions): Promise<ForgottenPage> {
    const paths = [...this.#results.keys()]
      .filter((path) => covers(scope, path) && (after === undefined || comparePaths(path, after) > 0))
      .sort(comparePaths)
      .slice(0, limit);
    const gone = paths.filter((path) => !this.#assets.has(path) && this.#results.get(path)?.jobId !== exceptJob);
    for (const path of gone) this.#results.delete(path);
    const last = paths.at(-1);
    return { removed: gone.length, ...(last !== undefined && paths.length === limit ? { next: last } : {}) };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  /** Sets an asset's content, which changes its modification time, or removes it if `content` is undefined. */
  set(path: string, content: string | Uint8Array | undefined, { createdMs = 0 }: { createdMs?: number } = {}): void {
    const modifiedMs = (this.#changes.get(path) ?? 0) + 1;
    this.#changes.set(path, modifiedMs);
    if (content === undefined) this.#assets.delete(path);
    else {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      this.#assets.set(path, { content: bytes, createdMs, modifiedMs, changedMs: modifiedMs });
    }
  }

  /** Makes a folder unreadable, or readable again. */
  setClosed(folder: string, isClosed: boolean): void {
    if (isClosed) this.#closed.add(folder);
    else this.#closed.delete(folder);
  }

  #checkOpen(path: string): void {
    if ([...this.#closed].some((folder) => isWithin(path, folder)))
      throw new AssetmillError(CLOSED.code, CLOSED.message, { ids: { path } });
  }

  async #put(incoming: readonly IncomingAsset[], signal?: AbortSignal): Promise<readonly (PutEnd | AssetmillError)[]> {
    const ends: (PutEnd | AssetmillError)[] = [];
    for (const one of incoming) {
      signal?.throwIfAborted();
      try {
        ends.push(await this.#putOne(one, signal));
      } catch (error) {
        signal?.throwIfAborted();
        if (isUnavailable(error)) throw error;
        const ids = { path: one.asset.path };
        const failed = new AssetmillError("WRITE_FAILED", messageOf(error), { ids, cause: error });
        ends.push(AssetmillError.is(error) ? error : failed);
      }
    }
    return ends;
  }

  async #putOne(incoming: IncomingAsset, signal?: AbortSignal): Promise<PutEnd> {
    refuseTooLong(incoming.asset.path);
    const pieces: Uint8Array[] = [];
    for await (const piece of incoming.content(signal)) pieces.push(piece);
    const bytes = Uint8Array.from(Buffer.concat(pieces));
    const { path, createdMs, modifiedMs } = incoming.asset;
    const old = this.#assets.get(path);
    const isSame =
      old?.createdMs === createdMs && old.modifiedMs === modifiedMs && hashOf(old.content) === hashOf(bytes);
    if (!isSame) {
      const changedMs = (this.#changes.get(path) ?? 0) + 1;
      this.#changes.set(path, changedMs);
      this.#assets.set(path, { content: bytes, createdMs, modifiedMs, changedMs });
    }
    return { end: isSame ? "unchanged" : old ? "replaced" : "created", contentHash: hashOf(bytes) };
  }

  #asset(path: string): Asset | undefined {
    const stored = this.#assets.get(path);
    if (!stored) return undefined;
    const { content, createdMs, modifiedMs, changedMs } = stored;
    const head = (): string => decodeHead(content.subarray(0, HEAD_BYTES), path);
    const fileType = fileTypeOfName(nameOf(path)) ?? fileTypeOfXmlHead(head());
    return { path, fileType, sizeBytes: content.length, createdMs, modifiedMs, changedMs };
  }
}

const hashOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
