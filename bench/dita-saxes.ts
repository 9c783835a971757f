import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { SaxesParser } from "saxes";

/** Reads and parses files with saxes and nothing else; returns their number. Throws on the first error. */
function parseAll(files: readonly string[]): number {
  let parsed = 0;
  for (const file of files) {
    const parser = new SaxesParser({ position: false });
    parser.write(readFileSync(file, "utf8")).close();
    parsed++;
  }
  return parsed;
}

/** Parses the files in this thread, or, if there are to be several, in as many worker threads. Returns their number. */
export async function parseWithSaxes(files: readonly string[], threads: number): Promise<number> {
  if (threads === 1) return parseAll(files);
  const parsed = Array.from({ length: threads }, (_, i) => {
    const share = files.filter((_file, at) => at % threads === i);
    return new Promise<number>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: share });
      worker.once("message", resolve).once("error", reject);
    });
  });
  return (await Promise.all(parsed)).reduce((sum, one) => sum + one, 0);
}

if (!isMainThread) parentPort?.postMessage(parseAll(workerData as readonly string[]));
