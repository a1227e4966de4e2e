/** Request models: JSON schema, draft 4, which is what API Gateway validates a body with. */
const DRAFT_4 = "http://json-schema.org/draft-04/schema#";

/**
 * Canonical base64 of at least one byte: the bits that the padding leaves over are zero, as every encoder writes them. Without groups that
 * repeat, which a backtracking engine would run out of stack on for a record of a megabyte.
 */
const BASE64 = "^[A-Za-z0-9+/]+[AQgw]==$|^[A-Za-z0-9+/]+[AEIMQUYcgkosw048]=$|^[A-Za-z0-9+/]+$";

/** The body of Firehose's PutRecord. */
export const PUT_RECORD_MODEL = {
  $schema: DRAFT_4,
  title: "PutRecord",
  type: "object",
  required: ["DeliveryStreamName", "Record"],
  properties: {
    DeliveryStreamName: { type: "string", minLength: 1, maxLength: 64 },
    Record: {
      type: "object",
      required: ["Data"],
      properties: { Data: { type: "string", pattern: BASE64 } },
    },
  },
};

/** One record as a plain document. An empty one is refused: there is nothing in it to load. */
export const DOCUMENT_MODEL = {
  $schema: DRAFT_4,
  title: "Document",
  type: "object",
  minProperties: 1,
};

/** Records that Kinesis and Firehose take in one put. */
const LARGEST_BATCH = 500;

/** A list of documents. */
export const BATCH_MODEL = {
  $schema: DRAFT_4,
  title: "RecordBatch",
  type: "array",
  minItems: 1,
  maxItems: LARGEST_BATCH,
  items: { type: "object", minProperties: 1 },
};
