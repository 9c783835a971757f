/** Identifies this process as a lease owner, and tells which other owners are dead. */
export interface OwnerIdentity {
  /** This process as named in its leases: instance, boot, pid namespace, pid, start time. */
  readonly self: string;
  /**
   * Returns true only if the owner ran on this machine since its last boot, in this pid namespace, and its process is
   * gone or its pid now belongs to another process. If in doubt, returns false: the lease must then expire.
   */
  isKnownDead(owner: string): boolean;
}
