-- Why a message is no order; NULL for one that is. A message without a key is an order all the same: its id stands in the value.
CREATE VIEW public.order_messages AS
SELECT
  kafka_partition,
  kafka_offset,
  kafka_timestamp,
  kafka_key,
  data,
  unreadable,
  CASE
    WHEN tombstone THEN 'tombstone: a key without a value'
    WHEN OCTET_LENGTH(unreadable) = 0 THEN 'empty value'
    WHEN unreadable IS NOT NULL THEN 'not JSON'
    WHEN NOT COALESCE(IS_OBJECT(data), FALSE) THEN 'JSON, but no object'
    WHEN NOT COALESCE(IS_VARCHAR(data.order_id) AND data.order_id <> '', FALSE) THEN 'no order_id'
    WHEN NOT COALESCE(IS_ARRAY(data.items), FALSE) THEN 'no items'
    WHEN GET_ARRAY_LENGTH(data.items) = 0 THEN 'no items'
  END AS reason
FROM public.orders;

-- A row an item of an order, and where its message stands. An order id counts once, by its first message: producers may send one twice, and what is redelivered is the
-- same order. One bad value must not fail a query for all: what cannot be cast is NULL (SUPER does so by itself, text of a time by TRY_CAST, which takes no blank
-- text, hence the look for a dash), and so is a number below 1.
CREATE VIEW public.ordered_items AS
WITH deliveries AS (
  SELECT
    kafka_partition,
    kafka_offset,
    kafka_timestamp,
    kafka_key,
    data,
    unreadable,
    CAST(data.order_id AS VARCHAR) AS order_id,
    ROW_NUMBER() OVER (
      PARTITION BY CAST(data.order_id AS VARCHAR)
      ORDER BY kafka_timestamp, kafka_partition, kafka_offset
    ) AS delivery
  FROM public.order_messages
  WHERE reason IS NULL
),
first_deliveries AS (
  SELECT kafka_partition, kafka_offset, kafka_timestamp, kafka_key, data, unreadable, order_id
  FROM deliveries
  WHERE delivery = 1
)
SELECT
  d.kafka_partition,
  d.kafka_offset,
  d.kafka_timestamp,
  d.kafka_key,
  d.unreadable,
  d.order_id,
  CASE
    WHEN CAST(d.data.ordered_at AS VARCHAR) LIKE '%-%' THEN TRY_CAST(CAST(d.data.ordered_at AS VARCHAR) AS TIMESTAMP)
  END AS ordered_at,
  CAST(d.data.user_id AS VARCHAR) AS user_id,
  CASE WHEN CAST(item.product_id AS INTEGER) >= 1 THEN CAST(item.product_id AS INTEGER) END AS product_id,
  CASE WHEN CAST(item.quantity AS INTEGER) >= 1 THEN CAST(item.quantity AS INTEGER) END AS quantity,
  item
FROM first_deliveries d, d.data.items AS item;

CREATE VIEW public.order_items AS
SELECT order_id, ordered_at, user_id, product_id, quantity
FROM public.ordered_items;

-- What is no order, byte for byte, and items without a product or a quantity, which stand in data; each with its reason.
CREATE VIEW public.order_rejects AS
SELECT kafka_partition, kafka_offset, kafka_timestamp, kafka_key, reason, unreadable, data
FROM public.order_messages
WHERE reason IS NOT NULL
UNION ALL
SELECT
  kafka_partition,
  kafka_offset,
  kafka_timestamp,
  kafka_key,
  CASE
    WHEN product_id IS NULL THEN 'item: no product_id that is a whole number of 1 or more'
    ELSE 'item: no quantity that is a whole number of 1 or more'
  END,
  unreadable,
  item
FROM public.ordered_items
WHERE product_id IS NULL OR quantity IS NULL;

-- Items with both: a WHERE on them would keep an engine from taking the array apart in one pass over the orders.
CREATE VIEW public.top_products AS
SELECT product_id, SUM(quantity) AS quantity, COUNT(quantity) AS order_items
FROM public.order_items
GROUP BY product_id
HAVING COUNT(product_id) > 0 AND COUNT(quantity) > 0;
