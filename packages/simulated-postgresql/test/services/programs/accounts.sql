CREATE TABLE accounts (name text PRIMARY KEY, balance integer NOT NULL DEFAULT 0);
CREATE TABLE entries (id bigserial PRIMARY KEY, account text NOT NULL, amount integer NOT NULL);
CREATE TABLE unique_entries (account text NOT NULL, amount integer NOT NULL, PRIMARY KEY (account, amount));
CREATE TABLE outbox (id bigserial PRIMARY KEY, account text NOT NULL, amount integer NOT NULL);
INSERT INTO accounts (name) SELECT name FROM unnest(ARRAY['x', 'y', 'z', 'a', 'b']) AS name;
INSERT INTO accounts (name) SELECT name || '-savings' FROM accounts;
