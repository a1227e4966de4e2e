import { ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";

/** Where a listing goes on. */
export interface Continuation {
  readonly keyMarker: string;
  readonly versionIdMarker: string;
}

/** A version as the bucket lists it. */
export interface Listed {
  readonly key: string;
  readonly version: string;
  readonly bytes: number;
  readonly modified: Date;
  /** Whether it is the key's newest. */
  readonly latest: boolean;
  /** Such as STANDARD or GLACIER. */
  readonly storageClass: string;
  /** Whether a copy of an archived object can be read now. */
  readonly restored: boolean;
}

export interface VersionsPage {
  readonly versions: readonly Listed[];
  readonly next?: Continuation;
}

/** Versions a page has at most. */
const PAGE = 1000;

/**
 * One page of a bucket's versions, in the order of keys. Keys come URL-encoded, because XML cannot hold every character that a key can.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export async function listVersions(
  client: S3Client,
  Bucket: string,
  from: Continuation | undefined,
  Prefix?: string,
): Promise<VersionsPage> {
  const page = await client.send(
    new ListObjectVersionsCommand({
      Bucket,
      Prefix,
      MaxKeys: PAGE,
      EncodingType: "url",
      OptionalObjectAttributes: ["RestoreStatus"],
      KeyMarker: from?.keyMarker,
      VersionIdMarker: from?.versionIdMarker || undefined,
    }),
  );
  const versions = (page.Versions ?? []).map((version) => ({
    key: decodeKey(version.Key ?? ""),
    version: version.VersionId ?? "null",
    bytes: version.Size ?? 0,
    modified: version.LastModified ?? new Date(0),
    latest: version.IsLatest === true,
    storageClass: version.StorageClass ?? "STANDARD",
    restored: version.RestoreStatus?.RestoreExpiryDate !== undefined && !version.RestoreStatus.IsRestoreInProgress,
  }));
  if (!page.IsTruncated || page.NextKeyMarker === undefined) return { versions };
  const next = { keyMarker: decodeKey(page.NextKeyMarker), versionIdMarker: page.NextVersionIdMarker ?? "" };
  return { versions, next };
}

/** As S3 encodes keys in listings: percent signs, and + for a space. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll("+", " "));
