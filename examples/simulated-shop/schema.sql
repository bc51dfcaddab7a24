CREATE TABLE items (name text PRIMARY KEY, sold integer NOT NULL DEFAULT 0);

INSERT INTO items (name) VALUES ('x'), ('y'), ('z'), ('a'), ('b');
