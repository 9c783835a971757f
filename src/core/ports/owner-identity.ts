/** Who holds leases here, and which other holders are known to be dead. */
export interface OwnerIdentity {
  /** This process, as it stands in the leases: instance, boot, pid namespace, pid, start time. */
  readonly self: string;
  /**
   * True only where that owner ran on this machine's present boot and in this pid namespace,
   * and its process is gone or its pid belongs to another. In doubt false: then the lease has to run out.
   */
  isKnownDead(owner: string): boolean;
}
