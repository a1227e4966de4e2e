import { HIDDEN } from "./access/catalogue";

/** Schema of the views and functions that Redshift has and the engine lacks; it stands behind `public` on the search path. */
export const SYSTEM = "redshift_system";

/** Qualified names of ours that the engine would answer by itself, and otherwise. */
export const QUALIFIED: Readonly<Record<string, string>> = {
  "information_schema.tables": `${SYSTEM}.information_schema_tables`,
  "information_schema.columns": `${SYSTEM}.information_schema_columns`,
  "pg_catalog.pg_user": `${SYSTEM}.pg_user`,
  "pg_catalog.pg_tables": `${SYSTEM}.pg_tables`,
  "pg_catalog.pg_namespace": `${SYSTEM}.pg_namespace`,
};

const SHOWN = `schema_name NOT IN ('${HIDDEN}', '${SYSTEM}', 'main', 'information_schema', 'pg_catalog')`;
/** A superuser sees every row, others their own: https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html */
const OWN_ROWS = "(getvariable('redshift_superuser') OR user_id = getvariable('redshift_user_id'))";

const TYPE_NAME = `CASE data_type WHEN 'VARCHAR' THEN 'character varying' WHEN 'DOUBLE' THEN 'double precision' WHEN 'FLOAT' THEN 'real'
  WHEN 'TIMESTAMP' THEN 'timestamp without time zone' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp with time zone'
  ELSE CASE WHEN data_type LIKE 'DECIMAL%' THEN 'numeric' ELSE lower(data_type) END END`;
const BYTES = `(SELECT CAST(regexp_extract(k.expression, '<= (\\d+)', 1) AS INTEGER) FROM duckdb_constraints() k
  WHERE k.database_name = c.database_name AND k.schema_name = c.schema_name AND k.table_name = c.table_name AND k.constraint_type = 'CHECK'
  AND k.constraint_column_names = [c.column_name] LIMIT 1)`;

const HAVE = `database_name = current_database() AND ${SHOWN}`;

/** Functions of SUPER, which is the engine's VARIANT here: https://docs.aws.amazon.com/redshift/latest/dg/c_Type_Info_Functions.html */
const TYPE = "variant_typeof(CAST(x AS VARIANT))";
const superTest = (name: string, test: string) =>
  `CREATE OR REPLACE MACRO ${SYSTEM}.super_${name}(x) AS CASE WHEN CAST(x AS VARIANT) IS NULL THEN NULL ELSE ${test} END;`;
/** Of kinds that say nothing more in brackets. */
const kindIn = (...kinds: string[]) => `${TYPE} IN (${kinds.map((kind) => `'${kind}'`).join(", ")})`;
/** `ARRAY(3)`, `OBJECT(a, b)`: looked at from the front, since an object may have many names. */
const ARRAY = `starts_with(${TYPE}, 'ARRAY(')`;
const OBJECT = `starts_with(${TYPE}, 'OBJECT(')`;
const WHOLE = ["INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64"];
const within = (type: string) => `${kindIn(...WHOLE)} AND TRY(CAST(CAST(x AS VARIANT) AS ${type})) IS NOT NULL`;
const SUPER_MACROS = `
CREATE OR REPLACE MACRO ${SYSTEM}.super_parse(x BLOB) AS CAST(CAST(decode(x) AS JSON) AS VARIANT), (x) AS CAST(CAST(x AS JSON) AS VARIANT);
CREATE OR REPLACE MACRO ${SYSTEM}.super_can_parse(x BLOB) AS CASE WHEN x IS NULL THEN NULL ELSE coalesce(TRY(json_valid(decode(x))), false) END,
  (x) AS json_valid(CAST(x AS VARCHAR));
CREATE OR REPLACE MACRO ${SYSTEM}.from_varbyte(x, form) AS CASE lower(form) WHEN 'hex' THEN lower(hex(x)) WHEN 'base64' THEN base64(x)
  WHEN 'utf-8' THEN decode(x) WHEN 'utf8' THEN decode(x) ELSE error('from_varbyte takes hex, base64 or utf-8 here') END;
CREATE OR REPLACE MACRO ${SYSTEM}.super_text(x) AS CAST(CAST(x AS JSON) AS VARCHAR);
CREATE OR REPLACE MACRO ${SYSTEM}.super_typeof(x) AS CASE WHEN CAST(x AS VARIANT) IS NULL THEN NULL WHEN ${ARRAY} THEN 'array' WHEN ${OBJECT} THEN 'object'
  WHEN ${kindIn("VARCHAR")} THEN 'string' WHEN ${kindIn("BOOL_TRUE", "BOOL_FALSE")} THEN 'boolean' ELSE 'number' END;
CREATE OR REPLACE MACRO ${SYSTEM}.super_array_length(x) AS CASE WHEN ${ARRAY} THEN CAST(${TYPE}[7:-2] AS BIGINT) END;
${superTest("is_array", ARRAY)}
${superTest("is_object", OBJECT)}
${superTest("is_scalar", `NOT (${ARRAY} OR ${OBJECT})`)}
${superTest("is_text", kindIn("VARCHAR"))}
${superTest("is_boolean", kindIn("BOOL_TRUE", "BOOL_FALSE"))}
${superTest("is_smallint", within("SMALLINT"))}
${superTest("is_integer", within("INTEGER"))}
${superTest("is_bigint", within("BIGINT"))}
${superTest("is_float", kindIn("FLOAT", "DOUBLE"))}
`;

/**
 * What tools ask first, as far as it is cheap; every other system view is an unknown relation. GETDATE stands in defaults of tables, and
 * the engine replaces nothing that a table depends on, so a file that is opened again keeps its own.
 */
export const SYSTEM_VIEWS = `
CREATE SCHEMA IF NOT EXISTS ${SYSTEM};
CREATE MACRO IF NOT EXISTS ${SYSTEM}.getdate() AS CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP);
CREATE OR REPLACE MACRO ${SYSTEM}.nvl(a, b) AS coalesce(a, b);
CREATE OR REPLACE MACRO ${SYSTEM}.nvl2(a, b, c) AS CASE WHEN a IS NOT NULL THEN b ELSE c END;
CREATE OR REPLACE MACRO ${SYSTEM}.len(a) AS length(a);
CREATE OR REPLACE MACRO ${SYSTEM}.octet_length(a BLOB) AS system.main.octet_length(a), (a) AS strlen(a);
CREATE OR REPLACE MACRO ${SYSTEM}.charindex(needle, text) AS strpos(text, needle);
CREATE OR REPLACE MACRO ${SYSTEM}.convert_timezone(zone, moment) AS (moment AT TIME ZONE 'UTC') AT TIME ZONE zone;
CREATE OR REPLACE MACRO ${SYSTEM}.sha2(text, bits) AS CASE WHEN bits IN (0, 256) THEN sha256(text) ELSE error('sha2 takes 256 bits here') END;
CREATE OR REPLACE MACRO ${SYSTEM}.divide(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero') ELSE a / b END;
CREATE OR REPLACE MACRO ${SYSTEM}.modulo(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero') ELSE a % b END;
CREATE OR REPLACE MACRO ${SYSTEM}.add_months(d, n) AS CASE WHEN CAST(d AS DATE) = last_day(CAST(d AS DATE))
  THEN last_day(CAST(d + to_months(CAST(n AS INTEGER)) AS DATE)) + (CAST(d AS TIMESTAMP) - CAST(CAST(d AS DATE) AS TIMESTAMP))
  ELSE CAST(d AS TIMESTAMP) + to_months(CAST(n AS INTEGER)) END;
CREATE OR REPLACE MACRO ${SYSTEM}.pg_last_copy_id() AS CAST(coalesce(getvariable('redshift_copy_id'), -1) AS INTEGER);
CREATE OR REPLACE MACRO ${SYSTEM}.pg_last_copy_count() AS CAST(coalesce(getvariable('redshift_copy_count'), 0) AS BIGINT);
CREATE OR REPLACE MACRO ${SYSTEM}.pg_backend_pid() AS CAST(getvariable('redshift_session') AS INTEGER);
${SUPER_MACROS}
CREATE OR REPLACE VIEW ${SYSTEM}.information_schema_tables AS
  SELECT database_name AS table_catalog, schema_name AS table_schema, table_name, 'BASE TABLE' AS table_type FROM duckdb_tables() WHERE ${HAVE}
  UNION ALL SELECT database_name, schema_name, view_name, 'VIEW' FROM duckdb_views() WHERE ${HAVE} AND NOT internal;
CREATE OR REPLACE VIEW ${SYSTEM}.information_schema_columns AS
  SELECT database_name AS table_catalog, schema_name AS table_schema, table_name, column_name, column_index AS ordinal_position,
    column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable, ${TYPE_NAME} AS data_type,
    ${BYTES} AS character_maximum_length, numeric_precision, numeric_scale
  FROM duckdb_columns() c WHERE ${HAVE} AND NOT internal;
CREATE OR REPLACE VIEW ${SYSTEM}.svv_tables AS SELECT table_catalog, table_schema, table_name, table_type, NULL::VARCHAR AS remarks FROM ${SYSTEM}.information_schema_tables;
CREATE OR REPLACE VIEW ${SYSTEM}.svv_columns AS SELECT * FROM ${SYSTEM}.information_schema_columns;
CREATE OR REPLACE VIEW ${SYSTEM}.pg_user AS SELECT name AS usename, id AS usesysid, createdb AS usecreatedb, superuser AS usesuper, '********' AS passwd FROM ${HIDDEN}.users;
CREATE OR REPLACE VIEW ${SYSTEM}.svv_user_info AS SELECT id AS user_id, name AS user_name, createdb, superuser FROM ${HIDDEN}.users;
CREATE OR REPLACE VIEW ${SYSTEM}.pg_namespace AS SELECT schema_name AS nspname FROM duckdb_schemas() WHERE ${HAVE};
CREATE OR REPLACE VIEW ${SYSTEM}.svv_all_schemas AS SELECT current_database() AS database_name, nspname AS schema_name FROM ${SYSTEM}.pg_namespace;
CREATE OR REPLACE VIEW ${SYSTEM}.pg_tables AS
  SELECT t.table_schema AS schemaname, t.table_name AS tablename, o.owner AS tableowner FROM ${SYSTEM}.information_schema_tables t
  LEFT JOIN ${HIDDEN}.owners o ON o.kind = 'table' AND o.schema_name = t.table_schema AND o.name = t.table_name WHERE t.table_type = 'BASE TABLE';
CREATE OR REPLACE VIEW ${SYSTEM}.pg_table_def AS
  SELECT c.table_schema AS schemaname, c.table_name AS tablename, c.column_name AS "column",
    CASE WHEN character_maximum_length IS NULL THEN data_type ELSE data_type || '(' || character_maximum_length || ')' END AS type,
    k.distkey IS NOT DISTINCT FROM c.column_name AS distkey, list_position(string_split(coalesce(k.sortkey, ''), ','), c.column_name) AS sortkey, is_nullable = 'NO' AS "notnull"
  FROM ${SYSTEM}.information_schema_columns c LEFT JOIN ${HIDDEN}.keys k ON k.schema_name = c.table_schema AND k.name = c.table_name;
CREATE OR REPLACE VIEW ${SYSTEM}.svv_relation_privileges AS
  SELECT schema_name AS namespace_name, name AS relation_name, upper(privilege) AS privilege_type, grantee AS identity_name,
    CASE grantee WHEN 'public' THEN 'public' ELSE 'user' END AS identity_type, grant_option AS admin_option FROM ${HIDDEN}.grants WHERE kind = 'table';
CREATE OR REPLACE VIEW ${SYSTEM}.svv_schema_privileges AS
  SELECT schema_name AS namespace_name, upper(privilege) AS privilege_type, grantee AS identity_name,
    CASE grantee WHEN 'public' THEN 'public' ELSE 'user' END AS identity_type, grant_option AS admin_option FROM ${HIDDEN}.grants WHERE kind = 'schema';
CREATE OR REPLACE VIEW ${SYSTEM}.sys_load_history AS
  SELECT user_id, query_id, transaction_id, session_id, database_name, status, table_name, start_time, end_time, duration, data_source, file_format,
    loaded_rows, bytes AS loaded_bytes, files AS source_file_count, bytes AS source_file_bytes, files AS file_count_scanned, bytes AS file_bytes_scanned,
    error_count, 0::BIGINT AS copy_job_id FROM ${HIDDEN}.loads WHERE ${OWN_ROWS};
CREATE OR REPLACE VIEW ${SYSTEM}.sys_load_error_detail AS
  SELECT user_id, query_id, transaction_id, session_id, database_name, table_id, start_time, file_name, line_number, column_name, column_type, column_length,
    position, error_code, error_message FROM ${HIDDEN}.load_errors WHERE ${OWN_ROWS};
CREATE OR REPLACE VIEW ${SYSTEM}.stl_load_errors AS
  SELECT user_id AS userid, table_id AS tbl, start_time AS starttime, session_id AS session, query_id AS query, file_name AS filename, line_number, column_name AS colname,
    column_type AS type, column_length AS col_length, position, raw_line, raw_field AS raw_field_value, error_code AS err_code, error_message AS err_reason
  FROM ${HIDDEN}.load_errors WHERE ${OWN_ROWS};
CREATE OR REPLACE VIEW ${SYSTEM}.sys_stream_scan_states AS
  SELECT external_schema_name, stream_name, mv_name, transaction_id, query_id, record_time, partition_id, latest_position, scanned_rows, skipped_rows, scanned_bytes,
    stream_record_time_min, stream_record_time_max FROM ${HIDDEN}.stream_scans WHERE ${OWN_ROWS};
CREATE OR REPLACE VIEW ${SYSTEM}.sys_stream_scan_errors AS
  SELECT external_schema_name, stream_name, mv_name, transaction_id, query_id, stream_timestamp_type, stream_timestamp, record_time, partition_id, position, error_code,
    error_reason FROM ${HIDDEN}.stream_errors WHERE ${OWN_ROWS};
`;

/** Names that the system schema answers, so that a statement's rights on them need no grant. */
export function systemNames(): ReadonlySet<string> {
  return new Set([...SYSTEM_VIEWS.matchAll(/CREATE OR REPLACE VIEW \w+\.(\w+)/g)].map((match) => match[1]!));
}
