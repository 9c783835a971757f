import { expect } from "chai";
import { chmod, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { isGone } from "../../../../src/adapters/assets/folder/gone.js";
import { resolveFolderOptions } from "../../../../src/adapters/assets/folder/options.js";
import { FolderTree } from "../../../../src/adapters/assets/folder/tree.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { writeOf } from "../../../../src/testing/conformance/job-steps.js";
import { asNobody } from "../../../support/as-nobody.js";
import { type FolderFixture, openFolder } from "../../../support/folder-repository.js";

describe("what is gone from a folder", () => {
  let fixture: FolderFixture;

  beforeEach(async () => {
    fixture = await openFolder();
  });
  afterEach(() => fixture.close());

  const process = (...paths: readonly string[]) => fixture.repository.apply(paths.map(writeOf));
  const left = async (...paths: readonly string[]): Promise<readonly string[]> =>
    (await fixture.repository.results(paths)).flatMap((result) => result?.path ?? []);
  const forget = async (root = "/"): Promise<number> => {
    const scope = scopeOf([root], [], { fileTypes: [] });
    return (await fixture.repository.forgetGone?.(scope, { limit: 100, exceptJob: "now" }))?.removed ?? -1;
  };

  it("is what a folder that can be looked at does not hold any more, the folder included", async () => {
    await fixture.files("keep.dita");
    await process("/gone.dita", "/folder/deep/gone.dita", "/keep.dita", "/keep.dita/below");
    expect(await forget()).to.equal(3);
    expect(await left("/gone.dita", "/folder/deep/gone.dita", "/keep.dita", "/keep.dita/below")).to.deep.equal([
      "/keep.dita",
    ]);
  });

  it("is nothing while the whole folder is empty or missing: a disk may not be mounted", async () => {
    await process("/a.dita");
    expect(await forget()).to.equal(0);
    await rm(fixture.folder, { recursive: true });
    expect(await forget()).to.equal(0);
    expect(await left("/a.dita")).to.deep.equal(["/a.dita"]);
  });

  it("is nothing behind a link: its target may be missing only now", async () => {
    await fixture.files("keep.dita");
    await symlink(join(fixture.outside, "unmounted"), join(fixture.folder, "linked"));
    await symlink(join(fixture.folder, "nowhere.dita"), join(fixture.folder, "link.dita"));
    const paths = ["/link.dita", "/linked/a.dita", "/linked/deep/a.dita"];
    await process(...paths);
    expect(await forget()).to.equal(0);
    expect(await left(...paths)).to.deep.equal(paths);
  });

  it("is nothing whose path is too long to be looked at", async () => {
    await fixture.files("keep.dita");
    const paths = [`/${"long".repeat(100)}.dita`];
    await process(...paths);
    expect(await forget()).to.equal(0);
    expect(await left(...paths)).to.deep.equal(paths);
  });

  it("is nothing in a folder that may not be entered", async () => {
    await fixture.files("keep.dita");
    await mkdir(join(fixture.folder, "closed"));
    const tree = new FolderTree(await resolveFolderOptions({ folder: fixture.folder, mount: "/" }));
    const gone = (): Promise<boolean> => asNobody(async () => isGone(tree, "/closed/a.dita"));
    await chmod(join(fixture.folder, "closed"), 0o000);
    expect(await gone()).to.equal(false);
    await chmod(join(fixture.folder, "closed"), 0o755);
    await chmod(fixture.folder, 0o755);
    expect(await gone(), "once it can be looked at").to.equal(true);
  });

  it("cannot be told in a FileVault layout, so nothing is removed there", async () => {
    await fixture.files("jcr_root/content/a.dita");
    const vault = await fixture.mounted("/");
    expect(vault.repository.forgetGone).to.equal(undefined);
  });
});
