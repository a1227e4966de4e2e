import { SETTING_LIMITS, type Settings, whole } from "./config";

const NAMES = ["orders_per_second", "duration_seconds", "orders", "seed"] as const;

/**
 * The settings of one run. An event of EventBridge (it has `detail-type`) changes nothing; one sent by hand may name `orders_per_second` (0: as fast as the
 * brokers take them), `duration_seconds`, `orders` (stop after so many) and `seed`.
 *
 * @throws Error that names the part that is wrong
 */
export function withEvent(settings: Settings, event: unknown): Settings {
  if (event === null || event === undefined) return settings;
  if (typeof event !== "object" || Array.isArray(event)) {
    throw new Error(`produce-orders: the event must be a JSON object, got ${JSON.stringify(event)}`);
  }
  if ("detail-type" in event) return settings;
  const given = event as Partial<Record<(typeof NAMES)[number], unknown>>;
  const unknown = Object.keys(given).filter((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new Error(`produce-orders: the event has ${unknown.join(", ")}; it may have ${NAMES.join(", ")}`);
  }
  const { orders_per_second, duration_seconds, orders, seed } = given;
  if (seed !== undefined && (typeof seed !== "string" || seed === "")) {
    throw new Error(`produce-orders: seed must be text, got ${JSON.stringify(seed)}`);
  }
  return {
    ...settings,
    ...(orders_per_second === undefined
      ? {}
      : {
          ordersPerSecond: whole("orders_per_second", orders_per_second, {
            ...SETTING_LIMITS.ordersPerSecond,
            min: 0,
          }),
        }),
    ...(duration_seconds === undefined
      ? {}
      : { durationSeconds: whole("duration_seconds", duration_seconds, SETTING_LIMITS.durationSeconds) }),
    ...(orders === undefined ? {} : { orders: whole("orders", orders, SETTING_LIMITS.orders) }),
    ...(seed === undefined ? {} : { seed }),
  };
}
