import { DescribeStatementCommand, ExecuteStatementCommand, RedshiftDataClient } from "@aws-sdk/client-redshift-data";

/**
 * A loader as it is often written, which the campaign must find out: each event's file is copied straight into the table, nobody notes what was
 * loaded, and a unique key is to keep doubled rows out. Redshift takes such a key and does not enforce it.
 */
const data = new RedshiftDataClient({});

const TABLES: { readonly [name: string]: { readonly columns: string; readonly options: string } } = {
  kpis: { columns: "kpi, measured_on, region, value", options: "CSV" },
  page_views: { columns: "view_id, page, viewed_at, duration_ms", options: "JSON 'auto' GZIP TIMEFORMAT 'auto'" },
  probes: { columns: "probe, read_at, celsius, readings", options: "PARQUET" },
};

interface Record {
  readonly messageId: string;
  readonly body: string;
}

export async function handler({ Records }: { readonly Records: readonly Record[] }): Promise<unknown> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  for (const { messageId, body } of Records) {
    const { bucket, object } = JSON.parse(body).detail;
    if (!(await copied(bucket.name, object.key))) batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}

async function copied(bucket: string, key: string): Promise<boolean> {
  const [table] = key.split("/");
  const { columns, options } = TABLES[table!]!;
  const { Id } = await data.send(
    new ExecuteStatementCommand({
      ClusterIdentifier: process.env.CLUSTER_IDENTIFIER,
      WorkgroupName: process.env.WORKGROUP_NAME,
      Database: process.env.DATABASE,
      Sql: `COPY ${table} (${columns}) FROM 's3://${bucket}/${key}' IAM_ROLE default ${options}`,
    }),
  );
  for (;;) {
    const { Status } = await data.send(new DescribeStatementCommand({ Id }));
    if (Status === "FINISHED") return true;
    if (Status === "FAILED" || Status === "ABORTED") return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
