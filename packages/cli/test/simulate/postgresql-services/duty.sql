CREATE TABLE doctors (
  name text PRIMARY KEY,
  pair text NOT NULL,
  on_call boolean NOT NULL DEFAULT true
);

INSERT INTO doctors (name, pair)
SELECT 'week' || week || which, 'week' || week FROM generate_series(0, 40) week, unnest(ARRAY['a', 'b']) which;
