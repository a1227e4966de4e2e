import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings";
import { ApiGatewayModel } from "@cdktf/provider-aws/lib/api-gateway-model";
import { ApiGatewayRequestValidator } from "@cdktf/provider-aws/lib/api-gateway-request-validator";
import { ApiGatewayResource } from "@cdktf/provider-aws/lib/api-gateway-resource";
import { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import { ApiGatewayRestApiPolicy } from "@cdktf/provider-aws/lib/api-gateway-rest-api-policy";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { allow, serviceRole } from "../support/iam";
import { checkLogRetention } from "../support/log-retention";
import { idOf } from "../support/name";
import type { AccountLogging } from "./account-logging";
import { checkAllowList } from "./allow-list";
import { ApiKeyCallers } from "./api-key-callers";
import { AwsMethod, type MethodAuth } from "./aws-method";
import { CognitoCallers } from "./cognito-callers";
import { checkOrigin, Preflight } from "./cors";
import { GatewayResponses } from "./gateway-responses";
import { checkKeyLimits } from "./key-limits";
import { BATCH_MODEL, DOCUMENT_MODEL, PUT_RECORD_MODEL } from "./models";
import { picture, pictureOfJson } from "./picture";
import { batchTemplate, documentTemplate, FIREHOSE, KINESIS, LIST_TEMPLATE, putTemplate } from "./templates";

const AUTHS = ["iam", "apiKey", "cognito", "none"] as const;
type Auth = (typeof AUTHS)[number];
const JSON_TYPES = ["application/json"];
/**
 * Where the body is Firehose's, a Firehose client's own content type is taken too, and the one that curl and urllib send when they are told
 * none: the article's API looked at no content type, and its clients go on working.
 */
const FIREHOSE_TYPES = ["application/json", "application/x-amz-json-1.1", "application/x-www-form-urlencoded"];

/** Verbs of each resource, which a browser is told. */
const VERBS = { streams: ["GET", "PUT"], records: ["POST"], batch: ["POST"] } as const;

/** Access log of a request: who, what, how it ended. No body, and no error text, which quotes from it. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  sourceIp: "$context.identity.sourceIp",
  caller: "$context.identity.userArn",
  apiKeyId: "$context.identity.apiKeyId",
  method: "$context.httpMethod",
  resource: "$context.resourcePath",
  status: "$context.status",
  error: "$context.error.responseType",
  integrationStatus: "$context.integration.status",
  latencyMs: "$context.responseLatency",
  responseBytes: "$context.responseLength",
});

/** A stream that records can be put on; `DataStream` and the Firehose constructs satisfy it. */
export interface PutTarget {
  readonly name: string;
  grantPut(grantee: IamRole): void;
}

/** What stands behind the API: a Kinesis data stream, or a delivery stream whose source is direct PUT. */
export type IngestTarget = { readonly dataStream: PutTarget } | { readonly deliveryStream: PutTarget };

export interface IngestApiProps {
  /** Name of the API and of its log group, 1 to 128 letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** Key that encrypts the access logs. */
  readonly key: EncryptionKey;

  /** The one stream that every record goes to. */
  readonly target: IngestTarget;

  /**
   * Who may call, one of the four. `iam`: callers sign their requests and need `grantInvoke`. `apiKey`: who sends the API's key as `x-api-key`; a
   * usage plan limits it. `cognito`: who sends an access token that the client of the API's own user pool got. `none`: anyone in `allowedCidrs`.
   *
   * @default "iam"
   */
  readonly auth?: Auth;

  /**
   * Networks that may call, IPv4 prefixes from /8 and IPv6 prefixes from /32.
   *
   * @default - required with auth `none`, any network with `apiKey`, refused with the others
   */
  readonly allowedCidrs?: readonly string[];

  /**
   * Requests a second that the key may make in the long run, 1 to `requestsPerSecond`. With auth `apiKey` only.
   *
   * @default - `requestsPerSecond`
   */
  readonly keyRequestsPerSecond?: number;

  /**
   * Requests that the key may make at once, 1 to `burstRequests`. With auth `apiKey` only.
   *
   * @default - `burstRequests`
   */
  readonly keyBurstRequests?: number;

  /**
   * Requests that the key may make in a day (UTC), 1 to 1,000,000,000. A batch is one request. With auth `apiKey` only.
   *
   * @default 10000000
   */
  readonly keyRequestsPerDay?: number;

  /**
   * Origin whose pages may call from a browser, such as `https://app.example.com`, or `*` for any. One: the headers of API Gateway's own answers are
   * fixed text.
   *
   * @default - none: no browser lets a page of another origin read an answer
   */
  readonly allowedOrigin?: string;

  /**
   * Name of the stage, first part of the path in the URL: 1 to 128 letters, digits, `_` and `-`.
   *
   * @default "live"
   */
  readonly stageName?: string;

  /**
   * Requests a second that are let through in the long run, 1 to 10000; more get a 429. The account's own limit
   * (10,000 in most Regions) stands above it.
   *
   * @default 1000
   */
  readonly requestsPerSecond?: number;

  /**
   * Requests that may come at once, 1 to 5000.
   *
   * @default 1000
   */
  readonly burstRequests?: number;

  /**
   * Days the access logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;

  /**
   * The account's logging role, where this stack is the one that sets it; the stage waits for it.
   *
   * @default - the account and Region have one already
   */
  readonly accountLogging?: AccountLogging;
}

/**
 * A REST API that takes records and puts them on one stream.
 *
 * `PUT /streams` takes the body of Firehose's PutRecord and answers as Firehose does, `POST /records` takes one plain JSON document, `POST
 * /records/batch` a list of at most 500, `GET /streams` lists the account's delivery streams. A record goes to `target` whatever stream its body
 * names, and ends in a newline there. A record is taken when the answer is 200; 207 has one result a record; 429 and 502 are worth a retry, 400
 * and 413 are not.
 *
 * @example
 * const api = new IngestApi(this, "api", { name: "telemetry", key, target: { dataStream: stream } });
 * api.grantInvoke(emitterRole);
 */
export class IngestApi extends Construct {
  /** The API itself, for anything these props do not cover. */
  readonly restApi: ApiGatewayRestApi;

  /** Stage that serves it. */
  readonly stage: ApiGatewayStage;

  /** Role API Gateway assumes to put the records and list the delivery streams. */
  readonly role: IamRole;

  /** Who may call. */
  readonly auth: Auth;

  /** The key and its plan, with auth `apiKey`. */
  readonly apiKey: ApiKeyCallers | undefined;

  /** The user pool and its client, with auth `cognito`. */
  readonly cognito: CognitoCallers | undefined;

  private readonly origin: string | undefined;
  private readonly region: string;

  constructor(scope: Construct, id: string, props: IngestApiProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_.-]{1,128}$/, "1 to 128 letters, digits, _, . and -");
    const stageName = props.stageName ?? "live";
    checkMatch(this, "stageName", stageName, /^[a-zA-Z0-9_-]{1,128}$/, "1 to 128 letters, digits, _ and -");
    this.auth = checkOneOf(this, "auth", props.auth ?? "iam", AUTHS);
    const cidrs = this.checkCidrs(props.allowedCidrs);
    const rate = checkInteger(this, "requestsPerSecond", props.requestsPerSecond ?? 1000, 1, 10_000);
    const burst = checkInteger(this, "burstRequests", props.burstRequests ?? 1000, 1, 5000);
    const keyLimits = checkKeyLimits(this, this.auth, props, rate, burst);
    this.origin =
      props.allowedOrigin === undefined ? undefined : checkOrigin(this, "allowedOrigin", props.allowedOrigin);

    this.role = this.createRole(props.target);
    this.restApi = new ApiGatewayRestApi(this, "api", {
      name: props.name,
      description: "Takes records and puts them on one stream",
      endpointConfiguration: { types: ["REGIONAL"] },
    });
    this.region = new DataAwsRegion(this, "region").name;
    this.cognito =
      this.auth === "cognito"
        ? new CognitoCallers(this, "cognito", { name: props.name, region: this.region, restApi: this.restApi })
        : undefined;
    const pictures = [
      ...this.createMethods(props.target),
      ...new GatewayResponses(this, "answers", this.restApi, this.origin).picture,
      ...this.admitOnly(cidrs),
    ];
    this.stage = this.createStage(props, stageName, this.createDeployment(pictures));
    this.apiKey =
      this.auth === "apiKey"
        ? new ApiKeyCallers(this, "api-key", { name: props.name, stage: this.stage, ...keyLimits })
        : undefined;
    new ApiGatewayMethodSettings(this, "settings", {
      restApiId: this.restApi.id,
      stageName: this.stage.stageName,
      methodPath: "*/*",
      settings: {
        metricsEnabled: true,
        // Execution logs hold the records; the access log says what is needed.
        loggingLevel: "OFF",
        dataTraceEnabled: false,
        throttlingRateLimit: rate,
        throttlingBurstLimit: burst,
      },
    });
  }

  /** `https://ID.execute-api.REGION.amazonaws.com/STAGE`, without a slash at the end. */
  get url(): string {
    return this.stage.invokeUrl;
  }

  get restApiId(): string {
    return this.restApi.id;
  }

  /** Lets `grantee` call every method of this API's stage, and nothing else. */
  grantInvoke(grantee: IamRole): void {
    allow(this, `invoke-${idOf(grantee)}`, grantee, {
      actions: ["execute-api:Invoke"],
      on: [`${this.restApi.executionArn}/${this.stage.stageName}/*`],
    });
  }

  /** What a caller of this API needs beside `url`, by output: ids only, with which who has the rights finds the secrets. */
  get callerOutputs(): Readonly<Record<string, string>> {
    return {
      ...(this.apiKey ? { api_key_id: this.apiKey.key.id } : {}),
      ...(this.cognito
        ? {
            user_pool_id: this.cognito.pool.id,
            user_pool_client_id: this.cognito.client.id,
            token_url: this.cognito.tokenUrl,
          }
        : {}),
    };
  }

  private checkCidrs(cidrs: readonly string[] | undefined): readonly string[] {
    if (cidrs === undefined) {
      if (this.auth === "none")
        throw new ConfigError(this, 'auth "none" needs allowedCidrs, the networks that may call without signing');
      return [];
    }
    if (this.auth === "iam" || this.auth === "cognito") {
      throw new ConfigError(
        this,
        `allowedCidrs is for auth "none" or "apiKey", got auth "${this.auth}"${
          this.auth === "iam" ? "; limit signed callers in their own policies (aws:SourceIp)" : ""
        }`,
      );
    }
    return checkAllowList(this, "allowedCidrs", cidrs);
  }

  private createRole(target: IngestTarget): IamRole {
    const role = serviceRole(this, "role", "apigateway.amazonaws.com");
    // Firehose knows no narrower resource for this action.
    allow(this, "list-delivery-streams", role, { actions: ["firehose:ListDeliveryStreams"], on: ["*"] });
    ("dataStream" in target ? target.dataStream : target.deliveryStream).grantPut(role);
    return role;
  }

  private createMethods(target: IngestTarget): unknown[] {
    const partition = new DataAwsPartition(this, "partition").partition;
    const action = (service: string, name: string) =>
      `arn:${partition}:apigateway:${this.region}:${service}:action/${name}`;
    const [dialect, service, { name }] =
      "dataStream" in target
        ? ([KINESIS, "kinesis", target.dataStream] as const)
        : ([FIREHOSE, "firehose", target.deliveryStream] as const);

    const validator = new ApiGatewayRequestValidator(this, "validator", {
      restApiId: this.restApi.id,
      name: "body",
      validateRequestBody: true,
      validateRequestParameters: false,
    });
    const model = (id: string, modelName: string, schema: object) =>
      new ApiGatewayModel(this, id, {
        restApiId: this.restApi.id,
        name: modelName,
        contentType: "application/json",
        schema: JSON.stringify(schema),
      });
    const putRecord = model("put-record-model", "PutRecord", PUT_RECORD_MODEL);
    const document = model("document-model", "Document", DOCUMENT_MODEL);
    const recordBatch = model("batch-model", "RecordBatch", BATCH_MODEL);
    const streams = this.createResource("streams");
    const records = this.createResource("records");
    const batch = this.createResource("batch", records);

    const common = { auth: this.methodAuth(), role: this.role, origin: this.origin } as const;
    const put = { ...common, uri: action(service, "PutRecord"), answer: dialect.answer };
    const methods = [
      new AwsMethod(this, "list", {
        ...common,
        resource: streams,
        httpMethod: "GET",
        uri: action("firehose", "ListDeliveryStreams"),
        contentTypes: JSON_TYPES,
        template: LIST_TEMPLATE,
      }),
      new AwsMethod(this, "put", {
        ...put,
        resource: streams,
        httpMethod: "PUT",
        contentTypes: FIREHOSE_TYPES,
        template: putTemplate(dialect, name),
        body: { modelName: putRecord.name, validatorId: validator.id },
      }),
      new AwsMethod(this, "post", {
        ...put,
        resource: records,
        httpMethod: "POST",
        contentTypes: JSON_TYPES,
        template: documentTemplate(dialect, name),
        body: { modelName: document.name, validatorId: validator.id },
      }),
      new AwsMethod(this, "post-batch", {
        ...common,
        resource: batch,
        httpMethod: "POST",
        uri: action(service, dialect.batchAction),
        contentTypes: JSON_TYPES,
        template: batchTemplate(dialect, name),
        answer: dialect.batchAnswer,
        answerStatuses: ["207"],
        body: { modelName: recordBatch.name, validatorId: validator.id },
      }),
    ];
    const preflights = this.createPreflights({ streams, records, batch });
    return [
      ...picture(validator, "id", "validate_request_body"),
      ...[putRecord, document, recordBatch].flatMap((part) => [
        ...picture(part, "id"),
        ...pictureOfJson(part, "schema"),
      ]),
      ...[streams, records, batch].flatMap((part) => picture(part, "id", "path_part")),
      ...[...methods, ...preflights].flatMap((part) => part.picture),
      ...(this.cognito?.picture ?? []),
    ];
  }

  private createPreflights(resources: Readonly<Record<keyof typeof VERBS, ApiGatewayResource>>): Preflight[] {
    const { origin } = this;
    if (origin === undefined) return [];
    return Object.entries(VERBS).map(
      ([name, verbs]) =>
        new Preflight(this, `preflight-${name}`, { resource: resources[name as keyof typeof VERBS], origin, verbs }),
    );
  }

  private methodAuth(): MethodAuth {
    if (this.cognito) {
      return {
        authorization: "COGNITO_USER_POOLS",
        authorizerId: this.cognito.authorizer.id,
        authorizationScopes: [...this.cognito.scopes],
      };
    }
    if (this.auth === "iam") return { authorization: "AWS_IAM" };
    return this.auth === "apiKey" ? { authorization: "NONE", apiKeyRequired: true } : { authorization: "NONE" };
  }

  private createResource(pathPart: string, parent?: ApiGatewayResource): ApiGatewayResource {
    return new ApiGatewayResource(this, pathPart, {
      restApiId: this.restApi.id,
      parentId: parent?.id ?? this.restApi.rootResourceId,
      pathPart,
    });
  }

  /** A policy that admits `cidrs` and, by saying nothing of them, no one else. */
  private admitOnly(cidrs: readonly string[]): unknown[] {
    if (cidrs.length === 0) return [];
    const document = new DataAwsIamPolicyDocument(this, "admit-document", {
      statement: [
        {
          principals: [{ type: "*", identifiers: ["*"] }],
          actions: ["execute-api:Invoke"],
          resources: [`${this.restApi.executionArn}/*`],
          condition: [{ test: "IpAddress", variable: "aws:SourceIp", values: [...cidrs] }],
        },
      ],
    });
    const admit = new ApiGatewayRestApiPolicy(this, "admit", { restApiId: this.restApi.id, policy: document.json });
    return pictureOfJson(admit, "policy");
  }

  /** Taken anew when a picture changes: the hash is Terraform's over the applied resources, so that editing the synthesized JSON counts too. */
  private createDeployment(pictures: readonly unknown[]): ApiGatewayDeployment {
    return new ApiGatewayDeployment(this, "deployment", {
      restApiId: this.restApi.id,
      triggers: { pictures: Fn.sha1(Fn.jsonencode(pictures)) },
      // The stage shows the old picture until the new one is there.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createStage(props: IngestApiProps, stageName: string, deployment: ApiGatewayDeployment): ApiGatewayStage {
    const logs = new CloudwatchLogGroup(this, "logs", {
      name: `/aws/apigateway/${props.name}`,
      retentionInDays: checkLogRetention(this, props.logRetentionDays),
      kmsKeyId: props.key.arn,
    });
    return new ApiGatewayStage(this, "stage", {
      restApiId: this.restApi.id,
      stageName,
      deploymentId: deployment.id,
      xrayTracingEnabled: true,
      accessLogSettings: { destinationArn: logs.arn, format: ACCESS_LOG_FORMAT },
      dependsOn: props.accountLogging ? [props.accountLogging.account] : [],
    });
  }
}
