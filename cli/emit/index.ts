export { Connections } from "./connections";
export { type EmitAuth, type EmitOptions, type EmitProgress, type EmitResult, emit } from "./emit";
export { telemetryRecords } from "./generator";
export { progressLine, resultLines } from "./progress";
