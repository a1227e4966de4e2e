/** A process that only refreshes: node refresh.js FOLDER. It is killed while it does. */

import { openWarehouse } from "../../../../bench/orders/warehouse";
import { kafkaStreams } from "../../../../local/kafka";

void (async () => {
  await openWarehouse(process.argv[2]!, kafkaStreams());
  process.stdout.write("refreshing\n");
  setInterval(() => undefined, 60_000);
})();
