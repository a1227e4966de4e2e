import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError, checkInteger } from "../support/check";

/**
 * Compute nodes a cluster of each type may have. Management guide, "Amazon Redshift provisioned clusters": the large two can only be
 * multi-node. A new cluster starts with at most 16 of ra3.xlplus or 32 of ra3.4xlarge; a resize goes on to the bounds here, and this
 * property serves both.
 */
const NODES: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  "ra3.large": { min: 1, max: 16 },
  "ra3.xlplus": { min: 1, max: 32 },
  "ra3.4xlarge": { min: 2, max: 64 },
  "ra3.16xlarge": { min: 2, max: 128 },
};
/** The Graviton family. Its bounds are not written here, so only the type's form and the general limit are checked. */
const GRAVITON = { type: /^rg\.\d*x?large$/, min: 1, max: 128 };

const RETIRED = /^(dc1|dc2|ds1|ds2)\./;

/** Refuses a node type that cannot be ordered and a number of nodes that the type cannot have. Tokens pass. */
export function checkNodes(scope: Construct, nodeType: string, nodes: number): void {
  if (Token.isUnresolved(nodeType)) return;
  if (RETIRED.test(nodeType)) {
    throw new ConfigError(
      scope,
      `nodeType ${nodeType} is retired, AWS creates no such cluster any more; use ra3.large for small and ra3.4xlarge for large ones`,
    );
  }
  const range = Object.hasOwn(NODES, nodeType) ? NODES[nodeType] : GRAVITON.type.test(nodeType) ? GRAVITON : undefined;
  if (!range) {
    throw new ConfigError(
      scope,
      `nodeType must be one of ${Object.keys(NODES).join(", ")} or an rg type, got ${JSON.stringify(nodeType)}`,
    );
  }
  checkInteger(scope, `nodes of ${nodeType}`, nodes, range.min, range.max);
}
