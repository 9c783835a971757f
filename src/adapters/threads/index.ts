export { PiscinaHandlerThreads } from "./piscina-handler-threads.js";
export { asModule, importPlugin } from "./plugin-modules.js";
