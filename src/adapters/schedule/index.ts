export { scheduleRetention } from "./retention-schedule.js";
