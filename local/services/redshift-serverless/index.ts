export { createRedshiftServerless } from "./service";
