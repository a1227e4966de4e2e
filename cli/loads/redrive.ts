import { GetQueueAttributesCommand, SQSClient, StartMessageMoveTaskCommand } from "@aws-sdk/client-sqs";
import type { ClientSettings, LoaderOutputs } from "./outputs";

/** Puts everything in the dead-letter queue back to where it came from; answers how many messages lay there. 0 starts nothing. */
export async function redrive(client: ClientSettings, loader: LoaderOutputs): Promise<number> {
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: loader.loader_dead_letter_url,
      AttributeNames: ["QueueArn", "ApproximateNumberOfMessages"],
    }),
  );
  const waiting = Number(Attributes.ApproximateNumberOfMessages ?? 0);
  if (waiting > 0) await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: Attributes.QueueArn }));
  return waiting;
}
