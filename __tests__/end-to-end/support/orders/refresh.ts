/** A process that only refreshes: node refresh.js FOLDER. It is killed while it does. */
import { kafkaStreams } from "../../../../local/kafka";
import { openWarehouse } from "./warehouse";

void (async () => {
  await openWarehouse(process.argv[2]!, kafkaStreams());
  process.stdout.write("refreshing\n");
  setInterval(() => undefined, 60_000);
})();
