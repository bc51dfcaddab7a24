CREATE TABLE items (name text PRIMARY KEY, sold integer NOT NULL DEFAULT 0);
CREATE TABLE sales (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL, note text);
INSERT INTO items (name) VALUES ('x'), ('y'), ('z'), ('a'), ('b');
