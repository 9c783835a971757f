import { createHash, randomUUID } from "node:crypto";
import { AssetmillError } from "../../../../core/errors.js";
import type { SqlDatabase, SqlTransaction } from "../../../sql/index.js";
import type { ContentStore, StagedContent } from "./content-store.js";
import { isInFile } from "./file-content-store.js";
import { CONTENT, PIECE } from "../tables.js";

const PIECE_BYTES = 256 * 1024;
/** Pieces read by one query. */
const READ_TOGETHER = 4;
/** Content that was not adopted by then was left by a put that was killed. */
const STALE_MS = 24 * 3_600_000;

interface Piece {
  readonly piece: number;
  readonly bytes: Buffer;
}

interface StagedPieces extends StagedContent {
  readonly key: Buffer;
  /** Its first pieces are in the database. */
  readonly begun: boolean;
  /** The last piece: written by the transaction that adopts the content. None if the content is empty. */
  readonly rest?: Piece;
}

/**
 * Keeps contents in the database, in pieces. Small content is written by the transaction that adopts it; large content
 * before that, piece by piece, so that every transaction stays short.
 */
export class TableContentStore implements ContentStore<StagedPieces> {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async stage(key: Buffer, content: AsyncIterable<Uint8Array>): Promise<StagedPieces> {
    const id = randomUUID();
    const hash = createHash("sha256");
    let sizeBytes = 0;
    let pieces = 0;
    let waiting: Buffer | undefined;
    for await (const piece of piecesOf(content)) {
      hash.update(piece);
      sizeBytes += piece.length;
      if (waiting) {
        if (pieces === 0) await this.#begin(key, id);
        const stored = { id, piece: pieces, bytes: waiting };
        await this.#database.write((tx) => insertPieces(tx, [stored]));
        pieces++;
      }
      waiting = piece;
    }
    const begun = pieces > 0;
    return {
      contentHash: `sha256:${hash.digest("hex")}`,
      sizeBytes,
      id,
      key,
      begun,
      ...(waiting ? { rest: { piece: pieces, bytes: waiting } } : {}),
      drop: async () => {
        if (begun) await this.#database.write((tx) => this.abandon(tx, [id]));
      },
    };
  }

  async adopt(tx: SqlTransaction, staged: readonly StagedPieces[]): Promise<void> {
    const begun = staged.filter((content) => content.begun).map(({ id }) => id);
    if (begun.length > 0)
      await tx.query(`update ${CONTENT} set live = 1 where id in ${tx.dialect.list("text")}`, [JSON.stringify(begun)]);
    await insertContents(
      tx,
      staged.filter((content) => !content.begun),
      1,
    );
    await insertPieces(
      tx,
      staged.flatMap(({ id, rest }) => (rest ? [{ id, ...rest }] : [])),
    );
  }

  async *read(contentId: string, path: string, sizeBytes: number): AsyncIterable<Uint8Array> {
    if (isInFile(contentId))
      throw new AssetmillError(
        "READ_FAILED",
        "its content is kept as a file, not in the database: ?content=DIR is missing from the repository's URI",
        { ids: { path } },
      );
    let read = 0;
    for (let piece = 0; read < sizeBytes; piece += READ_TOGETHER) {
      const rows = await this.#database.read(
        `select bytes from ${PIECE} where content_id = ? and piece >= ? and piece < ? order by piece`,
        [contentId, piece, piece + READ_TOGETHER],
      );
      if (rows.length === 0)
        throw new AssetmillError("READ_FAILED", "its content was replaced while it was read", { ids: { path } });
      for (const { bytes } of rows) {
        const buffer = bytes as Uint8Array;
        read += buffer.length;
        yield buffer;
      }
    }
  }

  async abandon(tx: SqlTransaction, contentIds: readonly string[]): Promise<void> {
    if (contentIds.length === 0) return;
    const list = tx.dialect.list("text");
    await tx.query(`delete from ${PIECE} where content_id in ${list}`, [JSON.stringify(contentIds)]);
    await tx.query(`delete from ${CONTENT} where id in ${list}`, [JSON.stringify(contentIds)]);
  }

  /** Also deletes what a killed put of the same asset left behind. */
  async #begin(key: Buffer, id: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const stale = await tx.query(
        `select id from ${CONTENT} where ${tx.dialect.keys.hash("key")} = ${tx.dialect.keys.hash("?")} and live = 0 and created_ms < ?`,
        [key, tx.nowMs - STALE_MS],
      );
      await this.abandon(
        tx,
        stale.map((row) => String(row.id)),
      );
      await insertContents(tx, [{ id, key }], 0);
    });
  }
}

async function insertContents(
  tx: SqlTransaction,
  contents: readonly Pick<StagedPieces, "id" | "key">[],
  live: 0 | 1,
): Promise<void> {
  if (contents.length === 0) return;
  await tx.query(
    `insert into ${CONTENT} (id, key, created_ms, live) values ${contents.map(() => "(?, ?, ?, ?)").join(", ")}`,
    contents.flatMap(({ id, key }) => [id, key, tx.nowMs, live]),
  );
}

async function insertPieces(tx: SqlTransaction, pieces: readonly (Piece & { readonly id: string })[]): Promise<void> {
  if (pieces.length === 0) return;
  await tx.query(
    `insert into ${PIECE} (content_id, piece, bytes) values ${pieces.map(() => "(?, ?, ?)").join(", ")}`,
    pieces.flatMap(({ id, piece, bytes }) => [id, piece, bytes]),
  );
}

/** Cuts bytes into pieces of one size; the last may be smaller. */
async function* piecesOf(content: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of content) {
    for (let offset = 0; offset < bytes.length;) {
      const part = bytes.subarray(offset, offset + PIECE_BYTES - length);
      parts.push(part);
      length += part.length;
      offset += part.length;
      if (length < PIECE_BYTES) continue;
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(parts);
}
