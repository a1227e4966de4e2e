import type { ConversionConfig } from "./parquet";
import type { Misfit, Piece } from "./records";

/** The line that keeps a record without partition keys, or with one too many: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-error-handling.html */
export function partitionLine({ piece, errorCode, errorMessage }: Misfit, at: number): Piece {
  return lineOf(piece, {
    attemptsMade: 1,
    arrivalTimestamp: piece.arrivedAt,
    errorCode,
    errorMessage,
    attemptEndingTimestamp: at,
    rawData: piece.data.toString("base64"),
  });
}

/** The line that keeps a record that did not fit its table: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html */
export function conversionLine(
  { piece, errorCode, errorMessage }: Misfit,
  at: number,
  { database, table }: ConversionConfig,
  place: { readonly region: string; readonly accountId: string },
): Piece {
  return lineOf(piece, {
    attemptsMade: 1,
    arrivalTimestamp: piece.arrivedAt,
    lastErrorCode: errorCode,
    lastErrorMessage: errorMessage,
    attemptEndingTimestamp: at,
    rawData: piece.data.toString("base64"),
    dataCatalogTable: {
      catalogId: place.accountId,
      databaseName: database,
      tableName: table,
      region: place.region,
      versionId: "LATEST",
    },
  });
}

const lineOf = ({ arrivedAt }: Piece, line: unknown): Piece => ({
  data: Buffer.from(`${JSON.stringify(line)}\n`),
  arrivedAt,
});
