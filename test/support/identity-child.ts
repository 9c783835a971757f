import { ProcessIdentity } from "../../src/adapters/runtime/index.js";

/** Tells who it is, and waits to be killed; ends by itself with its parent. */
process.once("disconnect", () => process.exit());
process.send?.(new ProcessIdentity().self);
