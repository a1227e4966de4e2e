import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_vpc",
    at: "network/vpc",
    except: "every prod",
    checks: ["CKV2_AWS_11", "aws-ec2-require-vpc-flow-logs-for-all-vpcs"],
    reason:
      "One port is open, to the addresses of Firehose alone (or none, with delivery loader), and nothing but the warehouse lives here: its connection log has every attempt to log in, by address. Flow logs tell the same packets again, billed by the gigabyte: profile prod has them.",
  },
  {
    on: "data.aws_iam_policy_document",
    at: "network/read-only",
    checks: ["CKV_AWS_108", "CKV_AWS_356"],
    reason:
      "The policy of a gateway endpoint bounds what goes through it and gives nobody a right: everybody may read what their own policies let them, of any bucket, and nobody may write.",
  },
  {
    on: "data.aws_availability_zones",
    at: "network/zones",
    checks: ["CKV_AWS_394"],
    reason:
      "The first zones by name are taken, and a new zone gets the next letter: it comes after them. Zones by id would tie the stack to one Region.",
  },
];
