CREATE TABLE account (name text PRIMARY KEY, balance integer NOT NULL, version integer NOT NULL DEFAULT 1);
INSERT INTO account (name, balance) VALUES ('x', 0), ('y', 0), ('z', 0), ('a', 0), ('b', 0), ('bank', 0);
