import { expect } from "chai";
import { lstatSync } from "node:fs";
import { rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assetOfFile } from "../../../../src/adapters/assets/folder/asset-mapper.js";
import { tempFolder } from "../../../support/temp-folder.js";

const MAP = '<?xml version="1.0"?><!DOCTYPE map PUBLIC "-//OASIS//DTD DITA Map//EN" "map.dtd"><map/>';

describe("the asset of an .xml file", () => {
  it("gets its type from the file's head, but never through a link that the file was swapped for", async function () {
    if (process.platform === "win32") this.skip();
    const { folder, remove } = await tempFolder();
    try {
      const found = { file: join(folder, "a.xml"), stats: lstatSync(folder) };
      await writeFile(found.file, MAP);
      expect(assetOfFile("/a.xml", found).fileType).to.equal("DITAMAP");
      await rename(found.file, join(folder, "elsewhere.xml"));
      await symlink("elsewhere.xml", found.file);
      expect(assetOfFile("/a.xml", found).fileType).to.equal("OTHERS");
    } finally {
      await remove();
    }
  });
});
