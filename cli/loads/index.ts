export { check, type Health, linesOfHealth, problemsOf } from "./check";
export { type ClientSettings, hasLoader, isRecorded, type LoaderOutputs, loaderOf, replayOf } from "./outputs";
export { redrive } from "./redrive";
export { linesOfReject, mustBeListed, type Reject, rejectsOf } from "./rejects";
export { follow, linesOfPlan, plan, type ReplaySpan, startReplay } from "./replay";
export { retry } from "./retry";
