export { type MinistackOptions, startMinistack } from "./ministack";
export type { Decision, Emulator, ResolvedKey, RoleSession } from "./types";
