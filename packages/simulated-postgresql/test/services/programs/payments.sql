CREATE TABLE accounts (name text PRIMARY KEY, balance integer NOT NULL DEFAULT 0);

CREATE TABLE payments (
  id bigserial PRIMARY KEY,
  idempotency_key uuid UNIQUE,
  account text NOT NULL REFERENCES accounts (name),
  amount integer NOT NULL
);

INSERT INTO accounts (name) VALUES ('x'), ('y'), ('z'), ('a'), ('b');
