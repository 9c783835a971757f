import type { Asset } from "../../../core/asset/asset.js";
import { refuseTooLong } from "../../../core/asset/path-length.js";
import type { AssetmillError } from "../../../core/errors.js";
import type { AssetSink, IncomingAsset, PutEnd } from "../../../core/ports/asset-sink.js";
import type { Row, SqlDatabase, SqlTransaction } from "../../sql/index.js";
import { pathKey } from "../../sql/path-key.js";
import type { ContentStore, StagedContent } from "./contents/content-store.js";
import { assetError } from "./errors.js";
import { ASSET } from "./tables.js";

/** Assets per transaction. */
const TOGETHER = 50;

interface Staged {
  readonly index: number;
  readonly asset: Asset;
  readonly key: Buffer;
  readonly content: StagedContent;
}

/** Puts assets into the database: first their contents, then, in one transaction, the rows that make them visible. */
export class DatabaseSink implements AssetSink {
  readonly #database: SqlDatabase;
  readonly #contents: ContentStore;

  constructor(database: SqlDatabase, contents: ContentStore) {
    this.#database = database;
    this.#contents = contents;
  }

  async put(incoming: readonly IncomingAsset[], signal?: AbortSignal): Promise<readonly (PutEnd | AssetmillError)[]> {
    const ends: (PutEnd | AssetmillError)[] = [];
    for (let i = 0; i < incoming.length; i += TOGETHER) {
      const staged: Staged[] = [];
      for (const [n, one] of incoming.slice(i, i + TOGETHER).entries()) {
        signal?.throwIfAborted();
        try {
          refuseTooLong(one.asset.path);
          const key = pathKey(one.asset.path);
          const content = await this.#contents.stage(key, one.content(signal));
          staged.push({ index: i + n, asset: one.asset, key, content });
        } catch (error) {
          signal?.throwIfAborted();
          ends[i + n] = assetError(error, one.asset.path);
        }
      }
      await this.#show(staged, ends);
    }
    return ends;
  }

  async #show(staged: readonly Staged[], ends: (PutEnd | AssetmillError)[]): Promise<void> {
    if (staged.length === 0) return;
    // The last asset of a path wins, as if they had come one after the other.
    const last = new Map(staged.map((one) => [one.asset.path, one]));
    const kept = await this.#database.write(async (tx) => {
      // Of two concurrent imports of one tree only one may see an asset as new.
      await tx.lock("assets");
      const before = await this.#before(tx, [...last.keys()]);
      const rows: object[] = [];
      const abandoned: string[] = [];
      const used: Staged[] = [];
      for (const one of [...last.values()].sort((a, b) => Buffer.compare(a.key, b.key))) {
        const old = before.get(one.asset.path);
        const sameContent = old?.content_hash === one.content.contentHash;
        if (old && sameContent && isSame(old, one.asset)) continue;
        if (!sameContent) used.push(one);
        if (old && !sameContent && old.content_id !== null) abandoned.push(String(old.content_id));
        rows.push(rowOf(one, sameContent ? String(old?.content_id) : one.content.id));
      }
      await this.#contents.adopt(
        tx,
        used.map(({ content }) => content),
      );
      await upsert(tx, rows);
      await this.#contents.abandon(tx, abandoned);
      for (const { index, asset, content } of staged) {
        const old = before.get(asset.path);
        const unchanged = old?.content_hash === content.contentHash && isSame(old, asset);
        const end = !old ? "created" : unchanged ? "unchanged" : "replaced";
        ends[index] = { end, contentHash: content.contentHash };
      }
      return used;
    });
    for (const one of staged) if (!kept.includes(one)) await one.content.drop();
  }

  async #before(tx: SqlTransaction, paths: readonly string[]): Promise<ReadonlyMap<string, Row>> {
    const { rows: rowsFrom, keys, forUpdate } = tx.dialect;
    // In order, as they are locked.
    const asked = paths
      .map((path) => ({ key: pathKey(path).toString("hex") }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const rows = await tx.query(
      `select a.* from ${rowsFrom({ key: "bytes" })} as w ${keys.joinOne(ASSET, "a", keys.same("a.key", "w.key"), forUpdate)}`,
      [JSON.stringify(asked)],
    );
    return new Map(rows.map((row) => [String(row.path), row]));
  }
}

/** Compares type, times and flags with those of the source. Sizes follow from the content. */
const isSame = (old: Row, asset: Asset): boolean =>
  old.file_type === asset.fileType &&
  Number(old.created_ms) === asset.createdMs &&
  Number(old.modified_ms) === asset.modifiedMs &&
  (Number(old.content_fragment) === 1) === (asset.contentFragment === true);

const rowOf = ({ asset, key, content }: Staged, contentId: string): object => ({
  k: key.toString("hex"),
  p: asset.path,
  t: asset.fileType,
  s: content.sizeBytes,
  c: asset.createdMs,
  m: asset.modifiedMs,
  h: content.contentHash,
  f: asset.contentFragment ? 1 : 0,
  i: contentId,
});

const COLUMNS = {
  k: "bytes",
  p: "text",
  t: "text",
  s: "integer",
  c: "integer",
  m: "integer",
  h: "text",
  f: "integer",
  i: "text",
} as const;

async function upsert(tx: SqlTransaction, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into ${ASSET} (key, path, file_type, size_bytes, created_ms, modified_ms, content_hash, content_fragment, content_id)
     select k, p, t, s, c, m, h, f, i from ${tx.dialect.rows(COLUMNS)} as w where true
     on conflict (${tx.dialect.keys.identity("key")}) do update set file_type = excluded.file_type, size_bytes = excluded.size_bytes,
       created_ms = excluded.created_ms, modified_ms = excluded.modified_ms, content_hash = excluded.content_hash,
       content_fragment = excluded.content_fragment, content_id = excluded.content_id`,
    [JSON.stringify(rows)],
  );
}
