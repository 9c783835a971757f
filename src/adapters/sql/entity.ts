import { EntitySchema } from "typeorm";
import type { SqlText } from "./sql-text.js";

/** A class whose objects are rows of one table, and how. The table's name and place are the database's matter. */
export interface EntityDefinition<T extends object = object> {
  readonly target: new () => T;
  /** Without the prefix. */
  readonly table: string;
  readonly columns: EntitySchema<T>["options"]["columns"];
}

/** Never synchronised: migrations alone make our tables, whatever a host's DataSource does with its own. */
export const entitySchema = (entity: EntityDefinition, text: SqlText): EntitySchema =>
  new EntitySchema({
    target: entity.target,
    name: entity.target.name,
    tableName: `${text.prefix}${entity.table}`,
    ...(text.schema === undefined ? {} : { schema: text.schema }),
    columns: entity.columns,
    synchronize: false,
  });
