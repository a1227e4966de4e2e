import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { Fn } from "cdktf";

/** ARN of the catalog that a database is in, on which its rights are asked too. */
export const catalogOf = (database: GlueCatalogDatabase): string =>
  Fn.replace(database.arn, `database/${database.name}`, "catalog");
