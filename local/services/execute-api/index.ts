export { createExecuteApi } from "./service";
