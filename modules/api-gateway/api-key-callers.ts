import { ApiGatewayApiKey } from "@cdktf/provider-aws/lib/api-gateway-api-key";
import type { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { ApiGatewayUsagePlan } from "@cdktf/provider-aws/lib/api-gateway-usage-plan";
import { ApiGatewayUsagePlanKey } from "@cdktf/provider-aws/lib/api-gateway-usage-plan-key";
import { Construct } from "constructs";

export interface ApiKeyCallersProps {
  readonly name: string;
  readonly stage: ApiGatewayStage;
  /** Limits of each key. */
  readonly requestsPerSecond: number;
  readonly burstRequests: number;
  readonly requestsPerDay: number;
}

/**
 * One API key and the usage plan that admits it to a stage.
 *
 * API Gateway makes up the key's value. Nobody writes it down: who may call `apigateway:GET` on the key reads it there by its id.
 */
export class ApiKeyCallers extends Construct {
  readonly key: ApiGatewayApiKey;

  constructor(scope: Construct, id: string, props: ApiKeyCallersProps) {
    super(scope, id);
    const { name, stage } = props;
    const plan = new ApiGatewayUsagePlan(this, "plan", {
      name,
      apiStages: [{ apiId: stage.restApiId, stage: stage.stageName }],
      throttleSettings: { rateLimit: props.requestsPerSecond, burstLimit: props.burstRequests },
      quotaSettings: { limit: props.requestsPerDay, period: "DAY" },
    });
    this.key = new ApiGatewayApiKey(this, "key", { name, description: `Callers of ${name}` });
    new ApiGatewayUsagePlanKey(this, "admit", { usagePlanId: plan.id, keyId: this.key.id, keyType: "API_KEY" });
  }
}
