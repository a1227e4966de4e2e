import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import type { Bucket } from "../bucket";
import { assumedBy, type OtherRole } from "../support/assumed-role";
import type { ForeignRoles } from "../support/foreign-roles";
import { allow } from "../support/iam";
import { allowLoad, type LoadTarget } from "./warehouse";

export interface WarehouseAccessProps {
  /** Name of the role, 1 to 64 characters. */
  readonly name: string;

  /** The warehouse, of this account. */
  readonly target: LoadTarget;

  /** Roles of the functions that load: the loader's, and that of its replay. Both are one database user, whom COPY's chain knows. */
  readonly loaders: ForeignRoles;

  /** What the functions say besides: so that nobody who may assume roles here is talked into assuming this one. */
  readonly externalId: string;

  /** Role that reads the bucket, which COPY's role is let assume. */
  readonly bucketRoleArn: string;
}

/**
 * The warehouse's side of a loader in another stack: a role that the loading functions assume to run SQL, and the right of COPY's role to go on to the
 * bucket's. The migrations make its database user, `IAMR:<role>`.
 *
 * @example
 * new WarehouseAccess(this, "access", { name, target: warehouse, loaders: { accountId, arns }, externalId, bucketRoleArn });
 */
export class WarehouseAccess extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: WarehouseAccessProps) {
    super(scope, id);
    const external = { test: "StringEquals", value: props.externalId };
    this.role = assumedBy(this, "role", props.name, props.loaders, external);
    allowLoad(this, "sql", this.role, props.target);
    allow(this, "chain", props.target.copyRole, { actions: ["sts:AssumeRole"], on: [props.bucketRoleArn] });
  }
}

export interface BucketRoleProps {
  /** Name of the role, 1 to 64 characters. */
  readonly name: string;

  readonly bucket: Bucket;

  /** COPY's role beside the warehouse. */
  readonly copyRole: OtherRole;

  /**
   * The database user for whom COPY runs, which Redshift gives as the external id:
   * https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-database-users.html
   */
  readonly databaseUserArn: string;
}

/**
 * The bucket's side of it: the role at the end of COPY's chain, which reads the bucket for one database user of the warehouse.
 * https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-chaining-roles.html
 *
 * @example
 * new BucketRole(this, "reader", { name, bucket, copyRole: { accountId, arn }, databaseUserArn });
 */
export class BucketRole extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: BucketRoleProps) {
    super(scope, id);
    // Redshift folds the names of users or not, by a parameter of the warehouse: IAMR:role and iamr:role are one user.
    const external = { test: "StringEqualsIgnoreCase", value: props.databaseUserArn };
    const { accountId, arn } = props.copyRole;
    this.role = assumedBy(this, "role", props.name, { accountId, arns: [arn] }, external);
    props.bucket.grantRead(this.role);
  }
}
