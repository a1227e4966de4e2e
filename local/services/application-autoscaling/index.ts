export { createApplicationAutoScaling } from "./service";
