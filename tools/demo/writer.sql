-- The activity of the shop: pgbench runs this script repeatedly, each time for one transaction.
\set dice random(1, 100)
\set customer random(1, 20000)
\set product random(1, 2000)
\set old_order random(1, 200000)
\if :dice <= 40
  -- A new order. The update does not change the product's large description, so the stream omits it.
  \set lines random(1, 4)
  BEGIN;
  INSERT INTO orders (customer_id, status, placed_at) VALUES (:customer, 'new', now()) RETURNING id AS new_order \gset
  INSERT INTO order_items SELECT :new_order, line, 1 + (:product + line * 7) % 2000, line, 9.99 * line FROM generate_series(1, :lines) line;
  UPDATE products SET in_stock = in_stock - :lines WHERE id = :product;
  INSERT INTO audit VALUES (now(), 'shop', format('order %s', :new_order));
  COMMIT;
\elif :dice <= 60
  UPDATE orders SET status = (enum_range(NULL::order_status))[1 + :dice % 5] WHERE id = :old_order;
\elif :dice <= 78
  INSERT INTO page_views (customer_id, path, milliseconds, viewed_at)
  SELECT :customer, '/product/' || :product, view * 15, now() FROM generate_series(1, 3) view;
\elif :dice <= 85
  -- The order's items go with it.
  BEGIN;
  DELETE FROM orders WHERE id = :old_order;
  INSERT INTO audit VALUES (now(), 'shop', format('order %s cancelled', :old_order));
  COMMIT;
\elif :dice <= 90
  UPDATE customers SET preferences = preferences || '{"theme": "dark"}', credit = credit + 0.01 WHERE id = :customer;
\elif :dice <= 93
  DELETE FROM audit WHERE ctid = (SELECT ctid FROM audit LIMIT 1);
\elif :dice <= 95
  UPDATE products SET description = reverse(description), price = price + 0.01 WHERE id = :product;
\elif :dice <= 97
  UPDATE customers SET id = id + 100000 WHERE id = :customer;
\else
  -- Thought better of it.
  BEGIN;
  DELETE FROM order_items WHERE order_id = :old_order;
  UPDATE products SET in_stock = 0 WHERE id = :product;
  ROLLBACK;
\endif
