import { expect } from "chai";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { type FolderFixture, openFolder, scanned } from "../../../support/folder-repository.js";
import { rejection } from "../../../support/deferred.js";

/** A file name that ends in bytes which are not UTF-8. */
const named = (folder: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(join(folder, name)), Buffer.of(0xff, 0xfe), Buffer.from(".dita")]);

describe("a file in a folder whose name is not UTF-8", function () {
  let fixture: FolderFixture;

  before(async function () {
    fixture = await openFolder();
    await mkdir(join(fixture.folder, "in"));
    try {
      await writeFile(named(fixture.folder, "in/a"), "x");
    } catch {
      // Some file systems take only UTF-8.
      this.skip();
    }
    await fixture.files("in/b.dita");
  });
  after(() => fixture.close());

  it("is there when it is looked up by the path under which it was yielded, as the same asset", async () => {
    const { repository } = fixture;
    const [nameless, plain] = await scanned(repository, scopeOf(["/in"], [], { fileTypes: [] }));
    if (!nameless || !plain) throw new Error("two assets were to be yielded");
    expect(nameless.path).to.match(/^\/in\/a\ufffd+\.dita$/);
    expect(await repository.stat([nameless.path, plain.path])).to.deep.equal([
      { kind: "asset", asset: nameless },
      { kind: "asset", asset: plain },
    ]);
    const reading = async (): Promise<void> => {
      for await (const _ of repository.read(nameless.path));
    };
    expect(await rejection(reading())).to.deep.include({ code: "READ_FAILED" });
  });

  it("is not there under another name with characters that stand for such bytes, nor in a folder that is not there", async () => {
    const paths = ["/in/c\ufffd.dita", "/in/none/a\ufffd\ufffd.dita", "/in/b.dita/\ufffd", "/\ufffd"];
    expect(await fixture.repository.stat(paths)).to.deep.equal([undefined, undefined, undefined, undefined]);
  });
});
