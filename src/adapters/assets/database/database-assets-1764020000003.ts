import type { Migration, MigrationTools } from "../../sql/index.js";
import { ASSET, CONTENT, PIECE } from "./tables.js";

/**
 * Tables for assets, by key (in path order), and for their contents in pieces; content is complete before an asset refers
 * to it.
 */
export class DatabaseAssets1764020000003 implements Migration {
  readonly name = "DatabaseAssets1764020000003";

  async up({ dialect: { ddl }, query }: MigrationTools): Promise<void> {
    await query(`create table ${ASSET} (
      key ${ddl.bytes} not null primary key,
      path text not null,
      file_type text not null,
      size_bytes ${ddl.big} not null,
      created_ms ${ddl.big} not null,
      modified_ms ${ddl.big} not null,
      content_hash text not null,
      content_fragment integer not null default 0,
      content_id text
    ) ${ddl.clustered}`);
    await query(`create index {index asset_by_type} on ${ASSET} (file_type, key, created_ms)`);
    await query(`create index {index asset_by_content} on ${ASSET} (content_id)`);
    await query(`create table ${CONTENT} (
      id text not null primary key,
      key ${ddl.bytes} not null,
      created_ms ${ddl.big} not null,
      live integer not null default 0
    )`);
    await query(`create index {index content_by_key} on ${CONTENT} (key, live)`);
    await query(`create table ${PIECE} (
      content_id text not null references ${CONTENT} (id) on delete cascade,
      piece integer not null,
      bytes ${ddl.bytes} not null,
      primary key (content_id, piece)
    )`);
  }
}
