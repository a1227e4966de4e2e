import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_vpc",
    at: "network/vpc",
    checks: ["CKV2_AWS_11", "aws-ec2-require-vpc-flow-logs-for-all-vpcs"],
    reason:
      "One port is open, to the addresses of Firehose alone, and nothing but the warehouse lives here: its connection log has every attempt to log in, by address. Flow logs would tell the same packets again, billed by the gigabyte.",
  },
  {
    on: "data.aws_availability_zones",
    at: "network/zones",
    checks: ["CKV_AWS_394"],
    reason:
      "The first zones by name are taken, and a new zone gets the next letter: it comes after them. Zones by id would tie the stack to one Region.",
  },
];
