import { ContainerModule } from "inversify";
import { ASSET_HANDLER } from "../../core/ports/asset-handler-token.js";
import type { AssetRepository } from "../../core/ports/asset-repository.js";
import { migrationHandler, type MigrationTarget } from "./handler.js";

/** Binds the handler of job type JCR_TO_DB_MIGRATION in a host's container. */
export const migrationModule = (source: Pick<AssetRepository, "results">, target: MigrationTarget): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(ASSET_HANDLER).toConstantValue(migrationHandler(source, target));
  });

export type { MigrationTarget } from "./handler.js";
