import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { FolderAssetRepository } from "../../../../src/adapters/assets/folder/index.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { rejection } from "../../../support/deferred.js";
import { scanned } from "../../../support/folder-repository.js";
import { openStores, type StoreFixture } from "../../../support/sqlite-store.js";
import { tempFolder } from "../../../support/temp-folder.js";

/** Bytes of the longest path that Linux takes; PATH_MAX counts the NUL behind it, too. */
const LONGEST = 4_095;
const ALL = { fileTypes: [] };
const [FILE, XML, FOLDER] = ["b", "c", "d"].map((letter) => letter.repeat(200)) as [string, string, string];
const NAMES = ["a", "b.dita", `${FILE}.dita`, `${XML}.xml`, `${FOLDER}/x.dita`];

describe("a folder whose own path is short enough for the system, but not those of what is in it", function () {
  // Elsewhere the limit is another.
  before(function () {
    if (process.platform !== "linux") this.skip();
  });
  let base: string;
  let remove: () => Promise<void>;
  let stores: StoreFixture;
  const made: string[] = [];
  beforeEach(async () => {
    ({ folder: base, remove } = await tempFolder());
    stores = await openStores();
  });
  afterEach(async () => {
    // Nothing can remove a path that is longer than the system allows.
    for (const [i, folder] of made.splice(0).entries()) await rename(folder, join(base, `r${i}`));
    await stores.close();
    await remove();
  });

  /** A folder below `root` whose path has so many bytes, with files and a folder in it. */
  async function deep(root: string, bytes: number): Promise<string> {
    let folder = root;
    for (let left = bytes - root.length; left > 0; left = bytes - folder.length) {
      folder = join(folder, "e".repeat(left <= 202 ? Math.min(left - 1, 100) : 200));
    }
    const short = join(base, "short");
    for (const name of NAMES) {
      await mkdir(dirname(join(short, name)), { recursive: true });
      await writeFile(join(short, name), "<topic/>");
    }
    await mkdir(dirname(folder), { recursive: true });
    await rename(short, folder);
    expect(folder.length).to.equal(bytes);
    made.push(folder);
    return folder;
  }

  const open = (folder: string): Promise<FolderAssetRepository> =>
    FolderAssetRepository.open({ folder, mount: "/" }, stores.database);

  /** Whatever cannot be read is yielded as that, in words; the scan can be resumed from anything that it yields. */
  async function expectEach(
    repository: FolderAssetRepository,
    above: string,
    wanted: readonly string[],
  ): Promise<void> {
    const scope = scopeOf(["/"], [], ALL);
    const assets = await scanned(repository, scope);
    const paths = assets.map(({ path }) => path);
    expect(paths).to.deep.equal([...wanted].sort());
    for (const { path, unreadable } of assets) {
      const isTooLong = above.length + path.length > LONGEST;
      if (!isTooLong) expect(unreadable, path).to.equal(undefined);
      else
        expect(unreadable, path).to.deep.equal({
          code: "READ_FAILED",
          message: "the path is longer than this system allows (ENAMETOOLONG)",
        });
    }
    for (const [i, after] of paths.entries()) {
      expect((await scanned(repository, scope, { after })).map(({ path }) => path)).to.deep.equal(paths.slice(i + 1));
    }
  }

  for (const bytes of [3_800, 3_890, 4_000, 4_085, 4_086, 4_087, 4_092, 4_093, 4_094, LONGEST]) {
    const folderIsTooLong = bytes + 1 + FOLDER.length > LONGEST;
    const names = NAMES.map((name) => (folderIsTooLong && name.startsWith(FOLDER) ? FOLDER : name));

    it(`with ${bytes} bytes costs a repository only what is too long in it`, async () => {
      const root = join(base, "tree");
      const folder = await deep(root, bytes);
      await writeFile(join(root, "a.dita"), "<topic/>");
      await writeFile(join(root, "z.dita"), "<topic/>");
      const within = folder.slice(root.length);
      await expectEach(await open(root), root, ["/a.dita", ...names.map((name) => `${within}/${name}`), "/z.dita"]);
    });

    it(`with ${bytes} bytes can be the repository itself`, async () => {
      const folder = await deep(base, bytes);
      await expectEach(
        await open(folder),
        folder,
        names.map((name) => `/${name}`),
      );
    });
  }

  it("is refused as a repository, in words, if its own path is too long", async () => {
    const error = await rejection(open(join(base, "y".repeat(LONGEST))));
    expect(String(error)).to.include("the folder's path is longer than this system allows");
  });

  it("is read although a link in it, named as a FileVault layout's root, leads nowhere", async () => {
    const root = join(base, "tree");
    await mkdir(root);
    await writeFile(join(root, "a.dita"), "<topic/>");
    await symlink("jcr_root", join(root, "jcr_root"));
    await expectEach(await open(root), root, ["/a.dita"]);
  });
});
