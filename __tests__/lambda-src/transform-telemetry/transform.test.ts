import { addExtra2 } from "../../../lambda-src/transform-telemetry/transform";

const encode = (text: string | Buffer) => Buffer.from(text as string).toString("base64");
const run = (text: string | Buffer) => {
  const outcome = addExtra2(encode(text));
  return outcome.kind === "ok" ? Buffer.from(outcome.data, "base64").toString("utf8") : outcome.reason;
};

describe("addExtra2", () => {
  it("adds the product as the last field and ends the line", () => {
    expect(run('{"fuel_consumption":2.4,"lap_time":75.6}')).toBe(
      '{"fuel_consumption":2.4,"lap_time":75.6,"EXTRA2":181.43999999999997}\n',
    );
  });

  it("keeps number text, key order, spacing and escapes as they came", () => {
    expect(run('{ "b":1.50, "10":1e2,"lap_time" : 2.0,"2":"\\u00e9é", "fuel_consumption":3.10 }')).toBe(
      '{ "b":1.50, "10":1e2,"lap_time" : 2.0,"2":"\\u00e9é", "fuel_consumption":3.10 ,"EXTRA2":6.2}\n',
    );
  });

  it.each(["\n", "\n\n", "\r\n", "  \t\n ", ""])("writes one newline, whatever stood there: %j", (end) => {
    expect(run(`{"fuel_consumption":2,"lap_time":3}${end}`)).toBe('{"fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n');
  });

  it.each([
    ['{\n  "fuel_consumption": 2,\r\n  "lap_time": 3\n}\n', '{  "fuel_consumption": 2,  "lap_time": 3,"EXTRA2":6}\n'],
    ['\n{"fuel_consumption":2,"lap_time":3}', '{"fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n'],
    ['{"é":"é",\n"fuel_consumption":2,"lap_time":3}\n\n', '{"é":"é","fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n'],
    [
      '{"n":"a\\nb",\n"fuel_consumption":2,"lap_time":3}',
      '{"n":"a\\nb","fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n',
    ],
  ])("writes a record that came on several lines as one line: %j", (given, line) => {
    expect(run(given)).toBe(line);
  });

  it.each([
    ["", "not a JSON object"],
    [" \n", "not a JSON object"],
    ["null", "not a JSON object"],
    ["7", "not a JSON object"],
    ['[{"fuel_consumption":1,"lap_time":2}]', "not a JSON object"],
    ['{"fuel_consumption":1,"lap_time":2', "not a JSON object"],
    ['{"fuel_consumption":1,"lap_time":2}}', "not a JSON object"],
    ['{"fuel_consumption":1,"lap_time":2} trailing }', "not a JSON object"],
    ['{"fuel_consumption":1,"lap_time":2}{"fuel_consumption":1,"lap_time":2}', "not a JSON object"],
    ['{"fuel_consumption":NaN,"lap_time":2}', "not a JSON object"],
    ['\uFEFF{"fuel_consumption":1,"lap_time":2}', "not a JSON object"],
    ["{}", "fuel_consumption is not a number"],
    ['{"lap_time":2}', "fuel_consumption is not a number"],
    ['{"fuel_consumption":"1","lap_time":2}', "fuel_consumption is not a number"],
    ['{"fuel_consumption":true,"lap_time":2}', "fuel_consumption is not a number"],
    ['{"__proto__":{"fuel_consumption":1,"lap_time":2}}', "fuel_consumption is not a number"],
    ['{"fuel_consumption":1,"lap_time":null}', "lap_time is not a number"],
    ['{"fuel_consumption":1}', "lap_time is not a number"],
    ['{"fuel_consumption":1e400,"lap_time":2}', "fuel_consumption * lap_time is not finite"],
    ['{"fuel_consumption":1e400,"lap_time":0}', "fuel_consumption * lap_time is not finite"],
    ['{"fuel_consumption":1e200,"lap_time":1e200}', "fuel_consumption * lap_time is not finite"],
    ['{"fuel_consumption":2,"lap_time":3,"EXTRA2":5}', "EXTRA2 is there already, with another value"],
    ['{"fuel_consumption":2,"lap_time":3,"EXTRA2":"6"}', "EXTRA2 is there already, with another value"],
    ['{"fuel_consumption":2,"lap_time":3,"EXTRA\\u0032":null}', "EXTRA2 is there already, with another value"],
  ])("refuses %j: %s", (given, reason) => {
    expect(run(given)).toBe(reason);
  });

  it.each([Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xc0, 0x80])])(
    "refuses bytes that are not UTF-8 rather than replacing them: %p",
    (bytes) => {
      const record = [Buffer.from('{"driver":"'), bytes, Buffer.from('","fuel_consumption":2,"lap_time":3}')];
      expect(run(Buffer.concat(record))).toBe("not UTF-8");
    },
  );

  it("keeps a replacement character that the sender wrote", () => {
    expect(run('{"driver":"\uFFFD","fuel_consumption":2,"lap_time":3}')).toBe(
      '{"driver":"\uFFFD","fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n',
    );
  });

  it("leaves a record that has the right EXTRA2 already as it is, so that a replay passes", () => {
    const once = run('{"fuel_consumption":2.4,"lap_time":75.6}');
    expect(run(once)).toBe(once);
  });

  it("takes the last of two equal keys, as JSON.parse does", () => {
    expect(run('{"lap_time":9,"fuel_consumption":2,"lap_time":3}')).toBe(
      '{"lap_time":9,"fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n',
    );
  });

  it("is not led astray by __proto__", () => {
    expect(run('{"__proto__":null,"fuel_consumption":2,"lap_time":3}')).toBe(
      '{"__proto__":null,"fuel_consumption":2,"lap_time":3,"EXTRA2":6}\n',
    );
  });

  it.each([1 << 16, 1_024_000, 3_000_000])("takes a record of %d bytes", (bytes) => {
    const start = '{"fuel_consumption":2,"lap_time":3,"note":"';
    const text = `${start}${"x".repeat(bytes - start.length - 2)}"}`;
    expect(text).toHaveLength(bytes);
    expect(run(text) === `${text.slice(0, -1)},"EXTRA2":6}\n`).toBe(true);
  });

  it.each(["e", "e30", "e30 ", "e3 0", "e3\n0", "****"])("refuses data that is not base64: %j", (data) => {
    expect(addExtra2(data)).toEqual({ kind: "failed", reason: "data is not base64" });
  });

  it("gives what parse, multiply and stringify give, for any object and any length of the tail", () => {
    const random = seeded(7);
    for (let i = 0; i < 3000; i++) {
      const record: Record<string, unknown> = {
        note: 'aé€😀\\\n"}'.slice(0, Math.floor(random() * 9)) + "x".repeat(Math.floor(random() * 40)),
        nested: { list: [random(), -random() * 1e9, { "}": "}" }], fuel_consumption: "no" },
        fuel_consumption: (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20),
        lap_time: (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20),
      };
      // A lone half of a surrogate pair, which slicing can make, is not text that UTF-8 can carry.
      record.note = (record.note as string).replace(/[\uD800-\uDBFF]$/, "");
      const text = JSON.stringify(record, null, random() < 0.3 ? 1 : 0) + (random() < 0.5 ? "\n" : "");
      const line = run(text);
      const extra2 = (record.fuel_consumption as number) * (record.lap_time as number);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ ...record, EXTRA2: extra2 })));
      expect(line.indexOf("\n")).toBe(line.length - 1);
    }
  });

  it("keeps the result of any two records apart, whatever their lengths", () => {
    const random = seeded(11);
    for (let i = 0; i < 500; i++) {
      const name = "n".repeat(Math.floor(random() * 200));
      const given = `{"n":"${name}","fuel_consumption":2,"lap_time":3}`;
      expect(run(given)).toBe(`${given.slice(0, -1)},"EXTRA2":6}\n`);
    }
  });
});

/** mulberry32: the same numbers for the same seed everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
