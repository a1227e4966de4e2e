export { glueLake } from "./glue-lake";
export { s3Stores } from "./s3-stores";
export { type ClusterFacts, createRedshift, type RedshiftService } from "./service";
