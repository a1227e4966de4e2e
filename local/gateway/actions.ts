import type { AwsError, AwsRequest, AwsResponse, LocalAws } from "./types";

/** The actions of one service's API, and how its protocol says them. */
export interface Actions<Input, Output> {
  /** Of the rights to them: `redshift` in `redshift:CreateCluster`. */
  readonly prefix: string;
  readonly handlers: Readonly<Record<string, (input: Input) => Output | Promise<Output>>>;
  actionOf(request: AwsRequest): string;
  inputOf(request: AwsRequest): Input;
  /** ARN that a policy must name. */
  resourceOf(input: Input): string;
  answer(action: string, output: Output): AwsResponse;
  /** Of an action that has no handler. */
  unknown(action: string): AwsError;
}

/** Carries out what a request asks, if the caller has the right to it. An action that is not carried is refused by name. */
export function handlerOf<Input, Output>(aws: LocalAws, actions: Actions<Input, Output>) {
  return async (request: AwsRequest): Promise<AwsResponse> => {
    const action = actions.actionOf(request);
    const handler = Object.hasOwn(actions.handlers, action) ? actions.handlers[action] : undefined;
    if (!handler) throw actions.unknown(action);
    const input = actions.inputOf(request);
    await aws.authorize(request.caller, `${actions.prefix}:${action}`, actions.resourceOf(input));
    return actions.answer(action, await handler(input));
  };
}
