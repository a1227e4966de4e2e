export { LAKE_TABLES } from "./catalogue";
export type { Lake, LakeRequest, LakeRows, LakeSchema } from "./source";
