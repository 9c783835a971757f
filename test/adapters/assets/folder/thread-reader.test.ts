import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FolderReader } from "../../../../src/adapters/assets/folder/index.js";
import { openThreadReader } from "../../../../src/adapters/assets/folder/thread-reader.js";
import type { ThreadReader } from "../../../../src/core/ports/thread-reader.js";
import { tempFolder } from "../../../support/temp-folder.js";

/** More often than a folder is asked about before it is listed. */
const OFTEN = 10;
/** Longer than a listing is trusted. */
const LATER_MS = 1_100;

describe("a folder's reader in a thread", () => {
  let folder = "";
  let remove = async (): Promise<void> => {};
  let whole: FolderReader;
  let reader: ThreadReader;

  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "sub", "deep"), { recursive: true });
    mkdirSync(join(folder, "outside"));
    writeFileSync(join(folder, "outside", "secret"), "secret");
    for (const name of ["a.dita", "b.dita", ".hidden", "~$lock", "\ufffd.dita", "sub/c.dita"])
      writeFileSync(join(tree, name), name);
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/caf`), Buffer.from([0xe9]), Buffer.from(".dita")]), "latin1");
    symlinkSync("a.dita", join(tree, "link"));
    symlinkSync("../outside/secret", join(tree, "out"));
    symlinkSync("../outside", join(tree, "folder-out"));
    symlinkSync("sub", join(tree, "folder-link"));
    symlinkSync("nowhere", join(tree, "dangling"));
    execFileSync("mkfifo", [join(tree, "pipe")]);
    whole = await FolderReader.at({ folder: tree, mount: "/m" });
    reader = openThreadReader(whole.inThread.options as Parameters<typeof openThreadReader>[0]);
  });
  afterEach(() => remove());

  const PATHS = [
    ...["/m/a.dita", "/m/sub", "/m/sub/c.dita", "/m/sub/deep", "/m", "/", "/m/nothing", "/m/sub/nothing/x"],
    ...["/m/.hidden", "/m/~$lock", "/m/A.DITA", "/m/\ufffd.dita", "/m/caf\ufffd.dita", "/m/caf\\xe9.dita"],
    ...["/m/link", "/m/out", "/m/folder-out", "/m/folder-out/secret", "/m/folder-link", "/m/folder-link/c.dita"],
    ...["/m/dangling", "/m/pipe", "/m/..", "/m/sub/..", "/m/./a.dita", "/m/", "/m//a.dita", "/m/a.dita/x", "/x/a.dita"],
    ...["/m/\0", "/m/../../outside/secret"],
  ];

  it("says of every path what the repository says, before and after it has listed the folder", async () => {
    const said = await whole.stat(PATHS);
    for (let round = 0; round < OFTEN; round++)
      PATHS.forEach((path, i) => expect(reader.exists(path), JSON.stringify(path)).to.equal(said[i] !== undefined));
  });

  it("sees at once what is new, and within a second what has gone or now leads out of the tree", async () => {
    for (let i = 0; i < OFTEN; i++) reader.exists("/m/sub/c.dita");
    writeFileSync(join(folder, "tree", "sub", "new"), "new");
    expect(reader.exists("/m/sub/new")).to.equal(true);
    rmSync(join(folder, "tree", "sub", "c.dita"));
    await sleep(LATER_MS);
    expect(reader.exists("/m/sub/c.dita")).to.equal(false);
    renameSync(join(folder, "tree", "sub"), join(folder, "moved"));
    symlinkSync("../moved", join(folder, "tree", "sub"));
    await sleep(LATER_MS);
    for (let i = 0; i < OFTEN; i++) expect(reader.exists("/m/sub/new")).to.equal(false);
    expect(reader.readNow("/m/sub/new")).to.equal(undefined);
  });

  it("reads small files, each into memory of its own, and leaves all else to the repository", () => {
    const [a, b] = [reader.readNow("/m/a.dita"), reader.readNow("/m/sub/c.dita")];
    expect([a, b].map((bytes) => Buffer.from(bytes ?? []).toString())).to.deep.equal(["a.dita", "sub/c.dita"]);
    writeFileSync(join(folder, "tree", "large"), Buffer.alloc(256 * 1024 + 1));
    writeFileSync(join(folder, "tree", "empty"), "");
    const others = PATHS.filter(
      (path) => !["/m/a.dita", "/m//a.dita", "/m/sub/c.dita", "/m/\ufffd.dita"].includes(path),
    );
    for (const path of [...others, "/m/large", "/m/empty"])
      expect(reader.readNow(path), JSON.stringify(path)).to.equal(undefined);
  });

  it("throws UNAVAILABLE if the whole tree has gone", () => {
    renameSync(join(folder, "tree"), join(folder, "unmounted"));
    expect(() => reader.exists("/m/a.dita"))
      .to.throw("does not exist")
      .with.property("code", "UNAVAILABLE");
  });
});
