import type { MethodSetting } from "@aws-sdk/client-api-gateway";
import type { Stage } from "./config";

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets as API Gateway's: `burst` tokens at most, `rate` new ones a second, in real time. */
export class Throttle {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes a token of the stage's bucket for a method, or says that there is none. */
  admit(stage: Stage, resourcePath: string, verb: string): boolean {
    const { throttlingRateLimit: rate, throttlingBurstLimit: burst } = settingOf(stage, resourcePath, verb);
    if (rate === undefined || burst === undefined || rate < 0 || burst < 0) return true;
    return this.take(`${stage.apiId}/${stage.name}${resourcePath}/${verb}`, rate, burst);
  }

  /** Takes a token of the bucket `key`, or says that there is none. */
  take(key: string, rate: number, burst: number): boolean {
    const bucket = this.bucketOf(key, burst);
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

/** The setting of a method goes before that of the stage (star/star). */
// Keys hold the path with its slashes as `~1`, as a JSON pointer has them, or plain, without the first one.
function settingOf({ settings }: Stage, resourcePath: string, verb: string): MethodSetting {
  const plain = resourcePath.slice(1);
  const own =
    settings[`${plain}/${verb}`] ??
    settings[`${resourcePath}/${verb}`] ??
    settings[`~1${plain.replaceAll("/", "~1")}/${verb}`];
  return { ...settings["*/*"], ...own };
}
