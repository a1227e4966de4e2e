export type { EmitAuth } from "./auth";
export { BAD_KINDS, ENTRIES } from "./bad-records";
export { type Caller, emitAuthOf } from "./caller";
export { Connections } from "./connections";
export { type EmitOptions, type EmitProgress, type EmitResult, emit } from "./emit";
export { telemetryRecords } from "./generator";
export { progressLine, resultLines } from "./progress";
export { type BadResult, keyOf, sendBad } from "./send-bad";
