import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { copyFile } from "node:fs/promises";
import { execa } from "execa";
import { cached, digestOf, maven, serverSource } from "./cache.js";
import { freePort, JavaProcess, statusOf } from "./java-process.js";

export interface SlingServer {
  readonly origin: string;
  readonly pid: number | undefined;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const VERSION = "11";
const TRIES = 4;

/** What Sling 11 reflects upon, and newer Javas keep shut. */
const OPENED = [
  "java.lang",
  "java.lang.reflect",
  "java.net",
  "java.io",
  "java.nio",
  "java.util",
  "java.security",
  "sun.net.www.protocol.file",
  "sun.net.www.protocol.http",
  "sun.net.www.protocol.https",
  "sun.net.www.protocol.jar",
];

async function starter(): Promise<string> {
  const folder = await cached(`sling-starter-${VERSION}`, async (fresh) => {
    const artifact = `org.apache.sling:org.apache.sling.starter:${VERSION}`;
    await maven("copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${fresh}`);
  });
  return join(folder, `org.apache.sling.starter-${VERSION}.jar`);
}

/** Options that put back what Java 14 took; none where it is there. */
async function patches(): Promise<string[]> {
  const { stdout } = await execa("java", ["--version"], { reject: false });
  const major = Number(/(\d+)\.\d+\.\d+/.exec(stdout)?.[1] ?? 8);
  if (major < 9) return [];
  const opens = OPENED.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
  if (major < 14) return opens;
  const source = serverSource("Group.java");
  const patch = await cached(`acl-group-${await digestOf(source)}`, async (folder) => {
    const file = join(folder, "source", "java", "security", "acl", "Group.java");
    await mkdir(dirname(file), { recursive: true });
    await copyFile(source, file);
    await execa("javac", [`--patch-module=java.base=${join(folder, "source")}`, "-d", join(folder, "classes"), file]);
  });
  return [
    `--patch-module=java.base=${join(patch, "classes")}`,
    "--add-exports=java.base/java.security.acl=ALL-UNNAMED",
    ...opens,
  ];
}

/** A fresh Sling Starter. It may fail to set itself up under load (its Oak makes admin twice): then it starts over. */
export async function startSling(heapMb = 1_024): Promise<SlingServer> {
  const jar = await starter();
  const patched = await patches();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  let home = "";
  const launch = async (withinMs: number): Promise<JavaProcess> => {
    const args = [`-Xmx${heapMb}m`, ...patched, "-jar", jar, "-a", "127.0.0.1", "-p", String(port), "-c", home];
    const java = await JavaProcess.start(args, join(dirname(home), "sling.log"));
    try {
      // Bundles that are active are not enough: both of its ways in have to answer.
      const pages = [`${origin}/content.1.json`, `${origin}/server/default/jcr:root/content.0.json`];
      for (const page of pages) {
        await java.until(
          page,
          async () => (await statusOf(page)) === 200,
          withinMs,
          () => gaveUp(home),
        );
      }
      await java.until("all bundles", () => bundlesSettled(origin), 60_000);
      return java;
    } catch (error) {
      await java.end("SIGKILL");
      throw error;
    }
  };
  const first = async (): Promise<JavaProcess> => {
    for (let attempt = 1; ; attempt++) {
      home = join(await mkdtemp(join(tmpdir(), "assetmill-sling-")), "home");
      try {
        return await launch(120_000);
      } catch (error) {
        if (attempt === TRIES) throw error;
        process.stderr.write(`Sling did not start (${String(error)}); starting over\n`);
        await rm(dirname(home), { recursive: true, force: true });
      }
    }
  };
  let java = await first();
  return {
    origin,
    get pid() {
      return java.pid;
    },
    kill: () => java.end("SIGKILL"),
    restart: async () => {
      await java.end();
      java = await launch(180_000);
    },
    stop: async () => {
      await java.end();
      await rm(dirname(home), { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Its repository was stopped twice while it was being set up: it stays at 503 for ever. */
async function gaveUp(home: string): Promise<boolean> {
  const log = await readFile(join(home, "logs", "error.log"), "utf8").catch(() => "");
  return log.split("calling stopRepository()").length > 2;
}

/** `s`: all, active, fragments, resolved, installed. */
async function bundlesSettled(origin: string): Promise<boolean> {
  const headers = { Authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` };
  const response = await fetch(`${origin}/system/console/bundles.json`, { headers });
  return /"s":\[\d+,\d+,\d+,0,0\]/.test(await response.text());
}
