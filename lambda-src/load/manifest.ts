import type { LoadableObject } from "./object";

export interface Manifest {
  readonly entries: readonly {
    readonly url: string;
    readonly mandatory: true;
    readonly meta: { readonly content_length: number };
  }[];
}

/**
 * The files of a COPY. `mandatory`, so that a file that has gone makes it fail; the lengths, because Parquet and ORC ask for them
 * (https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html).
 */
export const manifestOf = (files: readonly LoadableObject[]): Manifest => ({
  entries: files.map(({ bucket, key, bytes }) => ({
    url: `s3://${bucket}/${key}`,
    mandatory: true,
    meta: { content_length: bytes },
  })),
});
