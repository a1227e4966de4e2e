import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { Construct } from "constructs";
import { checkInteger, checkRange } from "../support/check";

/** What transforms the records; `LambdaFunction` satisfies it. */
export interface Processor {
  /** ARN with a qualifier: a version or an alias. */
  readonly aliasArn: string;
  grantInvoke(grantee: IamRole): void;
}

export interface ProcessorHints {
  /**
   * Megabytes of records handed to one invocation, 0.2 to 3, before base64.
   *
   * Lambda takes and answers 6 MB at most. With 1 MB that holds for records of any size; above, only if they are large: at 3 MB
   * records must have 230 bytes or more on average. A batch whose answer is too large fails as a whole, under the error prefix.
   *
   * @default 1
   */
  readonly processorBufferSizeMb?: number;

  /**
   * Seconds after which an invocation gets what there is, 0 to 900.
   *
   * @default 60
   */
  readonly processorBufferIntervalSeconds?: number;

  /**
   * Times a failed invocation is repeated before its records go under the error prefix, 0 to 300.
   *
   * @default 3
   */
  readonly processorRetries?: number;
}

export interface Parameter {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/**
 * The processor's parameters. Those that have AWS's default are left out: the provider drops them from its state, so that stating
 * them would be a change in every plan.
 */
export function processorParameters(scope: Construct, processor: Processor, hints: ProcessorHints): Parameter[] {
  const size = checkRange(scope, "processorBufferSizeMb", hints.processorBufferSizeMb ?? 1, 0.2, 3);
  const interval = checkInteger(
    scope,
    "processorBufferIntervalSeconds",
    hints.processorBufferIntervalSeconds ?? 60,
    0,
    900,
  );
  const retries = checkInteger(scope, "processorRetries", hints.processorRetries ?? 3, 0, 300);
  return [
    { parameterName: "LambdaArn", parameterValue: processor.aliasArn },
    ...(size === 1 ? [] : [{ parameterName: "BufferSizeInMBs", parameterValue: `${size}` }]),
    ...(interval === 60 ? [] : [{ parameterName: "BufferIntervalInSeconds", parameterValue: `${interval}` }]),
    ...(retries === 3 ? [] : [{ parameterName: "NumberOfRetries", parameterValue: `${retries}` }]),
  ];
}
