export { filesOf, type MadeFile, type Row } from "./made";
export { type Put, type PutFile, putFiles } from "./put";
export { settleFiles } from "./settle";
export { type FilesOutputs, sumUpFiles } from "./sum-up";
