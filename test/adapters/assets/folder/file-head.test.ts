import { expect } from "chai";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileHead, readHead } from "../../../../src/adapters/assets/folder/file-head.js";
import { tempFolder } from "../../../support/temp-folder.js";

describe("a file's head", () => {
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));

  /** Gives at most `most` bytes a call, and counts them. */
  function source(most: number): { read: (into: Uint8Array, position: number) => number; bytes: () => number } {
    let bytes = 0;
    return {
      read: (into, position) => {
        const part = content.subarray(position, position + Math.min(into.length, most));
        into.set(part);
        bytes += part.length;
        return part.length;
      },
      bytes: () => bytes,
    };
  }

  it("is read completely from a source that returns a few bytes at a time", () => {
    for (const most of [1, 7, 1_000, 2_047]) {
      expect(readHead(source(most).read, 2_048), `${most} at a time`).to.deep.equal(content.subarray(0, 2_048));
    }
  });

  it("costs exactly its own bytes, however much the source would return", () => {
    const large = source(64 * 1024);
    readHead(large.read, 2_048);
    expect(large.bytes()).to.equal(2_048);
  });

  it("is the whole of a smaller file, and empty for an empty one", async () => {
    const { folder, remove } = await tempFolder();
    try {
      const sizes: number[] = [];
      for (const size of [0, 1, 2_047, 2_048, 2_049, 100_000]) {
        const file = join(folder, String(size));
        await writeFile(file, content.subarray(0, size));
        const head = readFileHead(file, 2_048);
        expect(head).to.deep.equal(content.subarray(0, Math.min(size, 2_048)));
        sizes.push(head.length);
      }
      expect(sizes).to.deep.equal([0, 1, 2_047, 2_048, 2_048, 2_048]);
    } finally {
      await remove();
    }
  });
});
