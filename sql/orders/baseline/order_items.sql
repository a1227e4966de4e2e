-- order_items as the article has it: positions by a recursive CTE up to the longest array of all, joined with every order. bench/ measures it against the view's
-- direct unnesting; one long order makes this one slow for all. It counts an order as often as it was sent.
WITH RECURSIVE positions (n) AS (
  SELECT 0
  UNION ALL
  SELECT n + 1 FROM positions WHERE n + 1 < (SELECT MAX(GET_ARRAY_LENGTH(data.items)) FROM public.orders)
)
SELECT
  CAST(o.data.order_id AS VARCHAR) AS order_id,
  CAST(CAST(o.data.ordered_at AS VARCHAR) AS TIMESTAMP) AS ordered_at,
  CAST(o.data.user_id AS VARCHAR) AS user_id,
  CAST(o.data.items[p.n].product_id AS INTEGER) AS product_id,
  CAST(o.data.items[p.n].quantity AS INTEGER) AS quantity
FROM public.orders o
JOIN positions p ON p.n < GET_ARRAY_LENGTH(o.data.items);
