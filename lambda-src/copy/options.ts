/**
 * Options of a COPY, as data: what stands behind FROM, credentials and MANIFEST, which whoever runs the COPY writes itself.
 *
 * Pages: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html, copy-parameters-data-conversion.html,
 * copy-parameters-data-load.html, copy-parameters-file-compression.html, copy-usage_notes-copy-from-columnar.html.
 */

/** How the files are written; a COPY has one. `delimited` is Redshift's own default: fields apart by `|`, without quotes. */
export const COPY_FORMATS = ["csv", "json", "parquet", "orc", "avro", "delimited"] as const;
export type CopyFormat = (typeof COPY_FORMATS)[number];

export const COPY_COMPRESSIONS = ["gzip", "zstd", "bzip2", "lzop"] as const;
export type CopyCompression = (typeof COPY_COMPRESSIONS)[number];

export interface CopyOptions {
  readonly format: CopyFormat;

  /**
   * With `json` or `avro`: the JSONPaths file, `s3://bucket/key`, whose expressions go to the columns in their order.
   *
   * @default - fields go to columns of their name ('auto')
   */
  readonly jsonpaths?: string;

  /**
   * With `json` or `avro` and no `jsonpaths`: whether names are matched in any case ('auto ignorecase').
   *
   * @default false
   */
  readonly ignoreCase?: boolean;

  /**
   * Between two fields: one character or more, no line break. With `csv` and `delimited`.
   *
   * @default - a comma with `csv`, | with `delimited`
   */
  readonly delimiter?: string;

  /**
   * Around a field, one character. With `csv` only.
   *
   * @default - "
   */
  readonly quote?: string;

  /**
   * Whether a backslash takes the meaning of the next character away. With `delimited` only.
   *
   * @default false
   */
  readonly escape?: boolean;

  /**
   * Whether quotes around a field are taken off. With `delimited` only.
   *
   * @default false
   */
  readonly removeQuotes?: boolean;

  /**
   * Compression of whole files. Not with `parquet` and `orc`, which compress inside.
   *
   * @default - none
   */
  readonly compression?: CopyCompression;

  /**
   * Whether text too long for its column is cut.
   *
   * @default false: such a line is an error
   */
  readonly truncateColumns?: boolean;

  /**
   * Whether text of white space alone becomes NULL.
   *
   * @default false
   */
  readonly blanksAsNull?: boolean;

  /**
   * Whether empty text becomes NULL.
   *
   * @default false: it stays empty text
   */
  readonly emptyAsNull?: boolean;

  /**
   * Text that stands for NULL, without backslash. With `csv` and `delimited`.
   *
   * @default - \N
   */
  readonly nullAs?: string;

  /**
   * Lines passed over at the head of each file, at least 0.
   *
   * @default 0
   */
  readonly ignoreHeader?: number;

  /**
   * Whether lines with nothing but a line feed are passed over. Not with `json` and `avro`.
   *
   * @default false
   */
  readonly ignoreBlankLines?: boolean;

  /**
   * Whether columns missing at a line's end become NULL. Not with `json` and `avro`, where a missing field always does.
   *
   * @default false
   */
  readonly fillRecord?: boolean;

  /**
   * Whether white space at the end of text is taken off.
   *
   * @default false
   */
  readonly trimBlanks?: boolean;

  /**
   * `auto`, or a pattern such as YYYY-MM-DD.
   *
   * @default - YYYY-MM-DD
   */
  readonly dateFormat?: string;

  /**
   * `auto`, `epochsecs`, `epochmillisecs`, or a pattern such as YYYY-MM-DD HH:MI:SS.
   *
   * @default - YYYY-MM-DD HH:MI:SS
   */
  readonly timeFormat?: string;

  /**
   * Whether a date that cannot be read becomes NULL instead of an error.
   *
   * @default false
   */
  readonly acceptAnyDate?: boolean;

  /**
   * ASCII character put in place of each byte that is not UTF-8.
   *
   * @default - none: such a line is an error
   */
  readonly acceptInvChars?: string;

  /**
   * Lines that may fail before the COPY does, 0 to 100000. Lines under it are lost but for the error log.
   *
   * @default 0
   */
  readonly maxError?: number;

  /**
   * Whether nested columns go to SUPER as they are. With `parquet` and `orc` only.
   *
   * @default false
   */
  readonly serializeToJson?: boolean;
}
