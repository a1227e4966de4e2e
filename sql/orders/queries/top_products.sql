-- The ten products sold most.
SELECT product_id, quantity, order_items
FROM top_products
ORDER BY quantity DESC, product_id
LIMIT 10;
