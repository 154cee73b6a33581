-- What the documents speak of: a shop's tables, some in other schemas, and a role that may read and replicate.
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, total numeric(10,2), note text);
CREATE SCHEMA sales;
CREATE TABLE sales.items (id int PRIMARY KEY, price numeric(10,2), margin numeric(10,2));
CREATE SCHEMA hr;
CREATE TABLE hr.people (id int PRIMARY KEY, name text);
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO orders VALUES (1, 'new', 12.50), (2, 'new', 8.00), (3, 'paid', 99.90);
INSERT INTO sales.items VALUES (1, 3.20, 1.10), (2, 7.00, 0.40);
INSERT INTO hr.people VALUES (1, 'Joan');
SELECT 'CREATE ROLE loader LOGIN REPLICATION PASSWORD ''s3cret'''
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loader') \gexec
GRANT CREATE ON DATABASE shop TO loader;
GRANT USAGE ON SCHEMA sales, hr TO loader;
ALTER TABLE customers OWNER TO loader;
ALTER TABLE orders OWNER TO loader;
ALTER TABLE sales.items OWNER TO loader;
ALTER TABLE hr.people OWNER TO loader;
