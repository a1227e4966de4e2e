import { gzipSync } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { recordsGivenUp } from "../../../cli/up/given-up";

/** A bucket of the objects given, listed one a page. */
function bucketOf(objects: Readonly<Record<string, string | Buffer>>): S3Client {
  const send = async ({
    input,
  }: {
    input: { Bucket: string; Key?: string; Prefix?: string; ContinuationToken?: string };
  }) => {
    if (input.Key !== undefined) {
      const bytes = Buffer.from(objects[`${input.Bucket}/${input.Key}`] as string);
      return { Body: { transformToByteArray: async () => bytes } };
    }
    const start = `${input.Bucket}/${input.Prefix}`;
    const keys = Object.keys(objects).filter((key) => key.startsWith(start));
    const at = Number(input.ContinuationToken ?? 0);
    return {
      Contents: keys.slice(at, at + 1).map((key) => ({ Key: key.slice(input.Bucket.length + 1) })),
      ...(at + 1 < keys.length ? { NextContinuationToken: String(at + 1) } : {}),
    };
  };
  return { send } as unknown as S3Client;
}

const manifest = (...urls: string[]) => JSON.stringify({ entries: urls.map((url) => ({ url, mandatory: true })) });

describe("records of COPYs that were given up", () => {
  it("are counted in the files that the manifests under errors/manifests name, packed ones too", async () => {
    const s3 = bucketOf({
      "staging/a.csv": "1\n2\n",
      "staging/b c.csv.gz": gzipSync("3\n4\n5\n"),
      "staging/loaded.csv": "6\n",
      "staging/manifests/2026/loaded": manifest("s3://staging/loaded.csv"),
      "staging/errors/manifests/2026/one": manifest("s3://staging/a.csv"),
      "staging/errors/manifests/2026/two": manifest("s3://staging/b c.csv.gz"),
    });
    expect(await recordsGivenUp(s3, "staging")).toBe(5);
  });

  it("are none where no COPY was given up", async () => {
    expect(await recordsGivenUp(bucketOf({ "staging/a.csv": "1\n" }), "staging")).toBe(0);
  });
});
