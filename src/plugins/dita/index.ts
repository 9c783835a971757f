import { ContainerModule } from "inversify";
import { ASSET_HANDLER } from "../../core/ports/asset-handler-token.js";
import { ditaHandler } from "./handler.js";

/** Binds the DITA handler in a host's container. */
export const ditaModule = new ContainerModule(({ bind }) => {
  bind(ASSET_HANDLER).toConstantValue(ditaHandler);
});

export { ditaHandler };

/** What a worker thread loads. */
export default ditaModule;
