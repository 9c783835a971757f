export { scheduleRetention, type RetentionScheduleOptions } from "./retention-schedule.js";
