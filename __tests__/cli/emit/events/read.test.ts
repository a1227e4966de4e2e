import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { readEvents } from "../../../../cli/emit/events";
import { temporary } from "../../../support/programs";

const MIB = 1024 * 1024;

function fileOf(text: string): string {
  const file = path.join(temporary("events"), "events.json");
  writeFileSync(file, text);
  return file;
}

const read = (text: string, keyField = "id") => readEvents(fileOf(text), keyField);
const texts = (text: string) => read(text).events.map(({ data }) => data.toString());

describe("events of a file", () => {
  it.each([
    ["a line each", '{"id":"a"}\n{"id":"b"}\n'],
    ["in one array", '[\n  { "id": "a" },\n  { "id": "b" }\n]\n'],
    ["one behind another", '{"id":"a"}{"id":\n"b"}'],
    ["with a byte order mark and CRLF", '\uFEFF{"id":"a"}\r\n{"id":"b"}\r\n'],
  ])("are read %s, each as one line", (_, text) => {
    expect(texts(text)).toEqual(['{"id":"a"}\n', '{"id":"b"}\n']);
  });

  it("keep a document inside a string, with its braces, quotes and backslashes", () => {
    const event = { id: "a", message: JSON.stringify({ note: 'a "}" and a \\' }) };
    expect(texts(JSON.stringify(event))).toEqual([`${JSON.stringify(event)}\n`]);
  });

  it("keep every digit of a number, escapes, and a field that is named twice", () => {
    const event = '{"id":"\\u00e9 \\" x","n":12345678901234567890,"f":1.0,"e":1E400,"n":2}';
    expect(texts(event.replaceAll(",", ",\r\n\t "))).toEqual([`${event}\n`]);
  });

  it("have the key of their field, and one for all that have none", () => {
    expect(read('{"id":"a"}{"id":null}{"other":"x"}{"id":""}').events.map(({ key }) => key)).toEqual([
      "a",
      "0",
      "0",
      "0",
    ]);
  });

  it("are refused with file and line beyond 1 MiB of data and key, and the others are taken", () => {
    const file = fileOf(`{"id":"a"}\n{"id":"b","text":"${"x".repeat(MIB)}"}\n{"id":"c"}\n`);
    const { events, refused } = readEvents(file, "id");
    expect(events.map(({ key }) => key)).toEqual(["a", "c"]);
    expect(refused).toEqual([
      { at: `${file}:2`, reason: "1,048,598 bytes with its key; Kinesis takes at most 1,048,576 (1 MiB)" },
    ]);
  });

  it("may have exactly 1 MiB", () => {
    const frame = Buffer.byteLength('{"id":"b","text":""}\n') + 1;
    expect(read(`{"id":"b","text":"${"x".repeat(MIB - frame)}"}`).refused).toEqual([]);
    expect(read(`{"id":"b","text":"${"x".repeat(MIB - frame + 1)}"}`).refused).toHaveLength(1);
  });

  it.each([
    ['{"id":"a"}\n"text"', /:2: must be a JSON object, got "\\"text\\""$/],
    ['{"id":"a"}\n\n{"id": oops}', /:3: is no JSON object \(.+\)$/],
    ['{"id":"a"}\n{"id":"b"', /:2: the object that begins here does not end$/],
    ['\n[{"id":"a"},\n{"id":"b"},', /:2: the array that begins here does not end$/],
    ['[{"id":"a"}]\n{"id":"b"}', /:2: must be a JSON object, got "\{\\"id\\":\\"b\\"\}"$/],
    ['{"id":"a"}\n]', /:2: must be a JSON object, got "\]"$/],
    ['[[{"id":"a"}]]', /:1: must be a JSON object, got "\[\{\\"id\\":\\"a\\"\}\]\]"$/],
    ["[1]", /:1: must be a JSON object, got "1\]"$/],
    ["", /holds no event: it must be JSON objects, a line each or in one array$/],
    ["[]", /holds no event: it must be JSON objects, a line each or in one array$/],
  ])("that are none say where: %j", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it("that are not there say so", () => {
    expect(() => readEvents("/nowhere/events.json", "id")).toThrow("/nowhere/events.json cannot be read: ENOENT");
  });

  it.each(["user", "utm"])("are there as samples of %s, ten requests that both files share", (stream) => {
    const { events, refused } = readEvents(`cli/emit/events/samples/${stream}.json`, "request_id");
    const other = readEvents("cli/emit/events/samples/user.json", "request_id");
    expect([events.length, refused.length]).toEqual([10, 0]);
    expect(events.map(({ key }) => key)).toEqual(other.events.map(({ key }) => key));
  });
});
