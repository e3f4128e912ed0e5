export type { Flaw } from './driven-task.ts';
export { type DrivenLetter, type DrivenRecord, type DriveOptions, type Driver, drive } from './driver.ts';
export {
  type Fault,
  type FaultStep,
  faultSteps,
  type RandomScheduleOptions,
  randomSchedule,
  type Schedule,
} from './schedule.ts';
export type { DrivenStore, PendingTimer } from './state-view.ts';
