import { ContainerModule } from "inversify";
import { ASSET_HANDLER } from "../../core/ports/asset-handler-token.js";
import { ditaHandler } from "./handler.js";

/** Brings the DITA handler into a host's container. */
export const ditaModule = new ContainerModule(({ bind }) => {
  bind(ASSET_HANDLER).toConstantValue(ditaHandler);
});

export { ditaHandler };
