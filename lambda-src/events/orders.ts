/**
 * The order record, described once: the producer makes it, the JSON schema is what others are told of it, and the warehouse's views read it.
 */
export interface OrderItem {
  /** 1 to 9999. */
  readonly product_id: number;
  /** 1 to 10. */
  readonly quantity: number;
}

export interface Order {
  /** UUID, version 4. What makes an order one order: the same id produced twice counts once. */
  readonly order_id: string;
  /** UTC, ISO 8601 without a zone: `2026-11-21T12:00:00.000`. */
  readonly ordered_at: string;
  /** Lower-case letters. */
  readonly user_id: string;
  /** 1 to 4. */
  readonly items: readonly OrderItem[];
}

export const ORDER_LIMITS = {
  userLetters: { min: 5, max: 12 },
  items: { min: 1, max: 4 },
  product: { min: 1, max: 9999 },
  quantity: { min: 1, max: 10 },
} as const;

/** JSON Schema (2020-12) of a message's value. */
export const ORDER_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Order",
  type: "object",
  required: ["order_id", "ordered_at", "user_id", "items"],
  additionalProperties: false,
  properties: {
    order_id: { type: "string", pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" },
    ordered_at: { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$" },
    user_id: {
      type: "string",
      pattern: `^[a-z]{${ORDER_LIMITS.userLetters.min},${ORDER_LIMITS.userLetters.max}}$`,
    },
    items: {
      type: "array",
      minItems: ORDER_LIMITS.items.min,
      maxItems: ORDER_LIMITS.items.max,
      items: {
        type: "object",
        required: ["product_id", "quantity"],
        additionalProperties: false,
        properties: {
          product_id: { type: "integer", minimum: ORDER_LIMITS.product.min, maximum: ORDER_LIMITS.product.max },
          quantity: { type: "integer", minimum: ORDER_LIMITS.quantity.min, maximum: ORDER_LIMITS.quantity.max },
        },
      },
    },
  },
} as const;

/** The message's key: JSON too. */
export const orderKey = (order: Pick<Order, "order_id">): string => `{"order_id":"${order.order_id}"}`;
