import { createRequire } from "node:module";
import type { EntitySchema } from "typeorm";
import type { SqlText } from "./sql-text.js";

/** Maps a class to a table. The database adds the table's prefix and schema. */
export interface EntityDefinition<T extends object = object> {
  readonly target: new () => T;
  /** Table name without the prefix. */
  readonly table: string;
  readonly columns: EntitySchema<T>["options"]["columns"];
}

/** TypeORM's class, loaded at the first call: importing assetmill must not load TypeORM, and this file is part of that. */
const entitySchemaClass = (): typeof EntitySchema =>
  (createRequire(import.meta.url)("typeorm/entity-schema/EntitySchema.js") as { EntitySchema: typeof EntitySchema })
    .EntitySchema;

/** Never synchronised: only migrations create our tables, even if a host's DataSource synchronises its own. */
export const entitySchema = (entity: EntityDefinition, text: SqlText): EntitySchema =>
  new (entitySchemaClass())({
    target: entity.target,
    name: entity.target.name,
    tableName: `${text.prefix}${entity.table}`,
    ...(text.schema === undefined ? {} : { schema: text.schema }),
    columns: entity.columns,
    synchronize: false,
  });
