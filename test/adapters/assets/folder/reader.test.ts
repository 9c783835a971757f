import { chmod, mkdir, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { FolderAssetRepository } from "../../../../src/adapters/assets/folder/index.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import { asNobody } from "../../../support/as-nobody.js";
import { rejection } from "../../../support/deferred.js";
import { type FolderFixture, openFolder } from "../../../support/folder-repository.js";
import { until } from "../../../support/manual-clock.js";

describe("a folder repository", function () {
  let fixture: FolderFixture;
  beforeEach(async () => {
    fixture = await openFolder();
  });
  afterEach(() => fixture.close());

  const readAll = async (path: string, on = fixture, signal?: AbortSignal): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of on.repository.read(path, signal)) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const kindsOf = async (paths: readonly string[], on = fixture): Promise<(string | undefined)[]> =>
    (await on.repository.stat(paths)).map((node) => node?.kind);
  const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
    const error = await rejection(work);
    expect(AssetmillError.is(error), String(error)).to.equal(true);
    return (error as AssetmillError).code;
  };

  describe("tells what stands at a path", () => {
    it("in the order asked: a folder, an asset, or nothing", async () => {
      await fixture.files("/a/b.dita");
      const nodes = await fixture.repository.stat(["/nope", "/a/b.dita", "/a", "/", "/a/b.dita/c", "/A"]);
      expect(nodes.map((node) => node?.kind)).to.deep.equal([
        undefined,
        "asset",
        "folder",
        "folder",
        undefined,
        undefined,
      ]);
      const [, asset] = nodes;
      expect(asset?.kind === "asset" && asset.asset).to.include({
        path: "/a/b.dita",
        fileType: "DITATOPIC",
        sizeBytes: 9,
      });
    });

    it("under a mount: the way to it, what is in it, and nothing beside it", async () => {
      await fixture.files("/a/b.dita");
      const mounted = await fixture.mounted("/content/dam");
      const paths = ["/", "/content", "/content/dam", "/content/dam/a", "/content/dam/a/b.dita", "/a", "/content/da"];
      expect(await kindsOf(paths, mounted)).to.deep.equal([
        "folder",
        "folder",
        "folder",
        "folder",
        "asset",
        undefined,
        undefined,
      ]);
    });

    it("never of a path with . or .. segments, or NUL", async () => {
      await fixture.files("/a/b.dita");
      await writeFile(join(fixture.outside, "secret.dita"), "secret");
      const mounted = await fixture.mounted("/content/dam");
      for (const path of ["/../outside/secret.dita", "/a/../../outside/secret.dita", "/a/./b.dita", "/a/b.dita\0"]) {
        expect(await kindsOf([path, `/content/dam${path}`], mounted), path).to.deep.equal([undefined, undefined]);
        expect(await kindsOf([path]), path).to.deep.equal([undefined]);
        expect(await codeOf(readAll(path)), path).to.equal("GONE");
      }
    });

    it("and finds links to files inside, but neither links out nor linked folders", async () => {
      await fixture.files("/a/real.dita");
      await writeFile(join(fixture.outside, "secret.dita"), "secret");
      await symlink("a/real.dita", join(fixture.folder, "in.dita"));
      await symlink("../outside/secret.dita", join(fixture.folder, "out.dita"));
      await symlink("../outside", join(fixture.folder, "out"));
      await symlink("a", join(fixture.folder, "again"));
      await symlink("loop.dita", join(fixture.folder, "loop.dita"));
      const paths = ["/in.dita", "/out.dita", "/out", "/out/secret.dita", "/again", "/again/real.dita", "/loop.dita"];
      expect(await kindsOf(paths)).to.deep.equal([
        "asset",
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    });

    it("or that the folder is not there: UNAVAILABLE", async () => {
      await rename(fixture.folder, `${fixture.folder}-away`);
      expect(await codeOf(fixture.repository.stat(["/"]))).to.equal("UNAVAILABLE");
    });

    it("or that the folder is not there, also where an asset is asked for", async () => {
      await fixture.files("/a.dita");
      await rename(fixture.folder, `${fixture.folder}-away`);
      expect(await codeOf(fixture.repository.stat(["/a.dita"]))).to.equal("UNAVAILABLE");
    });
  });

  describe("reads content", () => {
    it("byte by byte as it is, large or small or none, in pieces", async () => {
      for (const size of [0, 1, 1_000, 256 * 1024, 256 * 1024 + 1, 1_500_000]) {
        const content = Buffer.alloc(size, Buffer.from([0, 255, 10, 13, 200]));
        await fixture.files([`/${size}.bin`, content]);
        expect((await readAll(`/${size}.bin`)).equals(content), `${size} bytes`).to.equal(true);
      }
      const pieces: number[] = [];
      for await (const piece of fixture.repository.read("/1500000.bin")) pieces.push(piece.length);
      expect(pieces.length).to.be.above(2);
    });

    it("of names with every character", async () => {
      for (const name of ["a b", "%41", "a+b", "a#b", "a?b", "\n", "\\", "é", "e\u0301", "\u{1f600}"]) {
        await fixture.files([`/${name}.dita`, name]);
        expect((await readAll(`/${name}.dita`)).toString(), JSON.stringify(name)).to.equal(name);
      }
    });

    it("through links to files inside", async () => {
      await fixture.files(["/a/real.dita", "real"]);
      await symlink("a/real.dita", join(fixture.folder, "in.dita"));
      expect((await readAll("/in.dita")).toString()).to.equal("real");
    });

    it("never through links out of the tree, of files or of folders", async () => {
      await writeFile(join(fixture.outside, "secret.dita"), "secret");
      await symlink("../outside/secret.dita", join(fixture.folder, "out.dita"));
      await symlink(fixture.outside, join(fixture.folder, "out"));
      for (const path of ["/out.dita", "/out/secret.dita"]) {
        expect(await codeOf(readAll(path)), path).to.equal("GONE");
      }
    });

    it("not out of the tree for more than a moment after a folder was swapped for a link out of it", async () => {
      await fixture.files("/a/x.dita");
      await writeFile(join(fixture.outside, "x.dita"), "secret");
      expect((await readAll("/a/x.dita")).toString()).to.equal("/a/x.dita");
      await rename(join(fixture.folder, "a"), join(fixture.folder, "b"));
      await symlink(fixture.outside, join(fixture.folder, "a"));
      const isRefused = async (): Promise<boolean> => {
        try {
          await readAll("/a/x.dita");
          return false;
        } catch (error) {
          return AssetmillError.is(error) && error.code === "GONE";
        }
      };
      await until("the link to be refused", isRefused, 10_000);
    });

    it("GONE where no asset stands, with its path", async () => {
      await fixture.files("/a/b.dita");
      for (const path of ["/nope.dita", "/nope/nope.dita", "/a", "/", "/a/b.dita/c"]) {
        const error = await rejection(readAll(path));
        expect(AssetmillError.is(error) && [error.code, error.ids.path]).to.deep.equal(["GONE", path]);
      }
    });

    it("GONE where it vanished since it was seen, in no message naming a file of the disk", async () => {
      await fixture.files("/a/b.dita");
      await fixture.paths(["/"]);
      await unlink(join(fixture.folder, "a", "b.dita"));
      const error = await rejection(readAll("/a/b.dita"));
      expect((error as AssetmillError).code).to.equal("GONE");
      expect((error as AssetmillError).message).not.to.include(fixture.folder);
    });

    it("ACCESS_DENIED where it may not be read", async () => {
      await fixture.files("/a.dita", ["/large.dita", "x".repeat(600_000)]);
      for (const path of ["/a.dita", "/large.dita"]) {
        await chmod(join(fixture.folder, path), 0o000);
        expect(await asNobody(() => codeOf(readAll(path))), path).to.equal("ACCESS_DENIED");
      }
    });

    it("ACCESS_DENIED where its folder may not be entered", async () => {
      await fixture.files("/locked/a.dita");
      await chmod(join(fixture.folder, "locked"), 0o000);
      try {
        expect(await asNobody(() => codeOf(readAll("/locked/a.dita")))).to.equal("ACCESS_DENIED");
      } finally {
        await chmod(join(fixture.folder, "locked"), 0o700);
      }
    });

    it("UNAVAILABLE where the folder is not there: an unmounted disk blames no asset", async () => {
      await fixture.files("/a.dita");
      await rename(fixture.folder, `${fixture.folder}-away`);
      expect(await codeOf(readAll("/a.dita"))).to.equal("UNAVAILABLE");
    });

    it("no further once it is told to stop", async () => {
      await fixture.files(["/large.bin", Buffer.alloc(5_000_000)]);
      const stop = new AbortController();
      let pieces = 0;
      const reading = (async () => {
        for await (const _piece of fixture.repository.read("/large.bin", stop.signal)) {
          pieces++;
          stop.abort(new Error("enough"));
        }
      })();
      await rejection(reading);
      expect(pieces).to.be.below(5);
    });
  });

  describe("has an identity", () => {
    it("that is its real, absolute folder, however it is named, and its mount", async () => {
      const link = `${fixture.folder}-link`;
      await symlink(fixture.folder, link);
      for (const folder of [fixture.folder, `${fixture.folder}/`, link, join(fixture.folder, "..", "tree")]) {
        const { identity } = await FolderAssetRepository.open({ folder }, fixture.stores.database);
        expect(identity).to.equal(`folder:${fixture.folder}`);
      }
      expect((await fixture.mounted("content//dam/")).repository.identity).to.equal(
        `folder:${fixture.folder}?mount=/content/dam`,
      );
    });

    it("only where there is such a folder: else the option is refused, by name", async () => {
      await fixture.files("/file");
      for (const folder of [`${fixture.folder}/nope`, `${fixture.folder}/file`]) {
        const error = await rejection(FolderAssetRepository.open({ folder }, fixture.stores.database));
        expect(AssetmillError.is(error) && [error.code, error.ids.field]).to.deep.equal([
          "INVALID_PARAMETER",
          "assets",
        ]);
      }
      const bad = FolderAssetRepository.open({ folder: fixture.folder, mount: "/a/../b" }, fixture.stores.database);
      expect(((await rejection(bad)) as AssetmillError).ids.field).to.equal("mount");
    });
  });

  it("changes no file of the user's by reading or by writing results", async () => {
    await fixture.files("/a.dita");
    await mkdir(join(fixture.folder, "empty"));
    const { readdir } = await import("node:fs/promises");
    const before = await readdir(fixture.folder, { recursive: true });
    await readAll("/a.dita");
    const write = {
      path: "/a.dita",
      properties: { a: 1 },
      references: {},
      stamp: { sizeBytes: 1, modifiedMs: 1, contentHash: null, handlers: {} },
      jobId: "job",
    };
    await fixture.repository.apply([write]);
    expect(await readdir(fixture.folder, { recursive: true })).to.deep.equal(before);
    expect((await readAll("/a.dita")).toString()).to.equal("/a.dita");
  });
});
