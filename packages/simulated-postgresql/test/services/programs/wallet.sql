CREATE TABLE wallets (name text PRIMARY KEY, balance integer NOT NULL DEFAULT 0);

CREATE TABLE deposits (
  id bigserial PRIMARY KEY,
  wallet text NOT NULL REFERENCES wallets (name),
  amount integer NOT NULL CHECK (amount > 0),
  made_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO wallets (name) VALUES ('x'), ('y'), ('z'), ('a'), ('b');
