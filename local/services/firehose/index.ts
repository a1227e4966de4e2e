export { createFirehose } from "./service";
