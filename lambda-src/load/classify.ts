import type { LoadableObject } from "./object";
import type { FileError } from "./ports";

/** Said of a file and of nothing else, whatever else stands there: such a message holds names of columns, and one may be `network` or `expired_at`. */
const SURELY_BAD =
  /load into table .* failed|sys_load_error_detail|stl_load_errors|incompatible (?:parquet|orc) schema|longer than the length defined|number of columns/i;
/** The warehouse, rights, or the way to the files. */
const UNABLE =
  /permission denied|not authorized|access ?denied|forbidden|\bdoes not exist|no such bucket|nosuchbucket|\bnot (?:be )?found\b|nosuchkey|slow ?down|internal ?error|service ?unavailable|too many requests|throttl|time(?:d)? ?out|connection|network|1023|serializable|deadlock|disk full|out of memory|cancel|abort|expired|assume|\bkms\b|invalidobjectstate|credential|manifest/i;
/** A file's content or form. */
const BAD =
  /gzip|zlib|inflate|deflate|zstd|bzip|lzo|decompress|compress|parquet|\borc\b|avro|schema|incompatible|unsupported|truncated|unexpected end|corrupt|invalid|malformed|delimiter|too long|longer than|out of range|overflow|null value|line/i;

/** Whose fault a failed COPY is, by its words. Keys in it say nothing: `kpis/connection.csv` is a name. */
export function classify(message: string, files: readonly LoadableObject[]): "unable" | "bad" | "unknown" {
  let text = message;
  for (const { bucket, key } of files) text = text.replaceAll(`s3://${bucket}/${key}`, "").replaceAll(key, "");
  if (SURELY_BAD.test(text)) return "bad";
  if (UNABLE.test(text)) return "unable";
  return BAD.test(text) ? "bad" : "unknown";
}

/** Longest file name that SYS_LOAD_ERROR_DETAIL holds. */
const NAME_BYTES = 256;

/** The file that an error is about; undefined when none is named, or more than one could be meant. */
export function fileOf(error: FileError, files: readonly LoadableObject[]): LoadableObject | undefined {
  const name = error.file.trimEnd();
  const cut = Buffer.byteLength(name) >= NAME_BYTES - 4;
  const found = files.filter(({ bucket, key }) => {
    const url = `s3://${bucket}/${key}`;
    return url.trimEnd() === name || (cut && url.startsWith(name));
  });
  return found.length === 1 ? found[0] : undefined;
}

/**
 * The file that a failed COPY's message names, where it names one of the load and no more: as `s3://bucket/key`, or by its address at S3, as errors of
 * Parquet and ORC do.
 */
export function namedIn(message: string, files: readonly LoadableObject[]): LoadableObject | undefined {
  const found = files.filter(
    ({ bucket, key }) => message.includes(`/${bucket}/${key}`) || message.includes(`amazonaws.com/${key}`),
  );
  // A key may begin with another one: the longest is the one that is meant, if it holds all others.
  const longest = found.sort((one, other) => other.key.length - one.key.length)[0];
  return longest && found.every(({ key }) => longest.key.startsWith(key)) ? longest : undefined;
}

/** A key of KMS, a class of storage, a policy: of one object as well as of the whole bucket. */
const UNREADABLE = /access ?denied|forbidden|status 40[03]|invalidobjectstate|\bkms\b/i;

/** The file that cannot be read, where a failed COPY's message names one: others may be readable. */
export const unreadableIn = (message: string, files: readonly LoadableObject[]): LoadableObject | undefined =>
  UNREADABLE.test(message) ? namedIn(message, files) : undefined;
