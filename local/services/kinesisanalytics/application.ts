import { AwsError } from "../../gateway/types";

// biome-ignore lint/suspicious/noExplicitAny: request documents of the API, kept as they came
export type Json = any;

export interface Application {
  readonly name: string;
  readonly arn: string;
  /** Seconds since 1970; whoever deletes the application must name it. */
  readonly created: number;
  readonly description: string | undefined;
  readonly inputs: readonly Json[];
  readonly outputs: readonly Json[];
  readonly logging: readonly Json[];
  readonly tags: Map<string, string>;
  code: string;
  version: number;
  updated: number;
}

/** https://docs.aws.amazon.com/kinesisanalytics/latest/dev/API_CreateApplication.html */
const CODE_BYTES = 102_400;

export function newApplication(input: Json, arn: string, now: number): Application {
  const { ApplicationName: name, ApplicationCode: code = "", Inputs = [], Outputs = [] } = input;
  if (typeof name !== "string" || !/^[a-zA-Z0-9_.-]{1,128}$/.test(name)) {
    throw new AwsError("InvalidArgumentException", "ApplicationName must be 1 to 128 letters, digits, _, . and -");
  }
  checkCode(code);
  return {
    name,
    arn,
    created: now,
    updated: now,
    description: input.ApplicationDescription,
    code,
    version: 1,
    inputs: Inputs.map((one: Json, i: number) => inputOf(one, `1.${i + 1}`)),
    outputs: Outputs.map((one: Json, i: number) => outputOf(one, `2.${i + 1}`)),
    logging: (input.CloudWatchLoggingOptions ?? []).map((one: Json, i: number) => ({
      CloudWatchLoggingOptionId: `3.${i + 1}`,
      ...one,
    })),
    tags: new Map((input.Tags ?? []).map(({ Key, Value = "" }: Json) => [Key, Value])),
  };
}

export function checkCode(code: unknown): asserts code is string {
  if (typeof code !== "string" || Buffer.byteLength(code) > CODE_BYTES) {
    throw new AwsError("CodeValidationException", `ApplicationCode must be text of at most ${CODE_BYTES} bytes`);
  }
}

/** As DescribeApplication words it: https://docs.aws.amazon.com/kinesisanalytics/latest/dev/API_ApplicationDetail.html */
export function detail(application: Application): Json {
  return {
    ApplicationARN: application.arn,
    ApplicationName: application.name,
    ApplicationDescription: application.description,
    ApplicationCode: application.code,
    // It never runs here: there is no state but this.
    ApplicationStatus: "READY",
    ApplicationVersionId: application.version,
    CreateTimestamp: application.created,
    LastUpdateTimestamp: application.updated,
    InputDescriptions: application.inputs,
    OutputDescriptions: application.outputs,
    CloudWatchLoggingOptionDescriptions: application.logging,
    ReferenceDataSourceDescriptions: [],
  };
}

function inputOf(input: Json, InputId: string): Json {
  const { KinesisFirehoseInput, KinesisStreamsInput, InputProcessingConfiguration, ...rest } = input;
  const { NamePrefix, InputSchema, InputParallelism = { Count: 1 } } = rest;
  if (!NamePrefix || !InputSchema || !KinesisFirehoseInput === !KinesisStreamsInput) {
    throw new AwsError(
      "InvalidArgumentException",
      "An input needs NamePrefix, InputSchema and one of KinesisFirehoseInput and KinesisStreamsInput",
    );
  }
  const streams = Array.from(
    { length: InputParallelism.Count },
    (_, i) => `${NamePrefix}_${String(i + 1).padStart(3, "0")}`,
  );
  return {
    InputId,
    NamePrefix,
    InputSchema,
    InputParallelism,
    InAppStreamNames: streams,
    InputStartingPositionConfiguration: {},
    ...(KinesisFirehoseInput ? { KinesisFirehoseInputDescription: KinesisFirehoseInput } : {}),
    ...(KinesisStreamsInput ? { KinesisStreamsInputDescription: KinesisStreamsInput } : {}),
    ...(InputProcessingConfiguration
      ? {
          InputProcessingConfigurationDescription: {
            InputLambdaProcessorDescription: InputProcessingConfiguration.InputLambdaProcessor,
          },
        }
      : {}),
  };
}

function outputOf(
  { KinesisFirehoseOutput, KinesisStreamsOutput, LambdaOutput, ...rest }: Json,
  OutputId: string,
): Json {
  return {
    OutputId,
    ...rest,
    ...(KinesisFirehoseOutput ? { KinesisFirehoseOutputDescription: KinesisFirehoseOutput } : {}),
    ...(KinesisStreamsOutput ? { KinesisStreamsOutputDescription: KinesisStreamsOutput } : {}),
    ...(LambdaOutput ? { LambdaOutputDescription: LambdaOutput } : {}),
  };
}
