import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError, checkMatch, checkOneOf } from "./check";
import { RESERVED_WORDS } from "./redshift-words";

/** What CreateCluster and CreateNamespace refuse alike. Tokens pass. */

/** Audit logs that Redshift knows. */
export const AUDIT_LOGS = ["connectionlog", "userlog", "useractivitylog"] as const;

const DELIVERIES = ["firehose", "loader"] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** How the way of delivery places a warehouse. */
export interface Placement {
  /** `firehose`: a public address. `loader`: none. */
  readonly delivery: Delivery;
  /** Whether COPY goes through the VPC: with `loader` it does. */
  readonly enhancedVpcRouting: boolean;
}

/** Who loads the warehouse, against the way its COPY goes. */
export function placementOf(
  scope: Construct,
  props: { readonly delivery?: Delivery; readonly enhancedVpcRouting?: boolean },
): Placement {
  const delivery = checkOneOf(scope, "delivery", props.delivery ?? "firehose", DELIVERIES);
  const enhancedVpcRouting = props.enhancedVpcRouting ?? delivery === "loader";
  if (delivery === "firehose" && enhancedVpcRouting) {
    throw new ConfigError(
      scope,
      'enhancedVpcRouting true and delivery "firehose" exclude each other: Firehose cannot deliver to a warehouse with enhanced VPC routing',
    );
  }
  if (delivery === "loader" && !enhancedVpcRouting) {
    throw new ConfigError(
      scope,
      'enhancedVpcRouting false and delivery "loader" exclude each other: a private warehouse reads its files through its VPC\'s endpoint for S3',
    );
  }
  return { delivery, enhancedVpcRouting };
}

/** Names of the first database and of the superuser. */
export function checkDatabaseNames(
  scope: Construct,
  names: { readonly database: string; readonly adminUser: string },
): void {
  const { database, adminUser } = names;
  checkMatch(scope, "database", database, /^[a-z_][a-z0-9_]{0,63}$/, "1 to 64 of a-z, 0-9 and _, a letter or _ first");
  checkMatch(scope, "adminUser", adminUser, /^[a-z][a-z0-9_]{0,126}$/, "1 to 127 of a-z, 0-9 and _, a letter first");
  for (const [prop, value] of Object.entries({ database, adminUser })) {
    if (RESERVED_WORDS.has(value) || value === "public") {
      throw new ConfigError(scope, `${prop} must not be a reserved word of Redshift, got "${value}"`);
    }
  }
}

/** The port ranges of RA3 nodes and of Serverless. */
export function checkPort(scope: Construct, port: number): void {
  const inside = (min: number, max: number) => port >= min && port <= max;
  if (Token.isUnresolved(port)) return;
  if (!Number.isInteger(port) || !(inside(5431, 5455) || inside(8191, 8215))) {
    throw new ConfigError(scope, `port must be between 5431 and 5455 or between 8191 and 8215, got ${port}`);
  }
}
