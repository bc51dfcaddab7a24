CREATE TABLE orders (name text PRIMARY KEY, "isPaid" boolean NOT NULL DEFAULT false, version integer NOT NULL DEFAULT 0);
INSERT INTO orders (name) SELECT 'order-' || number FROM generate_series(0, 19) number;
