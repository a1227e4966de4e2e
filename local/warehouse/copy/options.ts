import { notCarried, SqlError, syntaxError } from "../errors";
import type { Cursor, TableName } from "../sql/cursor";

/** Who reads the files: a role that the warehouse assumes, or keys as they stand in the statement. */
export type CopyCredentials =
  | {
      /** Assumed by Redshift; in a statement that has been read it may be `default`. */
      readonly roleArn: string;
      /** Roles that are assumed one by the other, from `roleArn` on; the last one reads. */
      readonly chain?: readonly string[];
    }
  | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };

export interface CopyStatement {
  readonly table: TableName;
  readonly columns?: readonly string[];
  readonly bucket: string;
  /** Key prefix, or the manifest's key. */
  readonly key: string;
  readonly manifest: boolean;
  readonly credentials: CopyCredentials;
  readonly format: "delimited" | "csv" | "json" | "parquet";
  /** With JSON: `auto`, `auto ignorecase`, `noshred` or where a JSONPaths file is. */
  readonly json?: string;
  /** With PARQUET: nested columns go to SUPER. */
  readonly serializeToJson: boolean;
  /** @default `|`, with CSV `,` */
  readonly delimiter: string;
  /** CSV's quote. @default `"` */
  readonly quote: string;
  readonly removeQuotes: boolean;
  readonly escape: boolean;
  readonly gzip: boolean;
  readonly zstd: boolean;
  /** Lines passed over at the head of each file. @default 0 */
  readonly ignoreHeader: number;
  /** @default `\N` */
  readonly nullAs: string;
  readonly truncateColumns: boolean;
  readonly blanksAsNull: boolean;
  readonly emptyAsNull: boolean;
  readonly ignoreBlankLines: boolean;
  readonly fillRecord: boolean;
  readonly trimBlanks: boolean;
  readonly acceptAnyDate: boolean;
  /** Character put for each invalid UTF-8 byte sequence; undefined refuses them. */
  readonly acceptInvalidCharacters?: string;
  /** Bad lines that are passed over, 0 to 100000. @default 0 */
  readonly maxErrors: number;
  readonly dateFormat: string;
  readonly timeFormat: string;
  readonly noLoad: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Options that ask for what this warehouse does not do; each is refused by its name. */
const REFUSED = [
  "orc",
  "avro",
  "shapefile",
  "fixedwidth",
  "ssh",
  "encrypted",
  "master_symmetric_key",
  "explicit_ids",
  "bzip2",
  "lzop",
  "job",
  "readratio",
  "roundec",
];

/** Reads on from after COPY. By https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html and its pages of parameters. */
export function readCopy(cursor: Cursor, database: string): CopyStatement {
  const table = cursor.table(database);
  const columns = cursor.peek()?.text === "(" ? cursor.nameList() : undefined;
  cursor.expect("from");
  const from = cursor.string();
  const location = /^s3:\/\/([^/]+)\/(.*)$/s.exec(from);
  if (!location) {
    if (from.startsWith("s3://"))
      throw new SqlError(`The S3 path ${from} has no key: give s3://bucket/prefix`, "22023");
    throw notCarried(`COPY FROM '${from}' (only 's3://bucket/prefix')`);
  }
  const options: Partial<Mutable<CopyStatement>> = {};
  let parts: Record<string, string> = {};
  const given = new Set<string>();
  while (!cursor.done) {
    given.add(cursor.peek()!.value);
    parts = { ...parts, ...readOption(cursor, options) };
  }
  const csv = options.format === "csv";
  refuseCombination(given, options.format);
  if (csv && (options.escape || options.removeQuotes)) {
    throw new SqlError(`CSV is not compatible with ${options.escape ? "ESCAPE" : "REMOVEQUOTES"}`, "42601");
  }
  return {
    table,
    ...(columns ? { columns } : {}),
    bucket: location[1]!,
    key: location[2]!,
    manifest: false,
    credentials: readCredentials(parts),
    format: "delimited",
    delimiter: csv ? "," : "|",
    quote: '"',
    removeQuotes: false,
    escape: false,
    gzip: false,
    zstd: false,
    serializeToJson: false,
    ignoreHeader: 0,
    nullAs: "\\N",
    truncateColumns: false,
    blanksAsNull: false,
    emptyAsNull: false,
    ignoreBlankLines: false,
    fillRecord: false,
    trimBlanks: false,
    acceptAnyDate: false,
    maxErrors: 0,
    dateFormat: "YYYY-MM-DD",
    timeFormat: "YYYY-MM-DD HH:MI:SS",
    noLoad: false,
    ...options,
  };
}

const FLAGS: Readonly<Record<string, keyof CopyStatement>> = {
  manifest: "manifest",
  removequotes: "removeQuotes",
  escape: "escape",
  gzip: "gzip",
  truncatecolumns: "truncateColumns",
  blanksasnull: "blanksAsNull",
  emptyasnull: "emptyAsNull",
  ignoreblanklines: "ignoreBlankLines",
  fillrecord: "fillRecord",
  trimblanks: "trimBlanks",
  acceptanydate: "acceptAnyDate",
  noload: "noLoad",
  serializetojson: "serializeToJson",
  zstd: "zstd",
};

/** Reads one option into `options`; answers what it said of credentials. */
function readOption(cursor: Cursor, options: Partial<Mutable<CopyStatement>>): Record<string, string> {
  const token = cursor.next();
  if (token.kind !== "word") throw syntaxError(token.text);
  const word = token.value;
  const flag = FLAGS[word];
  if (flag) {
    if (options[flag])
      throw new SqlError(`conflicting or redundant options: ${word.toUpperCase()} is given twice`, "42601");
    Object.assign(options, { [flag]: true });
    return {};
  }
  const as = () => cursor.accept("as");
  switch (word) {
    case "credentials":
      as();
      return credentialString(cursor.string());
    case "with":
      return {};
    case "iam_role":
      if (cursor.accept("default")) return { aws_iam_role: "default" };
      return { aws_iam_role: cursor.string() };
    case "access_key_id":
    case "secret_access_key":
      as();
      return { [`aws_${word}`]: cursor.string() };
    case "session_token":
      as();
      return { token: cursor.string() };
    case "format":
      as();
      return {};
    case "csv":
      setFormat(options, "csv");
      if (cursor.accept("quote")) {
        as();
        options.quote = single(cursor.string(), "QUOTE");
      }
      return {};
    case "json":
      setFormat(options, "json");
      as();
      options.json = cursor.peek()?.kind === "string" ? cursor.string() : "auto";
      return {};
    case "parquet":
      setFormat(options, "parquet");
      return {};
    case "quote":
      as();
      options.quote = single(cursor.string(), "QUOTE");
      return {};
    case "delimiter":
      as();
      options.delimiter = delimiter(cursor.string());
      return {};
    case "null":
      cursor.expect("as");
      options.nullAs = cursor.string();
      return {};
    case "ignoreheader":
      as();
      options.ignoreHeader = cursor.integer("IGNOREHEADER");
      return {};
    case "maxerror": {
      as();
      options.maxErrors = cursor.integer("MAXERROR");
      if (options.maxErrors > 100000)
        throw new SqlError(`MAXERROR must be between 0 and 100000, got ${options.maxErrors}`, "22023");
      return {};
    }
    case "dateformat":
      as();
      options.dateFormat = dayFormat(cursor.string());
      return {};
    case "timeformat":
      as();
      options.timeFormat = timeFormat(cursor.string());
      return {};
    case "acceptinvchars":
      as();
      options.acceptInvalidCharacters =
        cursor.peek()?.kind === "string" ? single(cursor.string(), "ACCEPTINVCHARS") : "?";
      return {};
    case "encoding": {
      as();
      const encoding = cursor.next().value;
      if (encoding.toLowerCase() !== "utf8") throw notCarried(`ENCODING ${encoding} (only UTF8)`);
      return {};
    }
    case "region":
      as();
      cursor.string();
      return {};
    case "compupdate":
    case "statupdate":
      if (!cursor.accept("preset") && !cursor.accept("on") && !cursor.accept("off") && !cursor.accept("true"))
        cursor.accept("false");
      return {};
    case "comprows":
      cursor.integer("COMPROWS");
      return {};
  }
  if (REFUSED.includes(word)) throw notCarried(`COPY option ${word.toUpperCase()}`);
  throw syntaxError(token.text);
}

/** What JSON and PARQUET do not go with, by copy-parameters-data-format and copy-usage_notes-copy-from-columnar. */
const AGAINST: Readonly<Record<string, readonly string[]>> = {
  json: ["delimiter", "escape", "fillrecord", "ignoreblanklines", "null", "quote", "removequotes"],
  parquet: [
    "acceptanydate",
    "blanksasnull",
    "comprows",
    "compupdate",
    "dateformat",
    "delimiter",
    "emptyasnull",
    "encoding",
    "escape",
    "gzip",
    "ignoreblanklines",
    "ignoreheader",
    "maxerror",
    "null",
    "quote",
    "region",
    "removequotes",
    "timeformat",
    "trimblanks",
    "truncatecolumns",
    "zstd",
  ],
};

function refuseCombination(given: ReadonlySet<string>, format: CopyStatement["format"] = "delimited"): void {
  const against = AGAINST[format]?.find((word) => given.has(word));
  if (against) {
    const option = against === "null" ? "NULL AS" : against.toUpperCase();
    // As Redshift words it for columnar files; the other is a contradiction in terms.
    if (format === "parquet") throw new SqlError(`${option} argument is not supported for PARQUET based COPY`, "0A000");
    throw new SqlError(`${option} is not compatible with ${format.toUpperCase()}`, "42601");
  }
  if (format === "parquet" && given.has("fillrecord")) throw notCarried("FILLRECORD with PARQUET");
  if (format === "json" && given.has("ignoreheader")) throw notCarried("IGNOREHEADER with JSON");
  if (format !== "parquet" && given.has("serializetojson"))
    throw new SqlError("SERIALIZETOJSON is for PARQUET and ORC", "42601");
  if (given.has("gzip") && given.has("zstd"))
    throw new SqlError("conflicting or redundant options: GZIP and ZSTD", "42601");
}

function setFormat(options: Partial<Mutable<CopyStatement>>, format: CopyStatement["format"]): void {
  if (options.format) throw new SqlError("conflicting or redundant options: the format is given twice", "42601");
  options.format = format;
}

function single(text: string, option: string): string {
  if (text.length !== 1) throw new SqlError(`COPY ${option} must be a single character, got '${text}'`, "22023");
  return text;
}

function delimiter(text: string): string {
  if (text.length !== 1) throw notCarried(`a DELIMITER of ${text.length} characters`);
  if (text === "\n" || text === "\r")
    throw new SqlError("COPY delimiter cannot be newline or carriage return", "22023");
  return text;
}

function dayFormat(text: string): string {
  if (text.toLowerCase() === "auto" || /^(?:YYYY|MON|MM|DD|[^A-Za-z0-9])+$/i.test(text)) return text;
  throw notCarried(`DATEFORMAT '${text}' (only 'auto' and formats of YYYY, MM, MON and DD)`);
}

function timeFormat(text: string): string {
  if (["auto", "epochsecs", "epochmillisecs"].includes(text.toLowerCase())) return text;
  if (/^(?:YYYY|MON|MM|DD|[^A-Za-z0-9 ])+[T ]HH(?:24)?:MI:SS(?:\.S+)?(?:OF)?$/i.test(text)) return text;
  throw notCarried(
    `TIMEFORMAT '${text}' (only 'auto', 'epochsecs', 'epochmillisecs' and formats like 'YYYY-MM-DD HH:MI:SS')`,
  );
}

/** `aws_iam_role=ARN` or `aws_access_key_id=...;aws_secret_access_key=...[;token=...]`. */
function credentialString(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(";").map((part) => {
      const at = part.indexOf("=");
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}

function readCredentials(parts: Readonly<Record<string, string>>): CopyCredentials {
  const { aws_iam_role: role, aws_access_key_id: id, aws_secret_access_key: secret, token } = parts;
  if (role !== undefined) return roleCredentials(role);
  if (id && secret) return { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
  throw new SqlError(
    "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'",
    "28000",
  );
}

/** What IAM_ROLE names: `default`, a role, or a chain of them between commas. @throws SqlError */
export function roleCredentials(role: string): CopyCredentials {
  if (role === "default") return { roleArn: role };
  // https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-chaining-roles.html: no spaces, at most ten.
  const [roleArn, ...chain] = role.split(",");
  for (const arn of [roleArn!, ...chain]) {
    if (!/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/.test(arn)) {
      throw new SqlError(
        `Invalid credentials. IAM role '${arn}' is not the ARN of a role: arn:aws:iam::<account>:role/<name>`,
        "28000",
      );
    }
  }
  if (chain.length > 9)
    throw new SqlError(`Invalid credentials. At most 10 roles are chained, got ${chain.length + 1}`, "28000");
  return { roleArn: roleArn!, ...(chain.length > 0 ? { chain } : {}) };
}
