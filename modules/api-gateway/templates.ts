/**
 * The mapping templates of `IngestApi`, in VTL as API Gateway's mapping template reference has it.
 *
 * Rules they keep: no backslash escape in a double-quoted string (there is none in VTL: a newline is a literal line break), regular
 * expressions in single quotes, no brace after a dollar sign (Terraform would read it), no indentation before a directive (engines
 * differ in whether it is printed).
 */

/** How a service is asked to put records, and how its answer reads. `data` is VTL that prints base64. */
export interface PutDialect {
  /** The request document of PutRecord. */
  request(streamName: string, data: string): string;
  /** The answer of a put, as Firehose words it; undefined passes the service's own through. */
  readonly answer: string | undefined;
  /** The action that puts many. */
  readonly batchAction: string;
  /** Its request document, around `records`, which is VTL that prints the list's members. */
  batchRequest(streamName: string, records: string): string;
  /** One member of it; `$count` is its place in the list. */
  batchRecord(data: string): string;
  /** Its answer, as Firehose words PutRecordBatch's. */
  readonly batchAnswer: string;
}

/**
 * The answer of a put of many, in the words of Firehose's PutRecordBatch: one result a record, in the order of the request. Both services
 * answer 200 whatever became of the records, and only a template sees into a body. So the status is turned here: 207 when some were not
 * taken, 429 when none was. Messages are left out: they name the stream and its account.
 */
const batchAnswer = (failed: string, results: string, encrypted: string, id: string) =>
  `#set($failed = $input.path('$.${failed}'))
#set($results = $input.path('$.${results}'))
#if($failed == $results.size())
#set($context.responseOverride.status = 429)
#set($context.responseOverride.header.Retry-After = '1')
#elseif($failed > 0)
#set($context.responseOverride.status = 207)
#end
{"FailedPutCount":$failed,"Encrypted":${encrypted},"RequestResponses":[#foreach($result in $results)#if($foreach.index > 0),#end#if($result.ErrorCode){"ErrorCode":"$result.ErrorCode"}#else{"RecordId":"$result.${id}"}#end#end]}`;

export const FIREHOSE: PutDialect = {
  request: (streamName, data) => `{"DeliveryStreamName":"${streamName}","Record":{"Data":"${data}"}}`,
  answer: undefined,
  batchAction: "PutRecordBatch",
  batchRequest: (streamName, records) => `{"DeliveryStreamName":"${streamName}","Records":[${records}]}`,
  batchRecord: (data) => `{"Data":"${data}"}`,
  batchAnswer: batchAnswer("FailedPutCount", "RequestResponses", "$input.json('$.Encrypted')", "RecordId"),
};

const KMS = "#if($input.path('$.EncryptionType') == 'KMS')true#{else}false#end";

/** The sequence number stands in for the record id: it names the record in the stream. */
export const KINESIS: PutDialect = {
  request: (streamName, data) => `{"StreamName":"${streamName}","PartitionKey":"$context.requestId","Data":"${data}"}`,
  answer: `{"Encrypted":${KMS},"RecordId":"$input.path('$.SequenceNumber')"}`,
  batchAction: "PutRecords",
  batchRequest: (streamName, records) => `{"StreamName":"${streamName}","Records":[${records}]}`,
  // A key of its own for each record, or the whole batch would lie on one shard.
  batchRecord: (data) => `{"PartitionKey":"$context.requestId/$count","Data":"${data}"}`,
  batchAnswer: batchAnswer("FailedRecordCount", "Records", KMS, "SequenceNumber"),
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

/** Rounds of a `#foreach` that API Gateway makes at most: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const MOST_ROUNDS = 1000;

/**
 * POST /records/batch: the text of each element of the list as one line.
 *
 * `$input.json('$[0]')` would write an element anew, and its numbers: 1.50 becomes 1.5, 1e400 becomes Infinity. So the body's own text is cut up.
 * The model has let a list of objects through, so elements part at commas before a brace. Such commas are within elements too: a piece is
 * whole when, its strings taken out, it has as many opening braces as closing ones, and is otherwise joined with the next. (Escapes go first, so that a
 * string then ends at the next quote: one pattern for both would recurse, and run out of stack on a long string.)
 *
 * A body with more pieces than API Gateway's loops have rounds, which takes elements with lists of objects in them, is written anew after all.
 */
export function batchTemplate(dialect: PutDialect, streamName: string): string {
  const record = (document: string) => `#set($line = "${document}
")
$comma
${dialect.batchRecord("$util.base64Encode($line)")}
#set($comma = ',')
#set($count = $count + 1)`;
  const records = `
#if($pieces.size() > ${MOST_ROUNDS})
#foreach($element in $input.path('$'))
#set($document = $input.json("$[$count]"))
${record("$document")}
#end
#else
#foreach($piece in $pieces)
#set($text = "$text$piece")
#set($bare = $text.replaceAll('\\\\.', '').replaceAll('"[^"]*"', ''))
#if(!$bare.contains('"') && $bare.replaceAll('[^{]+', '').length() == $bare.replaceAll('[^}]+', '').length())
#set($document = $text.trim().replaceAll(',$', '').trim().replaceAll('[\\r\\n]+', ' '))
${record("$document")}
#set($text = '')
#end
#end
#end
`;
  return `#set($body = $input.body.trim())
#set($end = $body.length() - 1)
#set($pieces = $body.substring(1, $end).split('(?<=,)(?=\\s*[{])'))
#set($text = '')
#set($comma = '')
#set($count = 0)
${dialect.batchRequest(streamName, records)}`;
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
 * and a selection pattern sees the status only, so the type of the error decides here. Of a record that is too large it is the message that
 * says so: the type is that of any other invalid argument. The service's own message stays inside: it names ARNs of the account.
 */
export const ERROR_TEMPLATE = `#set($type = $input.path('$.__type'))
#set($message = $input.path('$.message'))
#if($type.matches('${anyOf(THROTTLES)}'))
#set($context.responseOverride.status = 429)
#set($context.responseOverride.header.Retry-After = '1')
{"message":"Too Many Requests","requestId":"$context.requestId"}
#elseif($type.matches('${anyOf(FAULTS_OF_THE_BODY)}') && ($message.contains('less than or equal to') || $message.contains('exceed')))
#set($context.responseOverride.status = 413)
{"message":"The stream takes no record this large","requestId":"$context.requestId"}
#elseif($type.matches('${anyOf(FAULTS_OF_THE_BODY)}'))
#set($context.responseOverride.status = 400)
{"message":"The stream refused the record: $type","requestId":"$context.requestId"}
#else
{"message":"The stream did not take the request","requestId":"$context.requestId"}
#end`;
