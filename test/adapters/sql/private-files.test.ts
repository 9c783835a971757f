import { chmod, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { SQLITE_DRIVERS, type SqlDatabase } from "../../../src/adapters/sql/index.js";
import { openDatabase } from "../../support/sqlite-store.js";
import { tempFolder } from "../../support/temp-folder.js";

for (const driver of SQLITE_DRIVERS) {
  describe(`a SQLite database that ${driver} creates`, () => {
    let folder: string;
    let file: string;
    let remove: () => Promise<void>;
    let umask: number;
    const opened: SqlDatabase[] = [];
    beforeEach(async () => {
      umask = process.umask();
      ({ folder, remove } = await tempFolder());
      file = join(folder, "store.sqlite");
    });
    afterEach(async () => {
      process.umask(umask);
      for (const one of opened.splice(0)) await one.close();
      await remove();
    });

    const write = async (): Promise<void> => {
      const database = await openDatabase(file, driver);
      opened.push(database);
      await database.write((tx) => tx.query("create table t (x)"));
    };
    /** Of the file and of what SQLite keeps beside it while it is open. */
    const modes = async (): Promise<string[]> => {
      const all = await Promise.all(["", "-wal", "-shm"].map((end) => stat(file + end)));
      return all.map(({ mode }) => (mode & 0o777).toString(8));
    };

    for (const mask of [0o000, 0o022, 0o077, 0o777]) {
      it(`is for its user alone, with its log and index, whatever the umask (${mask.toString(8).padStart(3, "0")})`, async () => {
        process.umask(mask);
        await write();
        expect(await modes()).to.deep.equal(["600", "600", "600"]);
      });
    }

    it("keeps the mode that somebody gave to the file, also for its log and index", async () => {
      await writeFile(file, "");
      await chmod(file, 0o640);
      await write();
      expect(await modes()).to.deep.equal(["640", "640", "640"]);
    });

    it("is for its user alone if a link leads to a file that is not there yet", async () => {
      process.umask(0);
      await symlink("later.sqlite", file);
      await write();
      expect(await readlink(file)).to.equal("later.sqlite");
      file = join(folder, "later.sqlite");
      expect(await modes()).to.deep.equal(["600", "600", "600"]);
    });
  });
}
