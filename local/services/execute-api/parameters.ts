import { misconfigured } from "./fault";
import { contextValue, type Facts, type Params } from "./template";

/** Where the values of a parameter mapping come from. */
export interface Sources {
  readonly facts: Facts;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** The client's request. */
  readonly params: Params;
  /** Headers of the service's answer; none before there is one. */
  readonly answerHeaders: Readonly<Record<string, string>>;
}

/**
 * Headers that a parameter mapping makes: `mapping` by destination, of which those under `prefix` (`integration.request.header.` or
 * `method.response.header.`) are headers. A source is `'text'` or one of the expressions of AWS's reference; the others, and other
 * destinations, are refused by name: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
 */
export function mapHeaders(
  mapping: Readonly<Record<string, string>>,
  prefix: "integration.request.header." | "method.response.header.",
  sources: Sources,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [destination, source] of Object.entries(mapping)) {
    if (!destination.startsWith(prefix))
      throw misconfigured(`parameter mapping: ${destination} is not carried out by the local AWS`);
    const value = sourceValue(source, sources);
    if (value !== undefined) headers[destination.slice(prefix.length).toLowerCase()] = value;
  }
  return headers;
}

function sourceValue(source: string, { facts, stageVariables, params, answerHeaders }: Sources): string | undefined {
  const text = /^'(.*)'$/s.exec(source)?.[1];
  if (text !== undefined) return text;
  const [, place = "", name = ""] =
    /^(method\.request\.header|method\.request\.querystring|method\.request\.path|integration\.response\.header|context|stageVariables)\.(.+)$/.exec(
      source,
    ) ?? [];
  switch (place) {
    case "method.request.header":
      return params.header.get(name.toLowerCase());
    case "method.request.querystring":
      return params.querystring.get(name);
    case "method.request.path":
      return params.path.get(name);
    case "integration.response.header":
      return answerHeaders[name.toLowerCase()];
    case "context":
      return contextValue(facts, name);
    case "stageVariables":
      return stageVariables[name];
    default:
      throw misconfigured(`parameter mapping: the source ${source} is not carried out by the local AWS`);
  }
}
