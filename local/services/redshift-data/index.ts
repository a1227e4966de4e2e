export { createRedshiftData } from "./service";
