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

  describe("asked for its nodes", () => {
    it("answers in the order asked: a folder, an asset, or nothing", async () => {
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

    it("shows under a mount the way to it, its content, and nothing next to it", async () => {
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

    it("lists names under a mount, on the way to it, and none outside the tree", async () => {
      await fixture.files("/a/b.dita", "/a/c/d.dita");
      await symlink(fixture.outside, join(fixture.folder, "out"));
      const mounted = await fixture.mounted("/content/dam");
      const names = async (path: string) => {
        const found = await mounted.repository.names(path, 100);
        return found && [...found].sort();
      };
      expect(await names("/")).to.deep.equal(["content"]);
      expect(await names("/content")).to.deep.equal(["dam"]);
      expect(await names("/content/dam")).to.deep.equal(["a", "out"]);
      expect(await names("/content/dam/a")).to.deep.equal(["b.dita", "c"]);
      for (const path of ["/content/dam/out", "/content/da", "/content/dam/..", "/content/dam/a/b.dita", "/a"]) {
        expect(await names(path), path).to.equal(undefined);
      }
    });

    it("lists no names in a folder that may not be read", async () => {
      await fixture.files("/closed/b.dita");
      await chmod(join(fixture.folder, "closed"), 0o000);
      const { repository } = fixture;
      expect(await asNobody(() => repository.names("/closed", 100))).to.equal(undefined);
      await chmod(join(fixture.folder, "closed"), 0o700);
    });

    it("finds nothing at a path with . or .. segments or NUL", async () => {
      await fixture.files("/a/b.dita");
      await writeFile(join(fixture.outside, "secret.dita"), "secret");
      const mounted = await fixture.mounted("/content/dam");
      for (const path of ["/../outside/secret.dita", "/a/../../outside/secret.dita", "/a/./b.dita", "/a/b.dita\0"]) {
        expect(await kindsOf([path, `/content/dam${path}`], mounted), path).to.deep.equal([undefined, undefined]);
        expect(await kindsOf([path]), path).to.deep.equal([undefined]);
        expect(await codeOf(readAll(path)), path).to.equal("GONE");
      }
    });

    it("follows links to files inside, but neither links out of the tree nor linked folders", async () => {
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

    it("is UNAVAILABLE if its folder is missing", async () => {
      await rename(fixture.folder, `${fixture.folder}-away`);
      expect(await codeOf(fixture.repository.stat(["/"]))).to.equal("UNAVAILABLE");
    });

    it("is UNAVAILABLE if its folder is missing, even if it is asked for an asset", async () => {
      await fixture.files("/a.dita");
      await rename(fixture.folder, `${fixture.folder}-away`);
      expect(await codeOf(fixture.repository.stat(["/a.dita"]))).to.equal("UNAVAILABLE");
    });
  });

  describe("read for content", () => {
    it("returns the bytes as they are, large or small or none, in pieces", async () => {
      for (const size of [0, 1, 1_000, 256 * 1024, 256 * 1024 + 1, 1_500_000]) {
        const content = Buffer.alloc(size, Buffer.from([0, 255, 10, 13, 200]));
        await fixture.files([`/${size}.bin`, content]);
        expect((await readAll(`/${size}.bin`)).equals(content), `${size} bytes`).to.equal(true);
      }
      const pieces: number[] = [];
      for await (const piece of fixture.repository.read("/1500000.bin")) pieces.push(piece.length);
      expect(pieces.length).to.be.above(2);
    });

    it("finds files whose names contain any character", async () => {
      for (const name of ["a b", "%41", "a+b", "a#b", "a?b", "\n", "\\", "é", "e\u0301", "\u{1f600}"]) {
        await fixture.files([`/${name}.dita`, name]);
        expect((await readAll(`/${name}.dita`)).toString(), JSON.stringify(name)).to.equal(name);
      }
    });

    it("follows links to files inside", async () => {
      await fixture.files(["/a/real.dita", "real"]);
      await symlink("a/real.dita", join(fixture.folder, "in.dita"));
      expect((await readAll("/in.dita")).toString()).to.equal("real");
    });

    it("never follows links out of the tree, to files or to folders", async () => {
      await writeFile(join(fixture.outside, "secret.dita"), "secret");
      await symlink("../outside/secret.dita", join(fixture.folder, "out.dita"));
      await symlink(fixture.outside, join(fixture.folder, "out"));
      for (const path of ["/out.dita", "/out/secret.dita"]) {
        expect(await codeOf(readAll(path)), path).to.equal("GONE");
      }
    });

    it("does not leave the tree for more than a moment after a folder was replaced by a link out of it", async () => {
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

    it("fails with GONE if there is no asset, naming its path", async () => {
      await fixture.files("/a/b.dita");
      for (const path of ["/nope.dita", "/nope/nope.dita", "/a", "/", "/a/b.dita/c"]) {
        const error = await rejection(readAll(path));
        expect(AssetmillError.is(error) && [error.code, error.ids.path]).to.deep.equal(["GONE", path]);
      }
    });

    it("fails with GONE if the asset has been deleted since, and no message names a file on disk", async () => {
      await fixture.files("/a/b.dita");
      await fixture.paths(["/"]);
      await unlink(join(fixture.folder, "a", "b.dita"));
      const error = await rejection(readAll("/a/b.dita"));
      expect((error as AssetmillError).code).to.equal("GONE");
      expect((error as AssetmillError).message).not.to.include(fixture.folder);
    });

    it("fails with ACCESS_DENIED if the file may not be read", async () => {
      await fixture.files("/a.dita", ["/large.dita", "x".repeat(600_000)]);
      for (const path of ["/a.dita", "/large.dita"]) {
        await chmod(join(fixture.folder, path), 0o000);
        expect(await asNobody(() => codeOf(readAll(path))), path).to.equal("ACCESS_DENIED");
      }
    });

    it("fails with ACCESS_DENIED if the file's folder may not be entered", async () => {
      await fixture.files("/locked/a.dita");
      await chmod(join(fixture.folder, "locked"), 0o000);
      try {
        expect(await asNobody(() => codeOf(readAll("/locked/a.dita")))).to.equal("ACCESS_DENIED");
      } finally {
        await chmod(join(fixture.folder, "locked"), 0o700);
      }
    });

    it("is UNAVAILABLE if its folder is missing: an unmounted disk blames no asset", async () => {
      await fixture.files("/a.dita");
      await rename(fixture.folder, `${fixture.folder}-away`);
      expect(await codeOf(readAll("/a.dita"))).to.equal("UNAVAILABLE");
    });

    it("stops reading once it is told to stop", async () => {
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

  describe("once opened", () => {
    it("has its real, absolute folder as identity, however it is named, and its mount", async () => {
      const link = `${fixture.folder}-link`;
      await symlink(fixture.folder, link);
      for (const folder of [fixture.folder, `${fixture.folder}/`, link, join(fixture.folder, "..", "tree")]) {
        const { identity } = await FolderAssetRepository.open({ folder }, fixture.stores.database);
        expect(identity).to.equal(`folder:${fixture.folder}`);
      }
      expect((await fixture.mounted("content//dam/")).repository.identity).to.equal(
        `folder:${fixture.folder}?mount=/content/dam&hidden=true`,
      );
    });

    it("is rejected by the option's name if there is no such folder", async () => {
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

  it("changes no file of the user by reading or by writing results", async () => {
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
