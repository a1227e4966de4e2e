/**
 * The mapping templates of `IngestApi`, in VTL as API Gateway's mapping template reference has it.
 *
 * Rules they keep: no backslash escape in a double-quoted string (there is none in VTL: a newline is a literal line break), regular
 * expressions in single quotes, no brace after a dollar sign (Terraform would read it), no indentation before a directive (engines
 * differ in whether it is printed).
 */

/** How a service's PutRecord is asked. */
export interface PutDialect {
  /** The request document, around `data`, which is VTL that prints base64. */
  request(streamName: string, data: string): string;
  /** The answer of a put, as Firehose words it; undefined passes the service's own through. */
  readonly answer: string | undefined;
}

export const FIREHOSE: PutDialect = {
  request: (streamName, data) => `{"DeliveryStreamName":"${streamName}","Record":{"Data":"${data}"}}`,
  answer: undefined,
};

/** The sequence number stands in for the record id: it names the record in the stream. */
export const KINESIS: PutDialect = {
  request: (streamName, data) => `{"StreamName":"${streamName}","PartitionKey":"$context.requestId","Data":"${data}"}`,
  answer: `{"Encrypted":#if($input.path('$.EncryptionType') == 'KMS')true#{else}false#end,"RecordId":"$input.path('$.SequenceNumber')"}`,
};

/** Base64 endings of a record whose last byte is a newline: 1, 2 and 3 bytes in the last group of four characters. */
const ENDS_IN_NEWLINE = ".*(Cg==|[AQgw]o=|[AEIMQUYcgkosw048]K)";

/**
 * PUT /streams: the client's base64, with a newline at the end of the record when it has none.
 *
 * The newline is added in base64 itself: decoding in VTL makes text of the bytes, and a record that is no UTF-8 would come out
 * changed. A newline (00001010) after one byte turns `==` into `o=`, after two `=` into `K`, after three it is a group `Cg==`
 * of its own. The model has let only canonical base64 through, on which this rests.
 */
export function putTemplate(dialect: PutDialect, streamName: string): string {
  return `#set($data = $input.path('$.Record.Data'))
#set($newline = '')
#if($data.matches('${ENDS_IN_NEWLINE}'))
#elseif($data.endsWith('=='))
#set($data = $data.replaceAll('==$', 'o='))
#elseif($data.endsWith('='))
#set($data = $data.replaceAll('=$', 'K'))
#else
#set($newline = 'Cg==')
#end
${dialect.request(streamName, "$data$newline")}`;
}

/**
 * POST /records: the body itself as one line.
 *
 * `$input.body` and not `$input.json('$')`: the latter writes numbers anew (1.50 becomes 1.5). A line break outside a string is mere
 * space in JSON, and inside a string JSON has none, so replacing each by a space makes one line of a pretty-printed
 * document and changes no value.
 */
export function documentTemplate(dialect: PutDialect, streamName: string): string {
  return `#set($document = $input.body.trim().replaceAll('[\\r\\n]+', ' '))
#set($line = "$document
")
${dialect.request(streamName, "$util.base64Encode($line)")}`;
}

/** GET /streams asks for the account's delivery streams; what the client sends is not looked at. */
export const LIST_TEMPLATE = "{}";

const THROTTLES = [
  "ProvisionedThroughputExceededException",
  "ServiceUnavailableException",
  "ThrottlingException",
  "LimitExceededException",
  "KMSThrottlingException",
];
const FAULTS_OF_THE_BODY = ["InvalidArgumentException", "ValidationException", "SerializationException"];

/** A regular expression for an error type, which some services write after a namespace and `#`. */
const anyOf = (types: readonly string[]) => `(.*#)?(${types.join("|")})`;

/**
 * Whatever the service answered that is not a 200. Kinesis and Firehose give 400 for a throttle, a bad record and a missing right alike,
 * and a selection pattern sees the status only, so the type of the error decides here. The service's own message stays
 * inside: it names ARNs of the account.
 */
export const ERROR_TEMPLATE = `#set($type = $input.path('$.__type'))
#if($type.matches('${anyOf(THROTTLES)}'))
#set($context.responseOverride.status = 429)
{"message":"Too Many Requests","requestId":"$context.requestId"}
#elseif($type.matches('${anyOf(FAULTS_OF_THE_BODY)}'))
#set($context.responseOverride.status = 400)
{"message":"The stream refused the record: $type","requestId":"$context.requestId"}
#else
{"message":"The stream did not take the request","requestId":"$context.requestId"}
#end`;
