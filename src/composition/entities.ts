import type { EntitySchema } from "typeorm";
import { entitySchema } from "../adapters/sql/entity.js";
import { SqlText } from "../adapters/sql/sql-text.js";
import { JOB_ROW } from "../adapters/store/job-row.js";
import type { DatabaseLoan } from "../options.js";

/** What TypeORM has to know of our tables. */
export const ENTITIES = [JOB_ROW];

/** Returns the entities that a lent DataSource must have among its own, for the loan's schema and prefix. */
export const assetmillEntities = (place: Omit<DatabaseLoan, "dataSource"> = {}): EntitySchema[] =>
  ENTITIES.map((entity) => entitySchema(entity, new SqlText(place, true)));
