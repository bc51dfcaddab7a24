CREATE TABLE doctors (
  name text PRIMARY KEY,
  pair text NOT NULL,
  on_call boolean NOT NULL DEFAULT true
);

INSERT INTO doctors (name, pair)
SELECT pair || which, pair
FROM unnest(ARRAY['x', 'y', 'z', 'a', 'b']) key, generate_series(0, 40) week, unnest(ARRAY['a', 'b']) which,
  LATERAL (SELECT key || week AS pair) named;
