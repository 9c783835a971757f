import { jsonLines, until, type Workbench } from "../cli/workbench.js";
import type { RunningCommand } from "../cli/running-command.js";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

const BASE = "/bin/guides/v1/assets/process";

/** `assetmill serve` in a process of its own, asked over a real socket. */
export class Server {
  readonly url: string;
  readonly token: string | null;
  readonly command: RunningCommand;

  private constructor(command: RunningCommand, { url, token }: { url: string; token: string | null }) {
    this.command = command;
    this.url = url;
    this.token = token;
  }

  /** Resolves once it listens. */
  static start(bench: Workbench, assets: string, ...more: readonly string[]): Promise<Server> {
    return Server.startIn({}, bench, assets, ...more);
  }

  /** The same in an environment of its own. */
  static async startIn(
    env: Readonly<Record<string, string>>,
    bench: Workbench,
    assets: string,
    ...more: readonly string[]
  ): Promise<Server> {
    const flags = ["--assets", assets, "--store", bench.store, "--port", "0", "--json"];
    const command = bench.start(["serve", ...flags, ...more], { withinMs: 120_000, env });
    await command.says(/^\{.*\}\n/);
    return new Server(command, jsonLines(command)[0]);
  }

  /** Asks below the API's base path; with the token, unless other headers are given. */
  async ask(
    path: string,
    init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const {
      method = "GET",
      body,
      headers = this.token === null ? {} : { authorization: `Bearer ${this.token}` },
    } = init;
    const response = await fetch(`${this.url}${BASE}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  post(body: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.ask("", { method: "POST", body, ...(headers ? { headers } : {}) });
  }

  /** The job's id; fails where it is refused. */
  async startJob(body: unknown): Promise<string> {
    const { status, body: answer } = await this.post(body);
    if (status !== 200) throw new Error(`start: ${status} ${JSON.stringify(answer)}`);
    return answer.processingId as string;
  }

  async status(processingId: string): Promise<any> {
    return (await this.ask(`/status?processingId=${processingId}`)).body;
  }

  /** The status object once the job has ended. */
  ended(processingId: string, withinMs?: number): Promise<any> {
    const look = async () => {
      const report = await this.status(processingId);
      return report.completedAt > 0 ? report : undefined;
    };
    return until(`the end of job ${processingId}`, look, withinMs);
  }

  async logs(processingId: string): Promise<readonly string[]> {
    return (await this.ask(`/logs?processingId=${processingId}`)).body.lines;
  }
}
