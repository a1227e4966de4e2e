import {
  BodyError,
  contextShim,
  inputShim,
  JsonText,
  NO_PARAMS,
  noOverrides,
  render,
  stageVariablesShim,
  TemplateError,
  utilShim,
} from "../../../../local/services/execute-api/template";

const overrides = noOverrides();
const rendered = (template: string, body = "{}", params = NO_PARAMS) =>
  render(template, {
    input: inputShim(new JsonText(body), params),
    util: utilShim,
    context: contextShim({ requestId: "r-1", requestTimeEpoch: 5 }, overrides),
    stageVariables: stageVariablesShim({ stream: "s" }),
  });

describe("a mapping template", () => {
  it.each([
    ["keeps the body as it came", "$input.body", '{"a": 1.50}', '{"a": 1.50}'],
    [
      "writes numbers anew in $input.json, as AWS does",
      "$input.json('$')",
      '{"a": 1.50, "b": 10.00, "c": 1e3}',
      '{"a":1.5,"b":10.0,"c":1000.0}',
    ],
    [
      "keeps whole numbers of any length",
      "$input.path('$.a')",
      '{"a":123456789012345678901234567890}',
      "123456789012345678901234567890",
    ],
    ["prints an object as Java does", "$input.path('$')", '{"a":{"b":[1,"x"]}}', "{a={b=[1, x]}}"],
    ["gives nothing for a path that leads nowhere", "[$input.path('$.x.y')]", "{}", "[]"],
    ["encodes UTF-8", "$util.base64Encode($input.body)", "Zoë", Buffer.from("Zoë").toString("base64")],
    ["makes a newline of a line break in a string", '#set($l = "$input.body\n")$util.base64Encode($l)', "a", "YQo="],
    ["has no escapes in strings", '#set($l = "a\\nb")$l', "", "a\\nb"],
    [
      "does not evaluate what it inserts",
      "$input.body",
      "$input.body #set($x = 1) ${y}",
      "$input.body #set($x = 1) ${y}",
    ],
    ["takes Java's regular expressions", "$input.body.replaceAll('(a)(b)', '$2$1')", "ab ab", "ba ba"],
    ["treats an empty string as true", "#if($input.path('$.x'))yes#end", "{}", "yes"],
    ["divides whole numbers as whole numbers", "#set($x = 7 / 2)$x", "", "3"],
    [
      "prints the name of what is null, and nothing when it is quiet",
      "$input.path('$').x|$!input.path('$').x",
      "{}",
      "$input.path('$').x|",
    ],
    [
      "counts a loop",
      "#foreach($e in $input.path('$'))$foreach.index=$e#if($foreach.hasNext),#end#end",
      "[1,2]",
      "0=1,1=2",
    ],
    [
      "knows stage variables and context",
      "$stageVariables.stream $context.requestId [$context.identity.apiKey]",
      "",
      "s r-1 []",
    ],
  ])("%s", (_, template, body, expected) => {
    expect(rendered(template, body)).toBe(expected);
  });

  it.each([
    ["$foo", "line 1: $foo is not in API Gateway's reference, and no #set gives it a value"],
    ["$input.bodyy", "line 1: $input has no bodyy; it has body, json(), path(), params()"],
    [
      "$util.md5('x')",
      "line 1: $util has no md5(); it has base64Encode(), base64Decode(), escapeJavaScript(), parseJson(), urlEncode(), urlDecode()",
    ],
    ["$context.nope", "line 1: $context.nope is not in API Gateway's reference"],
    ["\n#parse('x')", "line 2: #parse is no directive of API Gateway's mapping templates"],
    ["#set($input = 1)", "$input is API Gateway's own and cannot be set"],
    [
      "#set($context.requestId = 'x')",
      "$context.requestId cannot be set; responseOverride.status and the overrides of headers can",
    ],
    [
      "$input.path('$..x')",
      'line 1: JSONPath "$..x": "..x" is not known here; known are .name, [\'name\'], [0], .* and [*]',
    ],
    ["#if($input.body", /^no valid template: /],
    ["#if($input.body) {}", /^no valid template: a block without its #end$/],
    ["#if($input.body)#foreach($x in [1])a#end", /^no valid template: a block without its #end$/],
    ["#set($x = 1) #end {}", /^no valid template: an #end without a block$/],
  ])("refuses %j, which AWS's reference does not have", (template, message) => {
    expect(() => rendered(template)).toThrow(TemplateError);
    expect(() => rendered(template)).toThrow(message);
  });

  it.each([
    ["#if($input.body)a#end", "a"],
    ["#if($input.body)a#{else}b#end ## no #end", "a "],
    ["#foreach($x in [1, 2])#if($x == 2)b#end#end", "b"],
    ["a#* #if *#", "a"],
    ["a#[[#end]]#", "a#end"],
    ["", ""],
  ])("takes %j, where each block has its end", (template, text) => {
    expect(rendered(template)).toBe(text);
  });

  it("says when the caller's body is no JSON", () => {
    expect(() => rendered("$input.json('$')", '{"a"')).toThrow(new BodyError("unexpected end of the document"));
  });

  it("turns the status of the answer", () => {
    rendered("#set($context.responseOverride.status = 429)");
    expect(overrides.status).toBe(429);
  });
});
