import { notCarried, SqlError } from "../errors";
import { SYSTEM } from "../system-views";
import { isWord } from "./cursor";
import { datePart, TO_INTERVAL } from "./date-parts";
import { printMoment, readingFormat } from "./datetime-format";
import { quoteName, quoteString, type Token } from "./tokens";

/** Arguments of a call: `tokens` as written, `sql` in the engine's words. */
export interface Argument {
  readonly tokens: readonly Token[];
  readonly sql: string;
}

/** A function that the engine knows by another name, with other arguments or not at all; `name` is for messages. */
export type Call = (args: readonly Argument[], name: string) => string;

function count(args: readonly Argument[], name: string, least: number, most = least): void {
  if (args.length >= least && args.length <= most) return;
  throw new SqlError(
    `function ${name}() takes ${least === most ? least : `${least} to ${most}`} arguments, not ${args.length}`,
    "42883",
  );
}

function text({ tokens }: Argument, what: string): string {
  const [token, more] = tokens;
  if (token?.kind !== "string" || more) throw notCarried(`${what} that is an expression`);
  return token.value;
}

/** A string literal beside a date part is a moment, which the engine would not see. */
function moment({ tokens, sql }: Argument): string {
  return tokens.length === 1 && tokens[0]!.kind === "string" ? `CAST(${sql} AS TIMESTAMP)` : sql;
}

const system =
  (name: string, least: number, most = least): Call =>
  (args, written) => {
    count(args, written, least, most);
    return `${SYSTEM}.${name}(${args.map((arg) => arg.sql).join(", ")})`;
  };

const dateAdd: Call = (args, name) => {
  count(args, name, 3);
  const part = datePart(args[0]!.tokens);
  const interval = TO_INTERVAL[part];
  if (!interval) throw new SqlError(`invalid date part "${part}" for ${name}`, "22023");
  return `(${moment(args[2]!)} + ${interval}(CAST(${args[1]!.sql} AS INTEGER)))`;
};

const dateDiff: Call = (args, name) => {
  count(args, name, 3);
  return `date_diff('${datePart(args[0]!.tokens)}', ${moment(args[1]!)}, ${moment(args[2]!)})`;
};

const coalesce: Call = (args) => `coalesce(${args.map((arg) => arg.sql).join(", ")})`;

const concat: Call = (args, name) => {
  count(args, name, 2);
  return `(${args[0]!.sql} || ${args[1]!.sql})`;
};

const pad =
  (name: string): Call =>
  (args, written) => {
    count(args, written, 2, 3);
    return `${name}(${args[0]!.sql}, ${args[1]!.sql}, ${args[2]?.sql ?? "' '"})`;
  };

/** Each by its page under https://docs.aws.amazon.com/redshift/latest/dg/ (r_DATEADD_function, r_DATEDIFF_function, r_NVL_function ...). */
export const CALLS: Readonly<Record<string, Call>> = {
  dateadd: dateAdd,
  date_add: dateAdd,
  datediff: dateDiff,
  date_diff: dateDiff,
  date_part: (args, name) => {
    count(args, name, 2);
    return `date_part('${datePart(args[0]!.tokens)}', ${moment(args[1]!)})`;
  },
  // A DATE gives a TIMESTAMP in Redshift: the interval makes one of it, and leaves the rest as it is.
  date_trunc: (args, name) => {
    count(args, name, 2);
    return `date_trunc('${datePart(args[0]!.tokens)}', ${moment(args[1]!)} + to_seconds(0))`;
  },
  nvl: coalesce,
  isnull: coalesce,
  decode: (args, name) => {
    if (args.length < 3) count(args, name, 3);
    const [of, ...rest] = args;
    const cases: string[] = [];
    for (let i = 0; i + 1 < rest.length; i += 2)
      cases.push(`WHEN ${of!.sql} IS NOT DISTINCT FROM ${rest[i]!.sql} THEN ${rest[i + 1]!.sql}`);
    return `CASE ${cases.join(" ")}${rest.length % 2 === 1 ? ` ELSE ${rest.at(-1)!.sql}` : ""} END`;
  },
  convert: (args, name) => {
    count(args, name, 2);
    return `CAST(${args[1]!.sql} AS ${args[0]!.sql})`;
  },
  to_char: (args, name) => {
    count(args, name, 2);
    return printMoment(args[0]!.sql, text(args[1]!, "a format of TO_CHAR"));
  },
  to_date: (args, name) => {
    count(args, name, 2);
    return `CAST(strptime(${args[0]!.sql}, ${quoteString(readingFormat(text(args[1]!, "a format of TO_DATE"), "TO_DATE"))}) AS DATE)`;
  },
  to_timestamp: (args, name) => {
    count(args, name, 2);
    const format = readingFormat(text(args[1]!, "a format of TO_TIMESTAMP"), "TO_TIMESTAMP");
    return `(strptime(${args[0]!.sql}, ${quoteString(format)}) AT TIME ZONE 'UTC')`;
  },
  concat,
  lpad: pad("lpad"),
  rpad: pad("rpad"),
  btrim: (args) => `trim(${args.map((arg) => arg.sql).join(", ")})`,
  regexp_replace: (args, name) => {
    count(args, name, 2, 3);
    return `regexp_replace(${args[0]!.sql}, ${args[1]!.sql}, ${args[2]?.sql ?? "''"}, 'g')`;
  },
  regexp_substr: (args, name) => {
    count(args, name, 2);
    return `regexp_extract(${args[0]!.sql}, ${args[1]!.sql})`;
  },
  regexp_count: (args, name) => {
    count(args, name, 2);
    return `len(regexp_extract_all(${args[0]!.sql}, ${args[1]!.sql}))`;
  },
  add_months: (args, name) => {
    count(args, name, 2);
    return `${SYSTEM}.add_months(${moment(args[0]!)}, ${args[1]!.sql})`;
  },
  convert_timezone: (args, name) => {
    count(args, name, 2, 3);
    return args.length === 2
      ? `${SYSTEM}.convert_timezone(${args[0]!.sql}, ${moment(args[1]!)})`
      : `((${moment(args[2]!)} AT TIME ZONE ${args[0]!.sql}) AT TIME ZONE ${args[1]!.sql})`;
  },
  from_varbyte: system("from_varbyte", 2),
  json_parse: system("super_parse", 1),
  can_json_parse: system("super_can_parse", 1),
  json_serialize: system("super_text", 1),
  json_typeof: system("super_typeof", 1),
  get_array_length: system("super_array_length", 1),
  is_array: system("super_is_array", 1),
  is_object: system("super_is_object", 1),
  is_scalar: system("super_is_scalar", 1),
  is_char: system("super_is_text", 1),
  is_varchar: system("super_is_text", 1),
  is_boolean: system("super_is_boolean", 1),
  is_integer: system("super_is_integer", 1),
  is_bigint: system("super_is_bigint", 1),
  is_smallint: system("super_is_smallint", 1),
  is_float: system("super_is_float", 1),
  is_valid_json: system("super_can_parse", 1),
  split_to_array: (args, name) => {
    count(args, name, 1, 2);
    return `CAST(string_split(${args[0]!.sql}, ${args[1]?.sql ?? "','"}) AS VARIANT)`;
  },
  array: (args) => `CAST(list_value(${args.map((arg) => `CAST(${arg.sql} AS VARIANT)`).join(", ")}) AS VARIANT)`,
  object: (args, name) => {
    if (args.length === 0 || args.length % 2 === 1)
      throw new SqlError(`function ${name}() takes pairs of a name and a value`, "42883");
    const members: string[] = [];
    for (let i = 0; i < args.length; i += 2)
      members.push(`${quoteName(text(args[i]!, "a name of OBJECT"))} := CAST(${args[i + 1]!.sql} AS VARIANT)`);
    return `CAST(struct_pack(${members.join(", ")}) AS VARIANT)`;
  },
  json_extract_path_text: (args, name) => {
    if (args.length < 2) count(args, name, 2, 6);
    const last = args.at(-1)!;
    const flag = last.tokens.length === 1 && (isWord(last.tokens[0], "true") || isWord(last.tokens[0], "false"));
    const keys = args.slice(1, flag ? -1 : undefined).map((arg) => text(arg, "a path of JSON_EXTRACT_PATH_TEXT"));
    const pointer = keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    const document = flag && isWord(last.tokens[0], "true") ? `TRY(CAST(${args[0]!.sql} AS JSON))` : args[0]!.sql;
    return `json_extract_string(${document}, ${quoteString(pointer)})`;
  },
  json_extract_array_element_text: (args, name) => {
    count(args, name, 2);
    const [index] = args[1]!.tokens;
    if (index?.kind !== "number" || args[1]!.tokens.length > 1)
      throw notCarried("a position of JSON_EXTRACT_ARRAY_ELEMENT_TEXT that is an expression");
    return `json_extract_string(${args[0]!.sql}, '$[${index.text}]')`;
  },
};

/** Functions that the engine has as Redshift has them. */
export const SAME: ReadonlySet<string> = new Set(
  `abs acos any_value ascii asin atan atan2 avg bit_and bit_or bool_and bool_or cast cbrt ceil ceiling char_length character_length charindex chr
  coalesce cos cot count cume_dist current_database current_schema date degrees dense_rank exp extract first_value floor getdate
  greatest json_array_length lag last_day last_value lead least left len length ln log lower ltrim max md5 median min mod now nth_value ntile
  nullif nvl2 octet_length percent_rank percentile_cont percentile_disc pg_backend_pid pg_last_copy_count pg_last_copy_id pi position pow power radians random rank repeat replace
  reverse right round row_number rtrim sha2 sign sin split_part sqrt stddev stddev_pop stddev_samp strpos substr substring sum sysdate tan
  translate trim trunc upper var_pop var_samp variance version listagg try_cast generate_series`
    .split(/\s+/)
    .filter((name) => name !== ""),
);
