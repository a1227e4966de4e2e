import { AthenaNamedQuery } from "@cdktf/provider-aws/lib/athena-named-query";
import { AthenaWorkgroup } from "@cdktf/provider-aws/lib/athena-workgroup";
import { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { checkInteger, checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";
import { LakeTable, type LakeTableProps } from "./lake-table";
import { readQueries } from "./query-files";

const QUERY_ACTIONS = [
  "athena:GetWorkGroup",
  "athena:ListNamedQueries",
  "athena:GetNamedQuery",
  "athena:BatchGetNamedQuery",
  "athena:StartQueryExecution",
  "athena:GetQueryExecution",
  "athena:GetQueryResults",
  "athena:StopQueryExecution",
];
const CATALOG_ACTIONS = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"];
/** Least that AWS takes as a limit. */
const LEAST_BYTES = 10_000_000;

export interface LakeCatalogProps {
  /** Name of the workgroup, 1 to 128 letters, digits, `.`, `_` and `-`. */
  readonly name: string;

  /** Name of the Glue database: a-z, 0-9 and `_`, so that SQL needs no quotes around it. */
  readonly databaseName: string;

  /** Globally unique name of the bucket of the results. */
  readonly resultsBucketName: string;

  /** Key that encrypts the results. */
  readonly key: EncryptionKey;

  /**
   * Bytes that one query may scan, at least 10,000,000; beyond it Athena cancels the query, which is paid for as far as it got.
   *
   * @default 10,000,000,000, which Athena bills with about 0.05 USD
   */
  readonly bytesScannedPerQuery?: number;

  /**
   * Days a result is kept, at least 1. A result is a copy of data.
   *
   * @default 30
   */
  readonly keepResultsDays?: number;

  /**
   * Whether `destroy` may delete results and the workgroup's history with them.
   *
   * @default false
   */
  readonly forceDestroy?: boolean;
}

/**
 * SQL on the files of a lake: a database of tables over buckets, and an Athena workgroup whose limits and place of results no caller can change.
 *
 * Who queries does so with rights of their own, on tables' buckets too: `grantQuery` gives those of the catalog and the workgroup only.
 *
 * @example
 * const catalog = new LakeCatalog(this, "catalog", { name, databaseName, resultsBucketName, key });
 * catalog.addTable("laps", { name: "fast_laps", bucket, format: "csv", columns, partitioning: hourlyFolders(this) });
 * catalog.addQueries("sql/telemetry/athena/fast_laps");
 */
export class LakeCatalog extends Construct {
  /** The database itself, for anything these props do not cover. */
  readonly database: GlueCatalogDatabase;

  /** The workgroup itself, for anything these props do not cover. */
  readonly workgroup: AthenaWorkgroup;

  /** Where results lie, one CSV file a query. */
  readonly results: Bucket;

  constructor(scope: Construct, id: string, props: LakeCatalogProps) {
    super(scope, id);
    const name = checkMatch(
      this,
      "name",
      props.name,
      /^[a-zA-Z0-9._-]{1,128}$/,
      "1 to 128 letters, digits, ., _ and -",
    );
    const databaseName = checkMatch(
      this,
      "databaseName",
      props.databaseName,
      /^[a-z][a-z0-9_]{0,254}$/,
      "1 to 255 of a-z, 0-9 and _, a letter first",
    );
    const cutoff = checkInteger(
      this,
      "bytesScannedPerQuery",
      props.bytesScannedPerQuery ?? 10_000_000_000,
      LEAST_BYTES,
      Number.MAX_SAFE_INTEGER,
    );
    const forceDestroy = props.forceDestroy ?? false;

    this.database = new GlueCatalogDatabase(this, "database", { name: databaseName });
    this.results = new Bucket(this, "results", {
      name: props.resultsBucketName,
      key: props.key,
      forceDestroy,
      expireDays: props.keepResultsDays ?? 30,
      keepOldVersionsDays: 1,
    });
    this.workgroup = new AthenaWorkgroup(this, "workgroup", {
      name,
      forceDestroy,
      configuration: {
        enforceWorkgroupConfiguration: true,
        bytesScannedCutoffPerQuery: cutoff,
        publishCloudwatchMetricsEnabled: true,
        requesterPaysEnabled: false,
        resultConfiguration: {
          outputLocation: `s3://${this.results.name}/`,
          encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKeyArn: props.key.arn },
        },
      },
    });
  }

  get databaseName(): string {
    return this.database.name;
  }

  get workgroupName(): string {
    return this.workgroup.name;
  }

  /** Adds a table over a bucket's files. */
  addTable(id: string, props: Omit<LakeTableProps, "database">): LakeTable {
    return new LakeTable(this, id, { ...props, database: this.database });
  }

  /** Adds a named query for every `.sql` file of `folder`, named as the file. Its tables are those of this database. */
  addQueries(folder: string): readonly AthenaNamedQuery[] {
    return readQueries(this, folder).map(
      ({ name, description, sql }) =>
        new AthenaNamedQuery(this, `query-${name}`, {
          name,
          description,
          query: sql,
          database: this.databaseName,
          workgroup: this.workgroup.id,
        }),
    );
  }

  /**
   * Lets `grantee` run queries in this workgroup on this database's definitions, and read its results. What a table's files hold is granted
   * by their buckets (`grantRead`).
   */
  grantQuery(grantee: IamRole): void {
    allow(
      this,
      `query-${idOf(grantee)}`,
      grantee,
      { actions: QUERY_ACTIONS, on: [this.workgroup.arn] },
      {
        actions: CATALOG_ACTIONS,
        on: [this.catalogArn("catalog"), this.database.arn, this.catalogArn(`table/${this.databaseName}/*`)],
      },
    );
    this.results.grantWrite(grantee);
    this.results.grantRead(grantee);
  }

  /** Beside the database's own ARN: its catalog and its tables. */
  private catalogArn(resource: string): string {
    return Fn.replace(this.database.arn, `database/${this.databaseName}`, resource);
  }
}
