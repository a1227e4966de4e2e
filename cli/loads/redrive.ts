import { GetQueueAttributesCommand, SQSClient, StartMessageMoveTaskCommand } from "@aws-sdk/client-sqs";
import type { ClientSettings, LoaderOutputs } from "./outputs";

/**
 * Puts everything in the dead-letter queue onto the loader's; answers how many messages lay there. 0 starts nothing.
 *
 * The destination is named, as not everything comes from there: what EventBridge could not put lies in it too, and SQS knows no source of that
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html).
 */
export async function redrive(client: ClientSettings, loader: LoaderOutputs): Promise<number> {
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  const attributesOf = async (QueueUrl: string) => {
    const AttributeNames = ["QueueArn" as const, "ApproximateNumberOfMessages" as const];
    return (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes ?? {};
  };
  const dead = await attributesOf(loader.loader_dead_letter_url);
  const waiting = Number(dead.ApproximateNumberOfMessages ?? 0);
  if (waiting === 0) return 0;
  const { QueueArn: DestinationArn } = await attributesOf(loader.loader_queue_url);
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.QueueArn, DestinationArn }));
  return waiting;
}
