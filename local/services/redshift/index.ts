export { s3Stores } from "./s3-stores";
export { type ClusterFacts, createRedshift, type RedshiftService } from "./service";
