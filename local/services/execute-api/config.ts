import {
  APIGatewayClient,
  type Authorizer,
  GetAuthorizersCommand,
  GetGatewayResponsesCommand,
  GetModelsCommand,
  GetRequestValidatorsCommand,
  GetResourcesCommand,
  type GetResourcesCommandOutput,
  GetRestApiCommand,
  GetStageCommand,
  type Method,
  type MethodSetting,
  NotFoundException,
} from "@aws-sdk/client-api-gateway";
import type { LocalAws } from "../../gateway/types";
import { type Json, parseJson } from "./template";
import { UsagePlans } from "./usage-plans";

/** One path of an API with its methods. */
export interface Route {
  readonly resourceId: string;
  /** `/streams/{name}`. */
  readonly path: string;
  readonly methods: Readonly<Record<string, Method>>;
}

export interface Validator {
  readonly body: boolean;
  readonly parameters: boolean;
}

export interface GatewayResponse {
  readonly status: number | undefined;
  readonly template: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a deployment holds: the API as it was when the stage was given this deployment. */
export interface Deployment {
  readonly id: string;
  readonly routes: readonly Route[];
  /** Schemas by model name. */
  readonly models: ReadonlyMap<string, Json>;
  readonly validators: ReadonlyMap<string, Validator>;
  readonly policy: Json | undefined;
  /** By id. */
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  /** By response type; those the API has changed. */
  readonly gatewayResponses: ReadonlyMap<string, GatewayResponse>;
}

/** A stage: its deployment, and settings that take effect without a new one. */
export interface Stage {
  readonly apiId: string;
  readonly name: string;
  readonly deployment: Deployment;
  readonly variables: Readonly<Record<string, string>>;
  /** By `RESOURCE_PATH/METHOD`, where `*` stands for any. */
  readonly settings: Readonly<Record<string, MethodSetting>>;
  /** Format of a line of the access log; undefined for none. */
  readonly accessLogFormat: string | undefined;
}

/** AWS needs seconds to make a change of a stage known to its fleet; here it is this long. */
const STAGE_TTL_MS = 1000;

/**
 * The applied configuration, read through API Gateway's own API.
 *
 * A deployment is read once, when a stage first names it, so that an API edited without a new deployment answers as before. (Edits
 * between `CreateDeployment` and the first request are seen: the control plane keeps no pictures to read.)
 */
export class Configuration {
  /** API keys and the plans that admit them. */
  readonly plans: UsagePlans;
  private readonly client: APIGatewayClient;
  private readonly stages = new Map<string, { readonly until: number; readonly stage: Promise<Stage | undefined> }>();
  private readonly deployments = new Map<string, Promise<Deployment>>();

  constructor(aws: LocalAws) {
    this.client = new APIGatewayClient(aws.internal);
    this.plans = new UsagePlans(this.client);
  }

  /** Undefined for an API or a stage that does not exist. */
  stage(apiId: string, name: string): Promise<Stage | undefined> {
    const key = `${apiId}/${name}`;
    const known = this.stages.get(key);
    if (known && known.until > Date.now()) return known.stage;
    const stage = this.readStage(apiId, name);
    this.stages.set(key, { until: Date.now() + STAGE_TTL_MS, stage });
    stage.catch(() => this.stages.delete(key));
    return stage;
  }

  close(): void {
    this.client.destroy();
  }

  private async readStage(restApiId: string, stageName: string): Promise<Stage | undefined> {
    try {
      const stage = await this.client.send(new GetStageCommand({ restApiId, stageName }));
      if (!stage.deploymentId) return undefined;
      return {
        apiId: restApiId,
        name: stageName,
        deployment: await this.deployment(restApiId, stage.deploymentId),
        variables: stage.variables ?? {},
        settings: stage.methodSettings ?? {},
        accessLogFormat: stage.accessLogSettings?.format,
      };
    } catch (error) {
      if (error instanceof NotFoundException) return undefined;
      throw error;
    }
  }

  private deployment(restApiId: string, id: string): Promise<Deployment> {
    const key = `${restApiId}/${id}`;
    let deployment = this.deployments.get(key);
    if (!deployment) {
      deployment = this.readDeployment(restApiId, id);
      this.deployments.set(key, deployment);
      deployment.catch(() => this.deployments.delete(key));
    }
    return deployment;
  }

  private async readDeployment(restApiId: string, id: string): Promise<Deployment> {
    const [api, models, validators, authorizers, responses, routes] = await Promise.all([
      this.client.send(new GetRestApiCommand({ restApiId })),
      this.client.send(new GetModelsCommand({ restApiId, limit: 500 })),
      this.client.send(new GetRequestValidatorsCommand({ restApiId, limit: 500 })),
      this.client.send(new GetAuthorizersCommand({ restApiId, limit: 500 })),
      this.client.send(new GetGatewayResponsesCommand({ restApiId, limit: 500 })),
      this.readRoutes(restApiId),
    ]);
    return {
      id,
      routes,
      models: new Map((models.items ?? []).map(({ name = "", schema = "{}" }) => [name, parseJson(schema)])),
      validators: new Map(
        (validators.items ?? []).map((validator) => [
          validator.id ?? "",
          { body: validator.validateRequestBody ?? false, parameters: validator.validateRequestParameters ?? false },
        ]),
      ),
      policy: readPolicy(api.policy),
      authorizers: new Map((authorizers.items ?? []).map((authorizer) => [authorizer.id ?? "", authorizer])),
      gatewayResponses: new Map(
        (responses.items ?? [])
          .filter(({ defaultResponse }) => !defaultResponse)
          .map((response) => [
            response.responseType ?? "",
            {
              status: response.statusCode ? Number(response.statusCode) : undefined,
              template: response.responseTemplates?.["application/json"],
              parameters: response.responseParameters ?? {},
            },
          ]),
      ),
    };
  }

  private async readRoutes(restApiId: string): Promise<Route[]> {
    const routes: Route[] = [];
    let position: string | undefined;
    do {
      const page: GetResourcesCommandOutput = await this.client.send(
        new GetResourcesCommand({ restApiId, embed: ["methods"], limit: 500, position }),
      );
      for (const { id = "", path = "/", resourceMethods = {} } of page.items ?? []) {
        routes.push({ resourceId: id, path, methods: resourceMethods });
      }
      position = page.position;
    } while (position);
    return routes;
  }
}

/** GetRestApi gives the policy as the inside of a JSON string: its quotes are escaped once more. */
function readPolicy(policy: string | undefined): Json | undefined {
  if (!policy) return undefined;
  return parseJson(policy.startsWith("{\\") ? (JSON.parse(`"${policy}"`) as string) : policy);
}
