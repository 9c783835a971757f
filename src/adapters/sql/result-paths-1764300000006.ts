import { dropKey } from "./drop-keys.js";
import type { Migration, MigrationTools } from "./migrations.js";

/** Lets results be stored for any path: PostgreSQL's index entries cannot hold a long one. */
export class ResultPaths1764300000006 implements Migration {
  readonly name = "ResultPaths1764300000006";

  async up(tools: MigrationTools): Promise<void> {
    const { dialect, query } = tools;
    // SQLite's indexes hold paths of any length.
    if (dialect.name === "sqlite") return;
    const { pathIdentity } = dialect.keys;
    await query(
      `create unique index {index result_by_path} on {folder_result} (repository_id, ${pathIdentity("path")})`,
    );
    await dropKey(tools, "{folder_result}", "primary");
    await query(`create unique index {index repository_by_identity} on {repository} (${pathIdentity("identity")})`);
    await dropKey(tools, "{repository}", "unique");
  }
}
