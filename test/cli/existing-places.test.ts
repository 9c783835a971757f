import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { asNobody } from "../support/as-nobody.js";
import { jsonLines, linesOf, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/espresso";

describe("a command that reads", () => {
  const bench = new Workbench();
  const assets = `sqlite:${bench.path("assets.sqlite")}`;
  const contents = `sqlite:${bench.path("files.sqlite")}?content=${bench.path("contents")}`;

  before(async () => {
    for (const place of [assets, contents]) {
      const imported = await bench.call(["import", "examples/sample", ROOT, "--assets", place]);
      expect(imported.code, imported.err).to.equal(0);
    }
  });
  after(() => bench.dispose());

  const refusal = async (...args: readonly string[]): Promise<string> => {
    const before = readdirSync(bench.folder).sort();
    const refused = await bench.call(args);
    expect([refused.code, refused.out]).to.deep.equal([2, ""]);
    expect(readdirSync(bench.folder).sort(), "nothing is created").to.deep.equal(before);
    return refused.err;
  };

  for (const command of ["process", "show"]) {
    it(`refuses a mistyped SQLite file as assets, and does not create it: ${command}`, async () => {
      for (const name of ["asets.sqlite", "no/such/assets.sqlite"]) {
        const typo = bench.path(name);
        const on = ["--assets", `sqlite:${typo}`];
        expect(await refusal(command, ROOT, ...on, "--store", assets)).to.match(
          /no database at .*; `assetmill import` creates/,
        );
        expect(await refusal(command, ROOT, ...on)).to.include(typo);
      }
    });

    it(`refuses a SQLite file of another program, and leaves it as it is: ${command}`, async () => {
      const file = bench.path("other.sqlite");
      const { default: sqlite3 } = await import("sqlite3");
      await new Promise<void>((done, failed) => {
        const other = new sqlite3.Database(file);
        other.exec("create table if not exists theirs (x)", (error) =>
          error ? failed(error) : other.close(() => done()),
        );
      });
      const before = readFileSync(file);
      expect(await refusal(command, ROOT, "--assets", `sqlite:${file}`)).to.match(
        /other\.sqlite holds no tables of assetmill$/m,
      );
      expect(readFileSync(file).equals(before)).to.equal(true);
    });

    it(`refuses a content folder that does not exist, by name: ${command}`, async () => {
      const wrong = contents.replace("content=", "content=wrong-");
      expect(await refusal(command, ROOT, "--assets", wrong)).to.match(/content folder wrong-.* does not exist/);
    });
  }

  it("names the content folder if it lacks a content", async () => {
    const empty = bench.write("empty/keep", "").replace(/\/keep$/, "");
    const on = ["--assets", `sqlite:${bench.path("files.sqlite")}?content=${empty}`];
    const ran = await bench.call(["process", ROOT, ...on]);
    expect(ran.code).to.equal(1);
    const [job] = jsonLines(await bench.call(["history", "--store", `sqlite:${bench.path("files.sqlite")}`, "--json"]));
    const failures = await bench.call([
      "failures",
      job.processingId,
      "--store",
      `sqlite:${bench.path("files.sqlite")}`,
    ]);
    expect(linesOf(failures)[0])
      .to.match(/^FAILED .*READ_FAILED/)
      .and.include(empty);
  });

  it("says where the contents are if the URI says otherwise", async () => {
    const mixed = `sqlite:${bench.path("mixed.sqlite")}`;
    const here = `content=${bench.path("mixed-contents")}`;
    await bench.call(["import", "examples/sample/topics", `${ROOT}/files`, "--assets", `${mixed}?${here}`]);
    await bench.call(["import", "examples/sample/topics", `${ROOT}/rows`, "--assets", mixed]);
    for (const [assets, path, says] of [
      [mixed, "files", /READ_FAILED its content is kept as a file.*: \?content=DIR is missing/],
      [
        `${mixed}?${here}`,
        "rows",
        /READ_FAILED its content is kept in the database.*mixed-contents; leave \?content= out/,
      ],
    ] as const) {
      const ran = await bench.call(["process", `${ROOT}/${path}`, "--assets", assets, "--json"]);
      const { processingId } = jsonLines(ran).at(-1);
      const [failed] = linesOf(await bench.call(["failures", processingId, "--store", mixed]));
      expect(failed).to.match(says);
    }
  });

  it("refuses places where no store can be, at once", async () => {
    for (const place of ["/dev/null", "/dev/null/s.sqlite", "/proc/assetmill/s.sqlite", "/proc/s.sqlite"]) {
      const beganMs = performance.now();
      expect(
        await refusal(
          "process",
          ROOT,
          "--assets",
          `folder:examples/sample?mount=${ROOT}`,
          "--store",
          `sqlite:${place}`,
        ),
      ).to.match(/^assetmill: store: /);
      expect(performance.now() - beganMs).to.be.below(5_000);
    }
    const below = `sqlite:${bench.path("assets.sqlite")}?content=/proc/assetmill/contents`;
    expect(await refusal("import", "examples/sample", ROOT, "--assets", below)).to.include("/proc/assetmill/contents");
  });

  it("refuses a folder that is not there or that this user may not enter, and creates no store for it", async () => {
    const shut = bench.write("shut/a.dita", TOPIC).replace(/\/a\.dita$/, "");
    const stores = bench.write("stores/keep", "").replace(/\/keep$/, "");
    const store = `sqlite:${stores}/new.sqlite`;
    chmodSync(bench.folder, 0o755);
    chmodSync(stores, 0o777);
    chmodSync(shut, 0o600);
    await asNobody(async () => {
      for (const args of [
        ["process", ROOT, "--assets", `folder:${shut}?mount=${ROOT}`, "--store", store],
        ["serve", "--assets", `folder:${shut}?mount=${ROOT}`, "--store", store, "--port", "0"],
        ["import", shut, ROOT, "--assets", store],
      ])
        expect(await refusal(...args)).to.equal(
          `assetmill: assets: this user may not enter the folder ${shut} (EACCES)\n`,
        );
    });
    chmodSync(shut, 0o755);
    for (const assets of [`folder:${shut}/none`, `sqlite:${bench.path("assets.sqlite")}?content=${shut}/none`])
      await refusal("process", ROOT, "--assets", assets, "--store", store);
    expect(readdirSync(stores)).to.deep.equal(["keep"]);
  });

  it("tells a store that this user may not look at from one that is not there", async () => {
    const shut = bench.write("shut-stores/s.sqlite", "").replace(/\/s\.sqlite$/, "");
    chmodSync(bench.folder, 0o755);
    chmodSync(shut, 0o600);
    await asNobody(async () => {
      const said = await refusal("history", "--store", `sqlite:${shut}/s.sqlite`);
      expect(said).to.equal(`assetmill: store: ${shut}/s.sqlite cannot be opened (EACCES)\n`);
    });
    chmodSync(shut, 0o755);
    expect(await refusal("history", "--store", `sqlite:${shut}`)).to.include(`${shut} is a folder`);
  });

  it("works on a store that this user may only read; a change is refused in words", async () => {
    const folder = bench.path("read-only");
    const assetsThere = `folder:examples/sample?mount=${ROOT}`;
    const store = `sqlite:${folder}/store.sqlite`;
    expect((await bench.call(["process", ROOT, "--assets", assetsThere, "--store", store])).code).to.equal(0);
    const [job] = jsonLines(await bench.call(["history", "--store", store, "--json"]));
    const id = job.processingId as string;
    const questions = [
      ["history"],
      ["status", id],
      ["outcomes", id],
      ["failures", id],
      ["logs", id],
      ["show", `${ROOT}/topics/about.dita`, "--assets", assetsThere],
    ].map((question) => [...question, "--store", store, "--json"]);
    const answers: string[] = [];
    for (const question of questions) answers.push((await bench.call(question)).out);
    expect(answers).not.to.include("");
    chmodSync(bench.folder, 0o755);
    chmodSync(`${folder}/store.sqlite`, 0o444);
    chmodSync(folder, 0o555);
    await asNobody(async () => {
      for (const [i, question] of questions.entries()) {
        const asked = await bench.call(question);
        expect([asked.code, asked.out], question.join(" ") + asked.err).to.deep.equal([0, answers[i]]);
      }
      const refused = await bench.call(["restart", id, "--store", store]);
      expect([refused.code, refused.out]).to.deep.equal([2, ""]);
      expect(refused.err).to.match(/store\.sqlite is read-only/);
    });
    chmodSync(folder, 0o755);
    expect(readdirSync(folder)).to.deep.equal(["store.sqlite"]);
  });
});

describe("a command that writes to a place named on purpose", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  it("creates the database: import, and serve, which says that it is new", async () => {
    const file = bench.path("new.sqlite");
    const serving = bench.start(["serve", "--assets", `sqlite:${file}`, "--port", "0"]);
    await serving.says(/new\.sqlite is new and holds no assets yet/);
    await serving.says(/listens on/);
    expect(existsSync(file)).to.equal(true);
    serving.signal("SIGTERM");
    await serving.ended;
  });
});
