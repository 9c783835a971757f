import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** One way through the wire: what comes in goes out in order, however late. */
class Way {
  #last: Promise<void> = Promise.resolve();

  constructor(from: Socket, to: Socket, wire: Wire) {
    from.on("data", (bytes: Buffer) => {
      if (wire.isDead(from)) return;
      const lateMs = wire.lateMs();
      const due = performance.now() + lateMs;
      this.#last = this.#last.then(async () => {
        const leftMs = due - performance.now();
        if (leftMs > 0) await sleep(leftMs);
        if (!to.destroyed) to.write(bytes);
      });
    });
    from.on("close", () => void this.#last.then(() => wire.parted(from, to)));
    from.on("error", () => {});
  }
}

/** A network between a process and a server of this machine, which can be cut, slow or dead. */
export class Wire {
  readonly port: number;
  readonly #target: number;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Connections over which nothing will ever come again; their other ends are not told. */
  readonly #dead = new Set<Socket>();
  #lateMs: readonly [number, number] = [0, 0];
  #isSilent = false;

  private constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
  }

  static async to(target: number): Promise<Wire> {
    const free = await new Promise<number>((found) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address() as { port: number };
        server.close(() => found(port));
      });
    });
    const wire = new Wire(free, target);
    await wire.#listen();
    return wire;
  }

  /** The same place, by way of this wire. */
  through(uri: string): string {
    return uri.replace(`:${this.#target}`, `:${this.port}`);
  }

  /** Breaks every connection, as a router that starts anew. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Breaks every connection and refuses new ones for a while. */
  async refuse(forMs: number): Promise<void> {
    const closed = new Promise((over) => this.#server?.close(over));
    this.cut();
    await closed;
    await sleep(forMs);
    await this.#listen();
  }

  /** Everything comes late for a while, by so much. */
  async slow(forMs: number, lateMs: readonly [number, number]): Promise<void> {
    this.#lateMs = lateMs;
    await sleep(forMs);
    this.#lateMs = [0, 0];
  }

  /**
   * Accepts and never answers, for a while; what was connected meanwhile stays dead for ever, and neither end is told. So
   * does a firewall that forgets its connections.
   */
  async silence(forMs: number): Promise<void> {
    this.#isSilent = true;
    for (const socket of this.#sockets) this.#dead.add(socket);
    await sleep(forMs);
    for (const socket of this.#sockets) this.#dead.add(socket);
    this.#isSilent = false;
  }

  isDead(socket: Socket): boolean {
    return this.#dead.has(socket);
  }

  lateMs(): number {
    const [least, most] = this.#lateMs;
    return least + Math.random() * (most - least);
  }

  /** One end has gone: the other is told, unless the wire is dead. */
  parted(gone: Socket, other: Socket): void {
    this.#sockets.delete(gone);
    if (!this.#dead.has(gone)) other.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((over) => this.#server?.close(over));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(): Promise<void> {
    this.#server = createServer((near) => {
      this.#sockets.add(near);
      near.on("error", () => {});
      if (this.#isSilent) {
        near.on("data", () => {}).on("close", () => this.#sockets.delete(near));
        return;
      }
      const far = connect(this.#target, "127.0.0.1");
      this.#sockets.add(far);
      far.setNoDelay(true);
      near.setNoDelay(true);
      new Way(near, far, this);
      new Way(far, near, this);
    });
    await new Promise<void>((listening, failed) => {
      this.#server?.once("error", failed).listen(this.port, "127.0.0.1", listening);
    });
  }
}
