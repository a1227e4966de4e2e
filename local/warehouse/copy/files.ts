import { SqlError } from "../errors";
import type { CopyCredentials, CopyStatement } from "./options";

/** What COPY needs of S3. Answers come with the rights of the role or keys it was made for. */
export interface ObjectStore {
  /** Every key under `prefix`, in order. */
  list(bucket: string, prefix: string): Promise<readonly string[]>;
  /** Undefined when there is no such object. Any other failure (no rights, no bucket) throws with the service's words. */
  get(bucket: string, key: string): Promise<Buffer | undefined>;
}

/** The warehouse that a COPY runs on, as far as reading for it depends on it. */
export interface Reader {
  readonly host: string;
  /** ARNs of the roles that are associated with it. */
  readonly roles: ReadonlySet<string>;
  /** As policies name it: a cluster's identifier. */
  readonly name: string;
  /** The database user who loads. */
  readonly user: string;
}

/** Makes the store that acts as `credentials` for a warehouse. */
export type ObjectStores = (credentials: CopyCredentials, reader: Reader) => ObjectStore;

export interface SourceFile {
  readonly url: string;
  /** As stored: compressed where it is. */
  readonly content: Buffer;
}

/** Fetches every file that a COPY names, one after the other. */
export async function* sourceFiles(store: ObjectStore, copy: CopyStatement): AsyncGenerator<SourceFile> {
  const wanted = copy.manifest ? await readManifest(store, copy) : await readPrefix(store, copy);
  let found = 0;
  for (const { bucket, key, mandatory } of wanted) {
    const url = `s3://${bucket}/${key}`;
    const content = await get(store, bucket, key);
    if (!content) {
      if (mandatory)
        throw s3Error(
          `The specified key does not exist: the manifest s3://${copy.bucket}/${copy.key} names ${url} as mandatory`,
          404,
          "NoSuchKey",
        );
      continue;
    }
    found++;
    yield { url, content };
  }
  if (found === 0)
    throw new SqlError(`None of the files that the manifest s3://${copy.bucket}/${copy.key} names exists`, "58030");
}

interface Wanted {
  readonly bucket: string;
  readonly key: string;
  readonly mandatory: boolean;
}

async function readPrefix(store: ObjectStore, copy: CopyStatement): Promise<Wanted[]> {
  let keys: readonly string[];
  try {
    keys = await store.list(copy.bucket, copy.key);
  } catch (error) {
    throw s3Failure(error, `s3://${copy.bucket}/${copy.key}`);
  }
  if (keys.length === 0) throw new SqlError(`The specified S3 prefix '${copy.key}' does not exist`, "58030");
  return keys.filter((key) => !key.endsWith("/")).map((key) => ({ bucket: copy.bucket, key, mandatory: true }));
}

interface Entry {
  readonly url?: unknown;
  readonly mandatory?: unknown;
  readonly meta?: { readonly content_length?: unknown };
}

/** By https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html: `mandatory` is false unless it says so. */
async function readManifest(store: ObjectStore, copy: CopyStatement): Promise<Wanted[]> {
  const url = `s3://${copy.bucket}/${copy.key}`;
  const content = await get(store, copy.bucket, copy.key);
  if (!content)
    throw new SqlError(
      `Problem reading manifest file - S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey: ${url}`,
      "58030",
    );
  const bad = (why: string) => new SqlError(`Problem reading manifest file - Invalid JSON in ${url}: ${why}`, "58030");
  let manifest: unknown;
  try {
    manifest = JSON.parse(content.toString());
  } catch (error) {
    throw bad((error as Error).message);
  }
  const entries = (manifest as { entries?: unknown } | null)?.entries;
  if (!Array.isArray(entries)) throw bad(`it has no list "entries"`);
  return entries.map((entry: Entry | null) => {
    const location = typeof entry?.url === "string" ? /^s3:\/\/([^/]+)\/(.+)$/s.exec(entry.url) : undefined;
    if (!location) throw bad(`an entry's "url" must be s3://bucket/key, got ${JSON.stringify(entry?.url)}`);
    // https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html: columnar files need their length
    if (copy.format === "parquet" && typeof entry?.meta?.content_length !== "number")
      throw bad(`the entry of ${entry!.url} must have "meta": {"content_length": <bytes>} for PARQUET`);
    return { bucket: location[1]!, key: location[2]!, mandatory: entry!.mandatory === true };
  });
}

/** The object that an option names beside the data: a JSONPaths file. */
export async function readObject(store: ObjectStore, url: string): Promise<Buffer> {
  const location = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url);
  if (!location) throw new SqlError(`'${url}' is no object: give s3://bucket/key`, "22023");
  const content = await get(store, location[1]!, location[2]!);
  if (!content) throw s3Error(`The specified key does not exist: ${url}`, 404, "NoSuchKey");
  return content;
}

async function get(store: ObjectStore, bucket: string, key: string): Promise<Buffer | undefined> {
  try {
    return await store.get(bucket, key);
  } catch (error) {
    throw s3Failure(error, `s3://${bucket}/${key}`);
  }
}

/** What SDK clients throw, and what the local AWS itself throws when it will not give credentials. */
interface Failure {
  readonly code?: string;
  readonly status?: number;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function s3Failure(error: unknown, url: string): Error {
  if (error instanceof SqlError) return error;
  const { name, message, code, status, $metadata } = error as Error & Failure;
  return s3Error(`${message} (${url})`, $metadata?.httpStatusCode ?? status ?? 500, code ?? name);
}

function s3Error(message: string, status: number, code: string): SqlError {
  return new SqlError(`S3ServiceException:${message},Status ${status},Error ${code}`, "58030");
}
