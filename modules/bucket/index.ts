export { type Archive, Bucket, type BucketProps, type BucketReaders } from "./bucket";
