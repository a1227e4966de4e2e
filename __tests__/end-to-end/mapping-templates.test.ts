import { spawnSync } from "node:child_process";
import path from "node:path";
import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayIntegrationResponse } from "@cdktf/provider-aws/lib/api-gateway-integration-response";
import {
  contextShim,
  inputShim,
  JsonText,
  noOverrides,
  render,
  stageVariablesShim,
  utilShim,
} from "../../local/services/execute-api/template";
import { IngestApi, type IngestTarget } from "../../modules/api-gateway";
import { EncryptionKey } from "../../modules/encryption-key";
import { emptyStack, resources } from "../support/synth";

const REFEREE = path.resolve(__dirname, "../../local/services/execute-api/referee/pom.xml");

interface Case {
  readonly template: string;
  readonly body: string;
}
interface Rendered {
  readonly text: string;
  readonly status: number | undefined;
}

/** What Apache Velocity makes of the cases, all in one Java process. */
function byVelocity(cases: readonly Case[]): Rendered[] {
  const lines = cases.map(({ template, body }) =>
    JSON.stringify({
      template,
      body,
      context: { requestId: "r-1", responseOverride: { header: {} } },
      stageVariables: { stream: "s" },
      params: { h: "v" },
    }),
  );
  const run = spawnSync("mvn", ["-q", "-B", "-f", REFEREE, "compile", "exec:java"], {
    input: lines.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (run.error)
    throw new Error(
      "Apache Velocity is run by Maven, and there is no mvn: install Java 17 and Maven (apt install maven)",
    );
  // Maven puts a colour code of its own before the first line.
  const answers = run.stdout.split("\n").filter((line) => line.includes("= {"));
  if (answers.length !== cases.length)
    throw new Error(`mvn -f ${path.basename(REFEREE)} failed:\n${run.stdout}${run.stderr}`);
  return answers.map((line) => {
    const { text, error, context } = JSON.parse(line.slice(line.indexOf("= {") + 2));
    if (text === undefined) throw new Error(`Apache Velocity: ${error}`);
    return { text, status: context.responseOverride.status };
  });
}

function byUs({ template, body }: Case): Rendered {
  const overrides = noOverrides();
  const params = { path: new Map(), querystring: new Map(), header: new Map([["h", "v"]]) };
  const text = render(template, {
    input: inputShim(new JsonText(body), params),
    util: utilShim,
    context: contextShim({ requestId: "r-1" }, overrides),
    stageVariables: stageVariablesShim({ stream: "s" }),
  });
  return { text, status: overrides.status };
}

const base64 = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64");
const HARD = [
  "",
  "a",
  "ab",
  "abc",
  "abcd",
  "a\n",
  "ab\n",
  "abc\n",
  "\n",
  "\r\n",
  '{"n":1.50,"m":10.00,"l":12345678901234567890123}',
  '{\n  "q": "say \\"hi\\" it\'s",\r\n  "u": "Zoë 😀 \u2028",\n  "d": "$input.body ${x} #set($a = 1) #end $1 \\\\n",\n  "c": "a/b"\n}\n',
  "  {}  ",
];

/** Bodies a template meets: what a client sends, and what Kinesis and Firehose answer. */
const BODIES = [
  ...HARD.map((data) => JSON.stringify({ DeliveryStreamName: "x", Record: { Data: base64(data) } })),
  JSON.stringify({ DeliveryStreamName: "x", Record: { Data: base64(Uint8Array.of(0xff, 0xfe)) } }),
  ...HARD.filter((text) => text.trim().startsWith("{")),
  '{"EncryptionType":"KMS","SequenceNumber":"49590338271490256608559692538361571095921575989136588898","ShardId":"shardId-0"}',
  '{"EncryptionType":"NONE","SequenceNumber":"4"}',
  '{"__type":"ProvisionedThroughputExceededException","message":"Rate exceeded for shard \\"0\\""}',
  '{"__type":"com.amazonaws.kinesis#ValidationException","message":"1 error"}',
  '{"__type":"AccessDeniedException"}',
  '{"__type":"ValidationException","message":"Value at \'data\' failed: Member must have length less than or equal to 1048576"}',
  "{}",
];

/** Lists that a client sends to the batch, whose elements' text must come through. */
const BATCHES = [
  '[{"n":1.50}]',
  ' [ {"n":1.50,"e":1e400,"l":12345678901234567890} ,\n\t{ "a" : [ {"b":1.0}, {"c":"},{"} ,{}, 1 ] }\n,{"q":"say \\"},{\\" \\\\","z":"\\\\"},{"dup":1,"dup":2.0} ]\r\n',
  '[{"c":"$input.body ${x} #set($a = 1) #end $1 \\n, {","d":"Zoë 😀"},{"e":",{"}]',
  `[${Array.from({ length: 500 }, (_, n) => `{"n":${n}.0}`).join(", ")}]`,
  // More pieces than a loop has rounds: written anew.
  `[${Array.from({ length: 3 }, () => `{"l":[${Array.from({ length: 400 }, () => '{"x":1.50}').join(",")}]}`).join(",")}]`,
];
/** What the services answer to a put of many. */
const BATCH_ANSWERS = [
  '{"FailedRecordCount":0,"EncryptionType":"KMS","Records":[{"SequenceNumber":"49","ShardId":"s"},{"SequenceNumber":"50","ShardId":"s"}]}',
  '{"FailedRecordCount":1,"Records":[{"SequenceNumber":"49","ShardId":"s"},{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"Rate \\"x\\""}]}',
  '{"FailedRecordCount":1,"Records":[{"ErrorCode":"InternalFailure","ErrorMessage":"x"}]}',
  '{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[{"RecordId":"a"},{"RecordId":"b"}]}',
  '{"FailedPutCount":1,"Encrypted":true,"RequestResponses":[{"RecordId":"a"},{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."}]}',
];

/** Every template that the constructs write, for both kinds of target. */
function templatesOfTheApi(): string[] {
  const targets: IngestTarget[] = [
    { dataStream: { name: "s", grantPut: () => {} } },
    { deliveryStream: { name: "s", grantPut: () => {} } },
  ];
  const templates = targets.flatMap((target) => {
    const stack = emptyStack();
    new IngestApi(stack, "api", { name: "api", key: new EncryptionKey(stack, "key", { description: "test" }), target });
    return [
      ...resources(stack, ApiGatewayIntegration).flatMap(({ request_templates = {} }) =>
        Object.values(request_templates),
      ),
      ...resources(stack, ApiGatewayIntegrationResponse).flatMap(({ response_templates = {} }) =>
        Object.values(response_templates),
      ),
    ] as string[];
  });
  return [...new Set(templates)];
}

const DOCUMENT = JSON.stringify({
  a: 1,
  b: 1.5,
  c: [1, 2.25, "x"],
  d: { e: null, f: 'Zoë "q"\u0001/\'' },
  t: true,
  s: "",
});
/** The language beyond our own templates, as an editor of one may use it. */
const LANGUAGE = [
  "$input.path('$.c') $input.path('$.d') $input.path('$.c[1]') $input.path('$.c[*]') $input.path('$.b')",
  "$input.json('$') $input.json('$.missing') [$input.path('$.missing')]",
  "$input.path('$.d').e x $!input.path('$.d').e",
  "#foreach($x in $input.path('$.c'))$foreach.index:$x#if($foreach.hasNext),#end#end",
  "#foreach( $x in $input.path('$.c') )\n  $x\n#end\nend",
  "#foreach($k in $input.path('$').keySet())$k #end",
  "  #set($a = 1)\n  $a #set($b = 2)$b",
  "#set($a = 7 / 2)$a #set($b = 7.0 / 2)$b #set($c = 7 % 4 * 2 - 1)$c",
  "$util.escapeJavaScript($input.path('$.d.f'))",
  "$util.escapeJavaScript($input.path('$.d.f')).replaceAll(\"\\\\'\",\"'\")",
  '#set($s = \'a$b\')$s #set($s = "a\\n")$s #set($e = "x\ny")$e',
  "$context.requestId ${context.requestId}x $!{context.requestId}y $stageVariables.stream",
  "#if($input.path('$.s'))yes#{else}no#end #if($input.path('$.nope') == '')empty#end",
  "$util.urlEncode('a b&c=ä+*~') $util.urlDecode('a+b%26%C3%A4&x')",
  '#set($m = {"k": 1, "l": [1,2]})$m $m.k $m.get(\'l\').size() $m.l[1]',
  'cost: $5 #1 \\ " {} #[[ $raw #if ]]#',
  "#set($l = [1..3])$l",
  "## comment\nafter a #* block\n *# b",
  "#if(1 > 2)a#elseif(2 >= 2)b#{end}c",
  "#set($x = $util.parseJson('{\"z\":[1.0]}'))$x.z[0] $x",
  "$input.body.length() $input.params('h') [$input.params('none')]",
  "#set($a = true)#if(!$a || $a && false)1#{else}2#end",
  "#set($t = 'abc')$t.substring(1) $t.substring(0,2) $t.toUpperCase() $t.indexOf('c')",
  "$util.base64Encode(\"$input.path('$.s')\n\") $util.base64Decode('Wm/Dqw==')",
  "line1\n\n  #if(true)\n  in\n  #end\nline2",
];

/** What may reach a template: the model has let it through, or it is an answer to the action. */
function bodiesOf(template: string): readonly string[] {
  if (template.includes("$pieces")) return BATCHES;
  return template.includes("$results")
    ? BATCH_ANSWERS.filter((answer) => template.includes("FailedRecordCount") === answer.includes("FailedRecordCount"))
    : BODIES;
}

it("renders every mapping template as Apache Velocity does, byte for byte", () => {
  const cases = [
    ...templatesOfTheApi().flatMap((template) => bodiesOf(template).map((body) => ({ template, body }))),
    ...LANGUAGE.map((template) => ({ template, body: DOCUMENT })),
  ].filter(({ template, body }) => !template.includes(".Record.Data") || body.includes('"Record"'));
  expect(cases.map((one) => ({ ...one, ...byUs(one) }))).toEqual(
    byVelocity(cases).map((rendered, n) => ({ ...cases[n], ...rendered })),
  );
});
