import { namesIn, withValues } from "../../../lambda-src/run-migrations/values";

const VALUES = { servers: "a:9098,b:9098", topic: 'or"ders' };

describe("values of the stack in a migration", () => {
  it("are a literal or an identifier, quoted for what they are", () => {
    expect(withValues("001_a.sql", `URI :'servers' FROM s.:"topic" WHERE a::varchar = :'topic'`, VALUES)).toBe(
      `URI 'a:9098,b:9098' FROM s."or""ders" WHERE a::varchar = 'or"ders'`,
    );
  });

  it("are told by name when there is none", () => {
    expect(() => withValues("001_a.sql", "URI :'server'", VALUES)).toThrow(
      "001_a.sql: there is no value for :'server'; there are servers, topic",
    );
  });

  it("are not looked for where none are given", () => {
    const json = `SELECT '{"a":"b"}'`;
    expect(withValues("001_a.sql", json, {})).toBe(json);
  });

  it("are found by name in a text", () => {
    expect(namesIn(`URI :'servers' FROM s.:"topic" WHERE x::int = :'servers'`)).toEqual(["servers", "topic"]);
  });
});
