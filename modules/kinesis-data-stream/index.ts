export { DataStream, type DataStreamProps } from "./data-stream";
