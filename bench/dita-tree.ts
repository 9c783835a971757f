import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { existsSync } from "node:fs";

const DOCS = resolve(process.cwd(), "../shared/data/dita-ot-docs");
const SAMPLE = resolve(process.cwd(), "examples/sample");
const IS_DITA = /\.(?:dita|ditamap|ditaval)$/;

/** A tree of DITA files, and nothing else, in a folder. */
export interface DitaTree {
  readonly folder: string;
  readonly files: readonly string[];
}

/** Makes or reuses a tree of `count` files: copies of a real documentation set, each in a folder of its own. */
export async function ditaTree(count: number): Promise<DitaTree> {
  const source = existsSync(DOCS) ? DOCS : SAMPLE;
  if (source === SAMPLE) process.stderr.write(`!!! no ${DOCS}: copies of ${SAMPLE}, which say little\n`);
  const originals = await ditaIn(source);
  if (originals.length === 0) throw new Error(`no DITA files in ${source}`);
  const folder = join(tmpdir(), `assetmill-bench-dita-${source === DOCS ? "docs" : "sample"}-${count}`);
  const files = Array.from({ length: count }, (_, i) => {
    const copy = String(Math.floor(i / originals.length)).padStart(4, "0");
    return {
      from: join(source, originals[i % originals.length] ?? ""),
      to: join(copy, originals[i % originals.length] ?? ""),
    };
  });
  if (!existsSync(folder)) {
    const making = `${folder}.making`;
    await rm(making, { recursive: true, force: true });
    const made = new Set<string>();
    for (const { from, to } of files) {
      const file = join(making, to);
      if (!made.has(dirname(file))) await mkdir(dirname(file), { recursive: true });
      made.add(dirname(file));
      await copyFile(from, file);
    }
    await rename(making, folder);
  }
  return { folder, files: files.map(({ to }) => join(folder, to)) };
}

async function ditaIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && IS_DITA.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
