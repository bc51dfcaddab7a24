CREATE TABLE doctors (name text PRIMARY KEY, on_call boolean NOT NULL DEFAULT true);

CREATE TABLE changes (
  id bigserial PRIMARY KEY,
  doctor text NOT NULL REFERENCES doctors (name),
  deputy text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO doctors (name) SELECT key || which FROM unnest(ARRAY['x', 'y', 'z', 'a', 'b']) key, unnest(ARRAY['a', 'b']) which;
