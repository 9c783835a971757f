import { dropKey, type Migration, type MigrationTools } from "../../sql/index.js";
import { ASSET, CONTENT } from "./tables.js";

/** A path may have 4,096 bytes, its key twice as many. */
const MAX_KEY_BYTES = 8_192;

/**
 * Lets assets have any path: PostgreSQL's index entries cannot hold a long key. One index has the heads of all keys in
 * order, unique by the whole key; each further one what follows a stem, of the few keys that are so long.
 */
export class AssetKeys1764300000007 implements Migration {
  readonly name = "AssetKeys1764300000007";

  async up(tools: MigrationTools): Promise<void> {
    const { dialect, query } = tools;
    const { keys } = dialect;
    // Content that is live is never looked up by its key.
    await query(`drop index {content_by_key}`);
    await query(`create index {index content_by_key} on ${CONTENT} (${keys.hash("key")}) where live = 0`);
    // SQLite's indexes hold keys of any length.
    if (dialect.name === "sqlite") return;
    await query(`create unique index {index asset_by_key} on ${ASSET} (${keys.identity("key")})`);
    await dropKey(tools, ASSET, "primary");
    await query(`drop index {asset_by_type}`);
    await query(`create index {index asset_by_type} on ${ASSET} (file_type, ${keys.head("key")}, created_ms)`);
    for (let stem = keys.headBytes; stem <= MAX_KEY_BYTES; stem += keys.headBytes) {
      const stemHash = keys.hash(`substr(key, 1, ${stem})`);
      await query(
        `create index {index asset_by_key_after_${stem}} on ${ASSET} (${stemHash}, ${keys.below(stem).head}) where length(key) >= ${stem}`,
      );
    }
  }
}
