import { startOak } from "./oak.js";
import { startSling } from "./sling.js";

/** `node build/test/jcr/servers/run.js oak|oak-segment|sling`: a server to play with, until Ctrl-C. */
const kind = process.argv[2] ?? "oak";
const server = kind === "sling" ? await startSling() : await startOak(kind === "oak-segment" ? "segment" : "memory");
process.stdout.write(`pid=${server.pid} url=${server.origin}\n`);
setInterval(() => {}, 1_000_000);
