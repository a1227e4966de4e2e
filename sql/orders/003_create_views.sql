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
    WHEN NOT COALESCE(IS_VARCHAR(data.order_id), FALSE) THEN 'no order_id'
    WHEN NOT COALESCE(IS_ARRAY(data.items), FALSE) THEN 'no items'
  END AS reason
FROM public.orders;

CREATE VIEW public.order_rejects AS
SELECT kafka_partition, kafka_offset, kafka_timestamp, kafka_key, reason, unreadable, data
FROM public.order_messages
WHERE reason IS NOT NULL;

-- A row an item of an order. An order id counts once, by its first message: producers may send one twice, and what is redelivered is the same order.
CREATE VIEW public.order_items AS
WITH deliveries AS (
  SELECT
    data,
    CAST(data.order_id AS VARCHAR) AS order_id,
    ROW_NUMBER() OVER (
      PARTITION BY CAST(data.order_id AS VARCHAR)
      ORDER BY kafka_timestamp, kafka_partition, kafka_offset
    ) AS delivery
  FROM public.order_messages
  WHERE reason IS NULL
),
first_deliveries AS (
  SELECT order_id, data
  FROM deliveries
  WHERE delivery = 1
)
SELECT
  d.order_id,
  CAST(CAST(d.data.ordered_at AS VARCHAR) AS TIMESTAMP) AS ordered_at,
  CAST(d.data.user_id AS VARCHAR) AS user_id,
  CAST(item.product_id AS INTEGER) AS product_id,
  CAST(item.quantity AS INTEGER) AS quantity
FROM first_deliveries d, d.data.items AS item;

CREATE VIEW public.top_products AS
SELECT product_id, SUM(quantity) AS quantity, COUNT(*) AS order_items
FROM public.order_items
GROUP BY product_id;
