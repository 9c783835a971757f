import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { createServer } from "node:net";

// Node would end at these without an "exit", and leave the server behind.
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A Java program of ours: it is ended by its pid, and with this process at the latest. */
export class JavaProcess {
  readonly log: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #onExit = (): void => void this.#child.kill("SIGKILL");
  readonly #onSignal = (): void => process.exit(130);

  private constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.log = log;
    this.#exited = new Promise((exited) => child.once("exit", () => exited()));
    process.once("exit", this.#onExit);
    for (const signal of SIGNALS) process.once(signal, this.#onSignal);
  }

  static async start(args: readonly string[], log: string): Promise<JavaProcess> {
    const out = await open(log, "a");
    try {
      return new JavaProcess(spawn("java", args, { stdio: ["ignore", out.fd, out.fd] }), log);
    } finally {
      await out.close();
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it and waits; after half a minute it is killed. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    process.removeListener("exit", this.#onExit);
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
    if (!this.running) return;
    this.#child.kill(signal);
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), 30_000);
    await this.#exited;
    clearTimeout(patience);
  }

  /** Waits until the condition holds; fails where the process ends, or does not get there. */
  async until(
    what: string,
    holds: () => Promise<boolean>,
    withinMs: number,
    hopeless: () => Promise<boolean> = async () => false,
  ): Promise<void> {
    const end = performance.now() + withinMs;
    while (!(await holds().catch(() => false))) {
      if (!this.running) throw new Error(`the server ended before: ${what}; see ${this.log}`);
      if (await hopeless()) throw new Error(`the server gave up before: ${what}; see ${this.log}`);
      if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for: ${what}; see ${this.log}`);
      await new Promise((turn) => setTimeout(turn, 300));
    }
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** The status that a server answers admin with; 0 where it does not. */
export async function statusOf(url: string): Promise<number> {
  const headers = { Authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` };
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
