import { KillHarness } from "./kill-harness.js";
import type { Mode } from "./place.js";

export interface Wanted {
  readonly mode: Mode;
  readonly kills: number;
}

/** Returns what it did and measured in one line; throws if a guarantee was broken. */
export type Scenario = (wanted: Wanted) => Promise<string>;

export const FAIL_EVERY = 101;

/** Runs `work` with a harness and disposes of it afterwards. */
export async function withHarness<T>(
  options: Parameters<typeof KillHarness.open>[0],
  work: (harness: KillHarness) => Promise<T>,
): Promise<T> {
  const harness = await KillHarness.open(options);
  try {
    return await work(harness);
  } finally {
    await harness.dispose();
  }
}

/** Starts `serve` on the harness's tree and returns its API. */
export async function serve(harness: KillHarness, ...flags: readonly string[]) {
  const child = harness.startServe(...flags);
  const url = await new Promise<string>((listening, failed) => {
    child.stdout?.once("data", (data: Buffer) => listening((JSON.parse(data.toString()) as { url: string }).url));
    child.once("exit", () => failed(new Error(`serve exited: ${harness.said}`)));
  });
  const api = `${url}/bin/guides/v1/assets/process`;
  const post = async (path: string, body: object): Promise<{ status: number; body: any }> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  };
  const status = async (id: string): Promise<any> => (await fetch(`${api}/status?processingId=${id}`)).json();
  return { child, api, post, status };
}

export const FINAL = ["SUCCESS", "FAILURE", "CANCELLED"];
