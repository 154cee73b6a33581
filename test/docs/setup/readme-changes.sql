-- A while of the shop's work.
INSERT INTO orders (customer_id, status, placed_at) SELECT n, 'new', now() FROM generate_series(1, 113) n;
INSERT INTO order_items SELECT id, line, 1 + line, 1, 9.99 FROM orders, generate_series(1, 2) line WHERE id > 200000;
UPDATE orders SET status = 'packed' WHERE id BETWEEN 5001 AND 5056;
DELETE FROM orders WHERE id BETWEEN 6001 AND 6018;
UPDATE products SET in_stock = in_stock - 1 WHERE id <= 120;
UPDATE customers SET credit = credit + 0.01 WHERE id <= 19;
INSERT INTO page_views (customer_id, path, milliseconds, viewed_at) SELECT n, '/', 15, now() FROM generate_series(1, 135) n;
INSERT INTO audit SELECT now(), 'shop', format('order %s', n) FROM generate_series(1, 131) n;
DELETE FROM audit WHERE ctid IN (SELECT ctid FROM audit LIMIT 9);
