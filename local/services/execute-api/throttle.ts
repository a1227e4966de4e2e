import type { MethodSetting } from "@aws-sdk/client-api-gateway";
import type { Stage } from "./config";

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets as API Gateway's: `throttlingBurstLimit` tokens at most, `throttlingRateLimit` new ones a second, in real time.
 * The setting of a method goes before that of the stage (star/star); one bucket a setting and method.
 */
export class Throttle {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes a token, or says that there is none. */
  admit(stage: Stage, resourcePath: string, verb: string): boolean {
    const { throttlingRateLimit: rate, throttlingBurstLimit: burst } = settingOf(stage, resourcePath, verb);
    if (rate === undefined || burst === undefined || rate < 0 || burst < 0) return true;
    const bucket = this.bucketOf(`${stage.apiId}/${stage.name}${resourcePath}/${verb}`, burst);
    const now = this.now();
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  private bucketOf(key: string, tokens: number): Bucket {
    let bucket = this.buckets.get(key);
    if (!bucket) {
      bucket = { tokens, at: this.now() };
      this.buckets.set(key, bucket);
    }
    return bucket;
  }
}

/** Keys hold the path with its slashes as `~1`, as a JSON pointer has them, or plain, without the first one. */
function settingOf({ settings }: Stage, resourcePath: string, verb: string): MethodSetting {
  const plain = resourcePath.slice(1);
  const own =
    settings[`${plain}/${verb}`] ??
    settings[`${resourcePath}/${verb}`] ??
    settings[`~1${plain.replaceAll("/", "~1")}/${verb}`];
  return { ...settings["*/*"], ...own };
}
