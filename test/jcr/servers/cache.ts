import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { repositoryRoot } from "../../support/architecture.js";

/** Where what was downloaded and compiled is kept, outside of the repository: JCR_CACHE, or the user's cache folder. */
export const cacheFolder = (): string =>
  process.env.JCR_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assetmill-jcr");

/** A file of this folder, in the sources: it is not copied into the build. */
export const serverSource = (name: string): string => join(repositoryRoot(), "test", "jcr", "servers", name);

const DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1";

export const maven = (goal: string, ...args: string[]): Promise<unknown> =>
  execa("mvn", ["-B", "-q", `${DEPENDENCY}:${goal}`, ...args], { stdin: "ignore", timeout: 600_000 });

/** A short name for these contents. */
export async function digestOf(...files: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 12);
}

/** Makes `name` in the cache unless it is there: whole or not at all, however many try at once. */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (await stat(folder).catch(() => undefined)) return folder;
  const fresh = `${folder}.${process.pid}.tmp`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await make(fresh);
    await rename(fresh, folder).catch(async (error: unknown) => {
      // Somebody else was faster: theirs is as good.
      if (!(await stat(folder).catch(() => undefined))) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
