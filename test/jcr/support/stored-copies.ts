import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../../src/composition/databases.js";
import { parseAssetsUri } from "../../../src/composition/uris.js";

/** An asset's content as bytes say it, not as anybody recorded it. */
export interface Copy {
  readonly path: string;
  readonly size: number;
  readonly hash: string;
}

const copyOf = (path: string, pieces: readonly Uint8Array[]): Copy => {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { path, size, hash: `sha256:${hash.digest("hex")}` };
};

const inOrder = (copies: readonly Copy[]): readonly Copy[] => [...copies].sort((a, b) => (a.path < b.path ? -1 : 1));

/** The files below a folder, as assets below a path. */
export function filesAs(folder: string, root: string): readonly Copy[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return inOrder(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return copyOf(`${root}${file.slice(folder.length)}`, [readFileSync(file)]);
    }),
  );
}

/** What a database's tables hold, read past our adapter; fails where a recorded hash is not that of the bytes. */
export async function storedCopies(uri: string): Promise<readonly Copy[]> {
  const parsed = parseAssetsUri(uri);
  if (parsed.kind !== "sqlite" && parsed.kind !== "postgres") throw new Error(`${uri} is no database`);
  const database = await openDatabase(parsed);
  try {
    const rows = await database.read(
      `select a.path as path, a.content_hash as said, p.bytes as bytes from {asset} a
       left join {content_piece} p on p.content_id = a.content_id order by a.key, p.piece`,
    );
    const pieces = new Map<string, { said: string; bytes: Uint8Array[] }>();
    for (const { path, said, bytes } of rows) {
      const one = pieces.get(String(path)) ?? { said: String(said), bytes: [] };
      pieces.set(String(path), one);
      if (bytes instanceof Uint8Array) one.bytes.push(bytes);
    }
    const copies = [...pieces].map(([path, { said, bytes }]) => {
      const copy = copyOf(path, bytes);
      if (copy.hash !== said) throw new Error(`${path}: recorded as ${said}, but is ${copy.hash}`);
      return copy;
    });
    return inOrder(copies);
  } finally {
    await database.close();
  }
}
