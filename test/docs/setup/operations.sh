# shellcheck shell=bash
# A shop without a loader; the tables belong to a superuser.
psql -qX -v ON_ERROR_STOP=1 "$ADMIN" <<'END'
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, total numeric(10,2));
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO orders VALUES (1, 'new', 12.50), (2, 'new', 8.00), (3, 'paid', 99.90);
END
