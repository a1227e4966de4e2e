export { type Archive, Bucket, type BucketProps, type BucketReaders } from "./bucket";
export { ForeignBucket, type ForeignBucketProps } from "./foreign-bucket";
