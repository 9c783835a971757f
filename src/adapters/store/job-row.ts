import { Column, Entity, PrimaryGeneratedColumn } from "typeorm";
import { JOB } from "./tables.js";

/** A job as it is stored. Structures are JSON text: nobody queries inside them. */
@Entity({ name: JOB })
export class JobRow {
  @PrimaryGeneratedColumn({ type: "integer" })
  sequence!: number;

  @Column({ type: "text", unique: true })
  id!: string;

  @Column({ type: "text" })
  type!: string;

  @Column({ type: "text" })
  repository!: string;

  @Column({ type: "text" })
  status!: string;

  @Column({ type: "integer", default: 0 })
  pausing!: number;

  @Column({ name: "giving_up", type: "text", nullable: true })
  givingUp!: string | null;

  @Column({ type: "integer" })
  priority!: number;

  @Column({ type: "text" })
  request!: string;

  @Column({ type: "text" })
  handlers!: string;

  @Column({ name: "created_by", type: "text" })
  createdBy!: string;

  @Column({ name: "created_at_ms", type: "integer" })
  createdAtMs!: number;

  @Column({ name: "started_at_ms", type: "integer" })
  startedAtMs!: number;

  @Column({ name: "completed_at_ms", type: "integer" })
  completedAtMs!: number;

  @Column({ type: "integer" })
  attempt!: number;

  @Column({ type: "text" })
  comments!: string;

  @Column({ name: "restarted_from", type: "text", nullable: true })
  restartedFrom!: string | null;

  @Column({ type: "text" })
  counting!: string;

  @Column({ type: "text" })
  tally!: string;

  @Column({ type: "integer" })
  triggered!: number;

  @Column({ name: "open_chunks", type: "integer" })
  openChunks!: number;

  @Column({ name: "attempt_base", type: "text" })
  attemptBase!: string;

  @Column({ type: "text" })
  pace!: string;

  @Column({ name: "progress_logged_at_ms", type: "integer" })
  progressLoggedAtMs!: number;

  /** 1 where nobody else may work on its scope meanwhile. */
  @Column({ type: "integer" })
  holds!: number;

  /** 1 where it waits for earlier jobs on an overlapping scope. */
  @Column({ type: "integer" })
  queued!: number;

  /** Its paths, each between two line breaks. */
  @Column({ type: "text" })
  roots!: string;

  @Column({ type: "text", nullable: true })
  found!: string | null;

  @Column({ name: "log_lines", type: "integer" })
  logLines!: number;
}
