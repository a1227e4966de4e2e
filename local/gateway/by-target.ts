import { AwsError, type AwsRequest, type Service } from "./types";

/**
 * One service made of several that sign under the same name: a later version of an API beside the first. Which one a request is for is
 * the first part of its X-Amz-Target.
 */
export function byTarget(versions: Readonly<Record<string, Service>>): Service {
  const services = Object.values(versions);
  return {
    names: [...new Set(services.flatMap(({ names }) => names))],
    async handle(request: AwsRequest) {
      const version = (request.headers["x-amz-target"] ?? "").split(".")[0]!;
      const service = Object.hasOwn(versions, version) ? versions[version] : undefined;
      if (!service) {
        throw new AwsError(
          "UnknownOperationException",
          `X-Amz-Target must begin with one of ${Object.keys(versions).join(", ")}, got ${version || "none"}`,
        );
      }
      return service.handle(request);
    },
    pending: () => services.reduce((sum, service) => sum + (service.pending?.() ?? 0), 0),
    async close() {
      for (const service of services) await service.close?.();
    },
  };
}
