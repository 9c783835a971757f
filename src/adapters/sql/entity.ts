import { EntitySchema } from "typeorm";
import type { SqlText } from "./sql-text.js";

/** Maps a class to a table. The database adds the table's prefix and schema. */
export interface EntityDefinition<T extends object = object> {
  readonly target: new () => T;
  /** Table name without the prefix. */
  readonly table: string;
  readonly columns: EntitySchema<T>["options"]["columns"];
}

/** Never synchronised: only migrations create our tables, even if a host's DataSource synchronises its own. */
export const entitySchema = (entity: EntityDefinition, text: SqlText): EntitySchema =>
  new EntitySchema({
    target: entity.target,
    name: entity.target.name,
    tableName: `${text.prefix}${entity.table}`,
    ...(text.schema === undefined ? {} : { schema: text.schema }),
    columns: entity.columns,
    synchronize: false,
  });
