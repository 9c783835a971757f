import type { Claimant, RecentLogins } from "./recent-logins.js";

/** So often suspicion does not count: an address that others guess from is not kept out by a stream of clean ones. */
const BLIND_EVERY = 8;
/** So many turns in a row may go to the same name while others wait. */
const MAX_RUN = 4;

/** A stranger that waits for its turn. */
export interface Stranger {
  readonly claimant: Claimant;
}

interface Place<S> {
  readonly stranger: S;
  suspicion: number;
}

/**
 * The order in which strangers are checked: the least suspicious address first. Among equals, the last one to ask goes
 * first: whoever guesses in a loop has always waited, whoever comes to log in has not. A name gets four turns in a row at
 * most while others of equal suspicion wait. The order only delays: a right password gets in from anywhere, however much
 * its name is being guessed.
 */
export class StrangerQueue<S extends Stranger> {
  readonly #logins: RecentLogins;
  /** Whoever asked longest ago first. */
  readonly #places: Place<S>[] = [];
  #turns = 0;
  #lastName: string | undefined;
  #run = 0;

  constructor(logins: RecentLogins) {
    this.#logins = logins;
  }

  get size(): number {
    return this.#places.length;
  }

  add(stranger: S): void {
    this.#places.push({ stranger, suspicion: this.#logins.suspicionOf(stranger.claimant) });
  }

  /** Treats the waiting stranger that this finds as if it asked just now. */
  renew(wanted: (stranger: S) => boolean): void {
    const at = this.#places.findIndex(({ stranger }) => wanted(stranger));
    if (at >= 0) this.#places.push(...this.#places.splice(at, 1));
  }

  /** Returns whether it was waiting. */
  remove(stranger: S): boolean {
    const at = this.#places.findIndex((place) => place.stranger === stranger);
    return at >= 0 && this.#removeAt(at) !== undefined;
  }

  /** Removes and returns the one to check next; undefined if none waits. */
  take(): S | undefined {
    if (this.#places.length === 0) return undefined;
    const isBlind = ++this.#turns % BLIND_EVERY === 0;
    // The others from the address of one that failed meanwhile have become suspicious while they waited.
    for (const place of this.#places) place.suspicion = this.#logins.suspicionOf(place.stranger.claimant);
    const next = this.#removeAt(isBlind ? this.#places.length - 1 : this.#leastSuspicious());
    const name = next?.claimant.name;
    this.#run = name === this.#lastName ? this.#run + 1 : 1;
    this.#lastName = name;
    return next;
  }

  /** Removes and returns the one that would have to wait longest; undefined if none waits. */
  shed(): S | undefined {
    const most = Math.max(...this.#places.map(({ suspicion }) => suspicion));
    return this.#removeAt(this.#places.findIndex(({ suspicion }) => suspicion === most));
  }

  #leastSuspicious(): number {
    const least = Math.min(...this.#places.map(({ suspicion }) => suspicion));
    const next = this.#places.findLastIndex(
      ({ suspicion, stranger: { claimant } }) =>
        suspicion === least && (this.#run < MAX_RUN || claimant.name !== this.#lastName),
    );
    return next >= 0 ? next : this.#places.findLastIndex(({ suspicion }) => suspicion === least);
  }

  #removeAt(at: number): S | undefined {
    return this.#places.splice(at, 1)[0]?.stranger;
  }
}
