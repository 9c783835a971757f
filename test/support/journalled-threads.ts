import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PiscinaHandlerThreads } from "../../src/adapters/threads/index.js";

/** Opens threads with one handler, `h`, whose `process` has this body. Every call of it is in the journal, by path. */
export function journalledThreads(
  folder: string,
  body: string,
  options: { threads?: number; memoryMb?: number } = {},
): { readonly threads: PiscinaHandlerThreads; readonly journal: () => readonly string[] } {
  const module = join(folder, `plugin-${Math.random().toString(36).slice(2)}.mjs`);
  const journal = `${module}.journal`;
  writeFileSync(journal, "");
  writeFileSync(
    module,
    `import { appendFileSync } from "node:fs";
     export default { name: "h", version: "1", thread: true, async process(asset, context) {
       appendFileSync(${JSON.stringify(journal)}, asset.path + "\\n");
       ${body}
     } };`,
  );
  const modules = [pathToFileURL(module).href];
  return {
    threads: new PiscinaHandlerThreads({ threads: 1, memoryMb: 128, ...options, modules }),
    journal: () => readFileSync(journal, "utf8").split("\n").filter(Boolean),
  };
}
