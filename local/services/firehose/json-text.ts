/**
 * JSON whose numbers are kept as text: a 20-digit integer must not go through a double. Numbers are `{ number }`, the rest is what
 * `JSON.parse` makes of it.
 */
export class NumberText {
  constructor(readonly text: string) {}
}
export type Json = null | boolean | string | NumberText | readonly Json[] | ReadonlyMap<string, Json>;

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads one JSON document. @throws SyntaxError */
export function parseJson(text: string): Json {
  JSON.parse(text);
  // Every string gets a mark before it, so that a number in quotes cannot be taken for one that had none.
  const marked = text.replace(TOKEN, (token) => (token[0] === '"' ? `"$${token.slice(1)}` : `"#${token}"`));
  return unmark(JSON.parse(marked));
}

function unmark(value: unknown): Json {
  if (typeof value === "string") return value[0] === "#" ? new NumberText(value.slice(1)) : value.slice(1);
  if (Array.isArray(value)) return value.map(unmark);
  if (typeof value === "object" && value !== null) {
    return new Map(Object.entries(value).map(([key, of]) => [key.slice(1), unmark(of)]));
  }
  return value as null | boolean;
}

/** The document as text again, on one line. */
export function writeJson(value: Json): string {
  if (value instanceof NumberText) return value.text;
  if (value instanceof Map) {
    return `{${[...value].map(([key, of]) => `${JSON.stringify(key)}:${writeJson(of)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  return JSON.stringify(value);
}

/** Takes apart documents that follow one another in one record, `{"a":1}{"a":2}`; text that is no such row comes back whole. */
export function splitDocuments(text: string): string[] {
  const documents: string[] = [];
  let depth = 0;
  let from = 0;
  let end = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{" && depth++ === 0) from = index;
    if (token === "}" && --depth === 0) {
      if (text.slice(end, from).trim() !== "") return [text];
      end = index + 1;
      documents.push(text.slice(from, end));
    }
  }
  return documents.length > 0 && text.slice(end).trim() === "" ? documents : [text];
}
