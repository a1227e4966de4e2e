import { ApiGatewayAuthorizer } from "@cdktf/provider-aws/lib/api-gateway-authorizer";
import type { ApiGatewayRestApi } from "@cdktf/provider-aws/lib/api-gateway-rest-api";
import { CognitoResourceServer } from "@cdktf/provider-aws/lib/cognito-resource-server";
import { CognitoUserPool } from "@cdktf/provider-aws/lib/cognito-user-pool";
import { CognitoUserPoolClient } from "@cdktf/provider-aws/lib/cognito-user-pool-client";
import { CognitoUserPoolDomain } from "@cdktf/provider-aws/lib/cognito-user-pool-domain";
import { Construct } from "constructs";
import { ConfigError } from "../support/check";
import { picture } from "./picture";

/** What a token must be good for. */
const SERVER = "records";
const SCOPE = "put";
/** Minutes a token lasts: the shortest time for which a lost one may be used, against one more call an hour. */
const TOKEN_MINUTES = 60;

export interface CognitoCallersProps {
  /** Name of the pool; also the first part of the token endpoint's host. */
  readonly name: string;
  readonly region: string;
  readonly restApi: ApiGatewayRestApi;
}

/**
 * Callers that are programs: a user pool without users, whose one client gets access tokens for its secret (OAuth's client credentials), and an authorizer
 * that lets such tokens through.
 *
 * Cognito makes up the client's secret. No output shows it: who may call `cognito-idp:DescribeUserPoolClient` reads it there.
 */
export class CognitoCallers extends Construct {
  readonly pool: CognitoUserPool;
  readonly client: CognitoUserPoolClient;
  readonly authorizer: ApiGatewayAuthorizer;
  /** Scopes of which a token must hold one. */
  readonly scopes: readonly string[];
  /** Where the client gets its tokens. */
  readonly tokenUrl: string;
  /** What a deployment takes a picture of. */
  readonly picture: readonly unknown[];

  constructor(scope: Construct, id: string, { name, region, restApi }: CognitoCallersProps) {
    super(scope, id);
    this.checkDomain(name);
    this.pool = new CognitoUserPool(this, "pool", {
      name,
      // Nobody signs up: the pool is there for its client.
      adminCreateUserConfig: { allowAdminCreateUserOnly: true },
    });
    const server = new CognitoResourceServer(this, "server", {
      userPoolId: this.pool.id,
      identifier: SERVER,
      name: "Records",
      scope: [{ scopeName: SCOPE, scopeDescription: "Put records, and list delivery streams" }],
    });
    this.scopes = [`${SERVER}/${SCOPE}`];
    this.client = new CognitoUserPoolClient(this, "client", {
      name,
      userPoolId: this.pool.id,
      generateSecret: true,
      allowedOauthFlowsUserPoolClient: true,
      allowedOauthFlows: ["client_credentials"],
      allowedOauthScopes: [...this.scopes],
      accessTokenValidity: TOKEN_MINUTES,
      tokenValidityUnits: [{ accessToken: "minutes" }],
      preventUserExistenceErrors: "ENABLED",
      // Cognito refuses a scope that is not there yet.
      dependsOn: [server],
    });
    const domain = new CognitoUserPoolDomain(this, "domain", { userPoolId: this.pool.id, domain: name });
    this.tokenUrl = `https://${domain.domain}.auth.${region}.amazoncognito.com/oauth2/token`;
    this.authorizer = new ApiGatewayAuthorizer(this, "authorizer", {
      name: "client-tokens",
      restApiId: restApi.id,
      type: "COGNITO_USER_POOLS",
      providerArns: [this.pool.arn],
    });
    this.picture = picture(this.authorizer, "id", "provider_arns");
  }

  /** Of the name's own text; what a token brings is not known yet. */
  private checkDomain(name: string): void {
    const text = name.replace(/\$\{[^}]*\}/g, "");
    if (/^[a-z0-9-]*$/.test(text) && !/aws|amazon|cognito/.test(text)) return;
    throw new ConfigError(
      this,
      `name must be a-z, 0-9 and - without "aws", "amazon" or "cognito", because with auth "cognito" it starts the token endpoint's host, got ${JSON.stringify(name)}`,
    );
  }
}
