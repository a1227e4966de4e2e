import type { QueuedObject } from "../../lambda-src/load/message";
import type { ClientSettings, LoaderOutputs } from "./outputs";
import { enqueue } from "./queue";
import { bucketOf, keyOf, type Reject, type RejectFilter, rejectsOf } from "./rejects";

/** Rejects whose messages are sent together. */
const PAGE = 100;

/**
 * Queues what was set aside once more and answers how many it was. The ledger is not written: the loader takes a reject because the message
 * says so, so a retry that is cut or run twice does no harm.
 */
export async function retry(
  client: ClientSettings,
  loader: LoaderOutputs,
  filter: RejectFilter,
  progress: (queued: number) => void = () => undefined,
): Promise<number> {
  let queued = 0;
  let page: QueuedObject[] = [];
  const flush = async () => {
    await enqueue(client, loader.loader_queue_url, page);
    queued += page.length;
    page = [];
    progress(queued);
  };
  for await (const reject of rejectsOf(client, loader, filter)) {
    page.push(messageOf(reject));
    if (page.length === PAGE) await flush();
  }
  if (page.length > 0) await flush();
  return queued;
}

const messageOf = (reject: Reject): QueuedObject => ({
  redstream: "object",
  bucket: bucketOf(reject),
  key: keyOf(reject),
  version: reject.version,
  bytes: reject.bytes,
  ...(reject.sequencer === undefined ? {} : { sequencer: reject.sequencer }),
  retry: true,
});
