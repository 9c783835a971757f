import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ProcessIdentity } from "../../../src/adapters/runtime/index.js";

const CHILD = fileURLToPath(new URL("../../support/identity-child.js", import.meta.url));

/** A process of its own that tells who it is, and then waits to be killed. */
async function childIdentity(): Promise<{ child: ChildProcess; owner: string }> {
  const child = fork(CHILD, { stdio: "ignore" });
  const [message] = (await once(child, "message")) as [string];
  return { child, owner: message };
}

describe("a process's identity", function () {
  const here = new ProcessIdentity();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  /** This process's identity with some of its five parts changed. */
  const changed = (parts: Partial<Record<0 | 1 | 2 | 3 | 4, string>>): string =>
    here.self
      .split(" ")
      .map((part, i) => parts[i as 0 | 1 | 2 | 3 | 4] ?? part)
      .join(" ");

  it("is not known to be dead while it lives", () => {
    expect(here.isKnownDead(here.self)).to.equal(false);
  });

  it("differs for each instance, and neither takes the other for dead", () => {
    const other = new ProcessIdentity();
    expect(other.self).not.to.equal(here.self);
    expect(here.isKnownDead(other.self)).to.equal(false);
    expect(other.isKnownDead(here.self)).to.equal(false);
  });

  before(function () {
    if (existsSync("/proc/self/stat")) return;
    process.stderr.write("\n*** NOT TESTED, for there is no /proc: which owners are known to be dead ***\n");
    this.skip();
  });

  it("is known to be dead once its process was killed, and not before", async () => {
    const { child, owner } = await childIdentity();
    children.push(child);
    expect(here.isKnownDead(owner)).to.equal(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(here.isKnownDead(owner)).to.equal(true);
    expect(new ProcessIdentity().isKnownDead(owner)).to.equal(true);
  });

  it("is not known to be dead while its process is merely stopped", async () => {
    const { child, owner } = await childIdentity();
    children.push(child);
    child.kill("SIGSTOP");
    expect(here.isKnownDead(owner)).to.equal(false);
  });

  it("is known to be dead if its pid now belongs to another process", () => {
    expect(here.isKnownDead(changed({ 4: "1" }))).to.equal(true);
  });

  it("is known to be dead if no process has its pid", () => {
    // Above any pid that Linux gives.
    expect(here.isKnownDead(changed({ 3: "2147483646" }))).to.equal(true);
  });

  it("is not known to be dead if it belongs to another machine or an earlier boot", () => {
    expect(here.isKnownDead(changed({ 1: "00000000-0000-0000-0000-000000000000", 4: "1" }))).to.equal(false);
  });

  it("is not known to be dead if it belongs to another pid namespace, whose pids differ", () => {
    expect(here.isKnownDead(changed({ 2: "pid:[1]", 4: "1" }))).to.equal(false);
  });

  const malformed: [string, string][] = [
    ["nothing", ""],
    ["a word", "node-1"],
    ["blanks", "    "],
    ["a part too few", here.self.split(" ").slice(0, 4).join(" ")],
    ["no boot id", changed({ 1: "" })],
    ["no namespace", changed({ 2: "" })],
    ["no pid", changed({ 3: "", 4: "1" })],
    ["no start time", changed({ 4: "" })],
    ["a pid that is no number", changed({ 3: "abc", 4: "1" })],
    ["a pid that is a path", changed({ 3: "../1", 4: "1" })],
    ["a pid of 0", changed({ 3: "0", 4: "1" })],
    ["a negative pid", changed({ 3: "-1", 4: "1" })],
    ["a pid with a fraction", changed({ 3: "1.5", 4: "1" })],
    ["a pid beyond all numbers", changed({ 3: "1e400", 4: "1" })],
  ];
  for (const [title, owner] of malformed) {
    it(`is not known to be dead if it is malformed (${title})`, () => {
      expect(here.isKnownDead(owner)).to.equal(false);
    });
  }
});
