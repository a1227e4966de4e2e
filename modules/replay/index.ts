export { Replay, type ReplayProps } from "./replay";
