import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import type { Bucket } from "../bucket";
import { assumedBy, type OtherRole } from "../support/assumed-role";
import { allow } from "../support/iam";
import { catalogOf } from "./database";
import type { LakeTable } from "./lake-table";

export interface LakeReaderProps {
  /** Name of the role, 1 to 64 characters. */
  readonly name: string;

  readonly database: GlueCatalogDatabase;

  /** Those that it may read. */
  readonly tables: readonly LakeTable[];

  /** Where their files are. */
  readonly bucket: Bucket;

  /** The warehouse's role, which assumes this one. */
  readonly warehouse: OtherRole;
}

/**
 * The role at the end of a warehouse's chain that reads a lake: definitions of these tables and the files of their bucket, and writes neither.
 * https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-iam-policies.html
 *
 * Which users of the warehouse may use it is the warehouse's to say, by USAGE on the external schema. No external id: what Redshift gives as one for a
 * query of a workgroup is not documented, and nobody but the warehouse's own role is admitted anyway.
 *
 * @example
 * new LakeReader(this, "reader", { name, database, tables, bucket, warehouse: { accountId, arn: copyRoleArn } });
 */
export class LakeReader extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, { name, database, tables, bucket, warehouse }: LakeReaderProps) {
    super(scope, id);
    this.role = assumedBy(this, "role", name, { accountId: warehouse.accountId, arns: [warehouse.arn] });
    allow(this, "definitions", this.role, {
      // GetTables is how svv_external_tables lists; of partitions there are none, and Redshift asks for them.
      actions: ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"],
      on: [catalogOf(database), database.arn, ...tables.map(({ table }) => table.arn)],
    });
    bucket.grantRead(this.role);
  }
}
