import { createHash, createHmac } from "node:crypto";
import type { Checksum, SourceData } from "@smithy/types";

/** SHA-256, or its HMAC, for signers: the engine's own. The one in JavaScript takes longer over a batch than sending it. */
export class NodeSha256 implements Checksum {
  private hash: ReturnType<typeof createHash>;

  constructor(private readonly secret?: SourceData) {
    this.hash = this.fresh();
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = this.fresh();
  }

  private fresh(): ReturnType<typeof createHash> {
    return this.secret === undefined
      ? createHash("sha256")
      : (createHmac("sha256", bytesOf(this.secret)) as unknown as ReturnType<typeof createHash>);
  }
}

function bytesOf(data: SourceData): string | Uint8Array {
  if (typeof data === "string") return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
