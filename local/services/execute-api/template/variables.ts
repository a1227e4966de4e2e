import { BodyError, TemplateError } from "./error";
import { fromJson, type Shim, toText, type Value } from "./java";
import { type Json, JsonText, parseJson, writeJson } from "./json";
import { findPath } from "./json-path";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html, in this order: `$input`. */
export interface Params {
  readonly path: ReadonlyMap<string, string>;
  readonly querystring: ReadonlyMap<string, string>;
  /** Names as the client wrote them are not known; they are compared without regard to case. */
  readonly header: ReadonlyMap<string, string>;
}

export const NO_PARAMS: Params = { path: new Map(), querystring: new Map(), header: new Map() };

/** `$input` over the body of a request, or of the service's answer. An empty body is an empty document. */
export function inputShim(body: JsonText, params: Params): Shim {
  const given = body.text === "" ? new JsonText("{}") : body;
  const found = (path: Value): Json => {
    let document: Json;
    try {
      document = given.document;
    } catch (error) {
      throw new BodyError((error as Error).message);
    }
    return findPath(document, stringOf("$input", path)) ?? "";
  };
  const functions: Functions = {
    json: (path) => writeJson(found(path)),
    path: (path) => fromJson(found(path)),
    params: (name) => (name === undefined ? paramsShim(params) : paramNamed(params, stringOf("$input.params", name))),
  };
  return shim("$input", { body: () => body.text }, functions);
}

/** As the reference says: path, then query string, then header. */
function paramNamed({ path, querystring, header }: Params, name: string): string {
  return path.get(name) ?? querystring.get(name) ?? header.get(name.toLowerCase()) ?? "";
}

function paramsShim(params: Params): Value {
  return new Map<string, Value>(Object.entries(params).map(([kind, values]) => [kind, new Map(values)]));
}

/** `$util`. */
export const utilShim: Shim = shim(
  "$util",
  {},
  {
    base64Encode: (text) => Buffer.from(stringOf("$util.base64Encode", text), "utf8").toString("base64"),
    base64Decode: (text) => Buffer.from(stringOf("$util.base64Decode", text), "base64").toString("utf8"),
    escapeJavaScript: (text) => escapeJavaScript(stringOf("$util.escapeJavaScript", text)),
    parseJson: (text) => fromJson(parsed(stringOf("$util.parseJson", text))),
    urlEncode: (text) => new URLSearchParams({ "": stringOf("$util.urlEncode", text) }).toString().slice(1),
    urlDecode: (text) =>
      new URLSearchParams(`=${stringOf("$util.urlDecode", text).replaceAll("&", "%26")}`).get("") ?? "",
  },
);

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new TemplateError(`$util.parseJson: ${(error as Error).message}`);
  }
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "'": "\\'",
  "\\": "\\\\",
  "/": "\\/",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

/** As Apache Commons Lang: quotes, the slash, control characters and all that is not ASCII. */
function escapeJavaScript(text: string): string {
  return text.replace(
    /["'\\/]|[^ -~]/g,
    (c) => SHORT[c] ?? [...Array(c.length).keys()].map((n) => unicode(c.charCodeAt(n))).join(""),
  );
}

const unicode = (code: number) => `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;

/** `$stageVariables`: any name may be asked for; one that the stage does not have is empty. */
export function stageVariablesShim(variables: Readonly<Record<string, string>>): Shim {
  return {
    get: (name) => variables[name] ?? "",
    call: (name, [key]) => {
      if (name !== "get") throw new TemplateError(`$stageVariables has no ${name}()`);
      return variables[toText(key)] ?? "";
    },
  };
}

type Functions = Readonly<Record<string, (argument: Value) => Value>>;

function shim(of: string, properties: Readonly<Record<string, () => Value>>, functions: Functions): Shim {
  return {
    get(name) {
      if (Object.hasOwn(properties, name)) return properties[name]?.();
      throw new TemplateError(
        `${of} has no ${name}; it has ${[...Object.keys(properties), ...Object.keys(functions).map((f) => `${f}()`)].join(", ")}`,
      );
    },
    call(name, args) {
      const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (!called)
        throw new TemplateError(
          `${of} has no ${name}(); it has ${Object.keys(functions)
            .map((f) => `${f}()`)
            .join(", ")}`,
        );
      if (args.length > 1) throw new TemplateError(`${of}.${name}() takes one argument, got ${args.length}`);
      return called(args[0]);
    },
  };
}

function stringOf(of: string, value: Value): string {
  if (typeof value === "string") return value;
  throw new TemplateError(
    `${of} takes a string, got ${value === undefined || value === null ? "nothing" : toText(value).slice(0, 40)}`,
  );
}
