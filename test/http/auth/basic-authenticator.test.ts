import { expect } from "chai";
import { scryptSync } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AssetmillError, messageOf } from "../../../src/core/errors.js";
import { BasicAuthenticator } from "../../../src/http/auth/basic-authenticator.js";
import { hashPassword, isPassword, parsePasswordHash } from "../../../src/http/auth/password-hash.js";
import { tempFolder } from "../../support/temp-folder.js";
import { BASE, client } from "../client.js";
import { basic, credentials } from "./credentials.js";
import { itMeasures, NOISY } from "../../support/timed.js";

/** Cheap, and made without the code under test. */
const line = (name: string, password: string, cost = 1024): string => {
  const salt = Buffer.from(`salt of ${name}`.padEnd(16, "."));
  const hash = scryptSync(password, salt, 32, { N: cost, r: 8, p: 1, maxmem: 2 ** 26 });
  return `${name}:scrypt$${cost}$8$1$${salt.toString("base64")}$${hash.toString("base64")}`;
};

const asks = async (authenticator: BasicAuthenticator, name: string, password: string): Promise<string | undefined> =>
  (await authenticator.authenticate(credentials({ authorization: basic(name, password) })))?.name;

describe("HTTP Basic with scrypt", () => {
  const users = ["# who may", "", line("anna", "geheim"), `${line("Jürgen", "zwei:drei")}\r`];

  const cases: [name: string, password: string, known: boolean][] = [
    ["anna", "geheim", true],
    ["Jürgen", "zwei:drei", true],
    ["anna", "Geheim", false],
    ["anna", "", false],
    ["anna", "geheim ", false],
    ["anna", "geheim\0", false],
    ["anna", "geheim\0\0", false],
    ["anna", "\0geheim", false],
    ["anna", "geheim\n", false],
    ["anna", "geheim\x7f", false],
    ["anna\0", "geheim", false],
    ["\ufeffanna", "geheim", false],
    ["anna", "\ufeffgeheim", false],
    ["Anna", "geheim", false],
    ["nobody", "geheim", false],
    ["", "geheim", false],
    ["anna\n", "geheim", false],
    ["anna", "x".repeat(100_000), false],
    ["__proto__", "x", false],
  ];
  for (const [name, password, known] of cases) {
    it(`${known ? "knows" : "refuses"} ${JSON.stringify(name)} with ${JSON.stringify(password.slice(0, 20))}`, async () => {
      const authenticator = BasicAuthenticator.ofUsers(users);
      expect(await asks(authenticator, name, password)).to.equal(known ? name : undefined);
      expect(await asks(authenticator, name, password)).to.equal(known ? name : undefined);
    });
  }

  it("refuses other schemes and malformed credentials", async () => {
    const authenticator = BasicAuthenticator.ofUsers(users);
    for (const authorization of ["Bearer geheim", "Basic", "Basic ???", `Basic ${btoa("anna")}`, ""]) {
      expect(await authenticator.authenticate(credentials({ authorization })), authorization).to.equal(undefined);
    }
    expect(await authenticator.authenticate(credentials({}))).to.equal(undefined);
  });

  it("refuses credentials that are not UTF-8, even those that look like a password once their bytes are replaced", async () => {
    const authenticator = BasicAuthenticator.ofUsers([line("anna", "K\ufffdse"), line("bert", "Käse")]);
    const bytes = (text: string) => `Basic ${Buffer.from(text, "latin1").toString("base64")}`;
    for (const authorization of [bytes("anna:K\xe4se"), bytes("anna:K\xffse"), bytes("bert:K\xe4se"), bytes("\xff:x")])
      expect(await authenticator.authenticate(credentials({ authorization })), authorization).to.equal(undefined);
    expect(await asks(authenticator, "bert", "Käse")).to.equal("bert");
    expect(await asks(authenticator, "anna", "K\ufffdse")).to.equal("anna");
  });

  it("knows a password of 1,024 characters, and refuses a longer one that begins with it", async () => {
    const long = "x".repeat(1_024);
    const authenticator = BasicAuthenticator.ofUsers([line("anna", long)]);
    expect(await asks(authenticator, "anna", long)).to.equal("anna");
    expect(await asks(authenticator, "anna", `${long}x`)).to.equal(undefined);
    expect(await asks(authenticator, "anna", long.slice(1))).to.equal(undefined);
  });

  it("reports that a header proved the caller, and offers Basic", async () => {
    const authenticator = BasicAuthenticator.ofUsers(users);
    const principal = await authenticator.authenticate(credentials({ authorization: basic("anna", "geheim") }));
    expect(principal).to.deep.equal({ name: "anna", by: "header" });
    expect(authenticator.challenges).to.deep.equal(['Basic realm="assetmill", charset="UTF-8"']);
  });

  it("verifies a password once for repeated polls, and wrong ones each time", async () => {
    const authenticator = BasicAuthenticator.ofUsers([line("anna", "geheim", 2 ** 15)]);
    const timed = async (password: string): Promise<number> => {
      const from = performance.now();
      await asks(authenticator, "anna", password);
      return performance.now() - from;
    };
    const first = await timed("geheim");
    const next = [await timed("geheim"), await timed("geheim"), await timed("geheim")];
    expect(Math.min(...next)).to.be.lessThan(first / 5);
    expect(Math.min(await timed("nope"), await timed("nope"))).to.be.greaterThan(first / 5);
  }).retries(NOISY);

  it("takes as long for an unknown name as for a wrong password", async () => {
    const authenticator = BasicAuthenticator.ofUsers([line("cheap", "x"), line("anna", "geheim", 2 ** 15)]);
    const fastest = async (name: string): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const from = performance.now();
        await asks(authenticator, name, "nope");
        times.push(performance.now() - from);
      }
      return Math.min(...times);
    };
    const [wrong, unknown] = [await fastest("anna"), await fastest("nobody")];
    expect(unknown / wrong).to.be.within(0.5, 2);
  }).retries(NOISY);

  const flood = async (): Promise<number> => {
    const authenticator = BasicAuthenticator.ofUsers([line("anna", "geheim", 2 ** 14)], {
      concurrency: 2,
      maxWaiting: 8,
    });
    const before = process.memoryUsage().rss;
    const answers = await Promise.allSettled(
      Array.from({ length: 500 }, (_, i) => asks(authenticator, "anna", `wrong ${i}`)),
    );
    const refused = answers.filter((answer) => answer.status === "rejected");
    for (const { reason } of refused) expect((reason as AssetmillError).code).to.equal("RATE_LIMITED");
    expect(answers.length - refused.length).to.be.within(8, 12);
    const grownBytes = process.memoryUsage().rss - before;
    expect(await asks(authenticator, "anna", "geheim")).to.equal("anna");
    return grownBytes;
  };
  itMeasures(
    "refuses a flood of wrong passwords with RATE_LIMITED beyond a short queue",
    flood,
    "uses little memory during a flood of wrong passwords",
    // Two at a time are 32 MiB; 500 would be 8 GiB.
    (grownBytes) => expect(grownBytes).to.be.lessThan(200 * 1024 * 1024),
  );

  it("lets a caller whose password is already verified in during a flood", async () => {
    const authenticator = BasicAuthenticator.ofUsers([line("anna", "geheim")], { maxWaiting: 1 });
    expect(await asks(authenticator, "anna", "geheim")).to.equal("anna");
    const flood = Array.from({ length: 50 }, (_, i) =>
      asks(authenticator, "anna", `wrong ${i}`).catch(() => undefined),
    );
    expect(await asks(authenticator, "anna", "geheim")).to.equal("anna");
    await Promise.all(flood);
  });
});

describe("a file of users", () => {
  let remove: () => Promise<void>;
  let file: string;
  const changed = async (content: string): Promise<void> => {
    writeFileSync(file, content);
    await new Promise((over) => setTimeout(over, 1_050)); // it is looked at once a second
  };

  beforeEach(async () => {
    const temp = await tempFolder();
    remove = temp.remove;
    file = join(temp.folder, "users");
    writeFileSync(file, `${line("anna", "eins")}\n`);
  });
  afterEach(() => remove());

  it("is read again when it changes: new users get in, and a changed password invalidates the cached proof", async () => {
    const authenticator = await BasicAuthenticator.ofFile(file);
    expect(await asks(authenticator, "anna", "eins")).to.equal("anna");
    await changed(`${line("anna", "zwei")}\n${line("bert", "drei")}\n`);
    expect(await asks(authenticator, "anna", "eins")).to.equal(undefined);
    expect(await asks(authenticator, "anna", "zwei")).to.equal("anna");
    expect(await asks(authenticator, "bert", "drei")).to.equal("bert");
  });

  for (const [what, content] of Object.entries({
    "a line that makes no sense": "anna:plain text",
    "no users": "# none\n",
  })) {
    it(`lets nobody in while it has ${what}, until it is fixed`, async () => {
      const authenticator = await BasicAuthenticator.ofFile(file);
      await changed(content);
      const failed = () => asks(authenticator, "anna", "eins").catch((thrown: unknown) => thrown);
      const error = await failed();
      expect(error).to.be.instanceOf(AssetmillError).with.property("code", "INTERNAL");
      expect(messageOf(error)).to.include(file);
      expect(await failed(), "the same error, which is logged once").to.equal(error);
      writeFileSync(file, line("anna", "eins"));
      expect(await asks(authenticator, "anna", "eins")).to.equal("anna");
    });
  }

  it("lets nobody in once it has been deleted, until it is back", async () => {
    const authenticator = await BasicAuthenticator.ofFile(file);
    renameSync(file, `${file}.away`);
    await new Promise((over) => setTimeout(over, 1_050));
    const error = await asks(authenticator, "anna", "eins").catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "INTERNAL");
    renameSync(`${file}.away`, file);
    expect(await asks(authenticator, "anna", "eins")).to.equal("anna");
  });

  for (const statusCodes of ["documented", "semantic"] as const) {
    it(`with a bad line answers callers 500 without its name, and logs file and line once (${statusCodes})`, async () => {
      const errors: unknown[] = [];
      const authenticator = await BasicAuthenticator.ofFile(file);
      const { ask } = client({ authenticator, statusCodes, onError: (error) => errors.push(error) });
      await changed(`${line("anna", "eins")}\nbert:geheim\n`);
      for (let i = 0; i < 5; i++) {
        const { status, body, text } = await ask(`${BASE}/history`, {
          headers: { authorization: basic("anna", "eins") },
        });
        expect([status, body.code]).to.deep.equal([500, "INTERNAL"]);
        expect(body.detail).to.match(/list of users cannot be read/);
        expect(text)
          .to.not.match(/store|repository|geheim|line 2/)
          .and.not.include(file);
      }
      expect(errors.map(messageOf)).to.deep.equal([
        `cannot read the list of users: ${file}: line 2 is not of the form NAME:scrypt$N$r$p$salt$hash`,
      ]);
    });
  }

  it("may begin with a byte order mark, but is refused where a line is not UTF-8", async () => {
    writeFileSync(file, `\ufeff${line("anna", "eins")}\r\n`);
    expect(await asks(await BasicAuthenticator.ofFile(file), "anna", "eins")).to.equal("anna");
    writeFileSync(file, Buffer.from(`${line("anna", "eins")}\n# f\xfcr\n`, "latin1"));
    const error = await BasicAuthenticator.ofFile(file).catch((thrown: unknown) => thrown);
    expect(messageOf(error)).to.equal(`${file}: line 2 is not UTF-8`);
  });

  it("is rejected at the start, naming the line but never its content", async () => {
    for (const [bad, says] of [
      [`${line("anna", "x")}\nbert:secret\n`, /line 2/],
      [`${line("anna", "x")}\n${line("anna", "y")}\n`, /line 2/],
      [":scrypt$1024$8$1$c2FsdHNhbHQ=$aGFzaGhhc2hoYXNoaGFzaA==\n", /line 1/],
      ["", /no user/],
    ] as const) {
      writeFileSync(file, bad);
      const error = await BasicAuthenticator.ofFile(file).catch((thrown: unknown) => thrown);
      expect(error)
        .to.be.instanceOf(AssetmillError)
        .with.property("message")
        .that.matches(says)
        .and.not.includes("secret");
    }
  });
});

describe("a password's hash", () => {
  it("is salted, and matches its own password, in either Unicode form, and no other", async () => {
    const [one, two] = [await hashPassword("Käse"), await hashPassword("Käse")];
    expect(one)
      .to.match(/^scrypt\$65536\$8\$2\$/)
      .and.not.equal(two);
    const parsed = parsePasswordHash(one);
    if (!parsed) throw new Error("not parsed");
    expect(await isPassword("Käse", parsed)).to.equal(true);
    expect(await isPassword("Ka\u0308se", parsed)).to.equal(true);
    expect(await isPassword("Kase", parsed)).to.equal(false);
  });

  it("is not matched by its password with NUL at the end, which scrypt itself cannot tell apart", async () => {
    const parsed = parsePasswordHash(line("anna", "geheim").slice("anna:".length));
    if (!parsed) throw new Error("not parsed");
    expect(await isPassword("geheim", parsed)).to.equal(true);
    for (const other of ["geheim\0", "geheim\0\0\0"]) expect(await isPassword(other, parsed)).to.equal(false);
  });

  it("is not made of a password that nobody could log in with", async () => {
    for (const bad of ["geheim\0", "a\tb", "a\nb", "\ud800", "x".repeat(1_025)]) {
      const error = await hashPassword(bad).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(AssetmillError).with.nested.property("ids.field", "password");
      expect(messageOf(error)).to.not.include("geheim");
    }
  });

  const salt = "c2FsdHNhbHQ=";
  const hash = "aGFzaGhhc2hoYXNoaGFzaA==";
  for (const bad of [
    `scrypt$1000$8$1$${salt}$${hash}`,
    `scrypt$512$8$1$${salt}$${hash}`,
    `scrypt$1048576$64$1$${salt}$${hash}`,
    `scrypt$1024$0$1$${salt}$${hash}`,
    `scrypt$1024$8$0$${salt}$${hash}`,
    `scrypt$1024$8$99$${salt}$${hash}`,
    `scrypt$1024$8$1$c2E=$${hash}`,
    `scrypt$1024$8$1$${salt}$aGE=`,
    `scrypt$1024$8$1$${salt}`,
    `bcrypt$1024$8$1$${salt}$${hash}`,
    "",
  ]) {
    it(`cannot be ${bad || "empty"}`, () => expect(parsePasswordHash(bad)).to.equal(undefined));
  }
});
