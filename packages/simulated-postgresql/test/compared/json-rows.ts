/** Queries that convert JSON documents to rows, such as those with json_to_recordset. */
const TABLE = 'create table t (id int, n numeric(5,2), a int[], s text, j jsonb)'
const from = (call: string, columns: string) => `select * from ${call} as x(${columns})`

export const JSON_ROWS: readonly (readonly string[])[] = [
  [
    from(
      `jsonb_to_recordset('[{"id":1,"s":"x","a":[1,2],"j":{"k":1},"n":1.555},{"id":"2","a":"{3}","s":null}]')`,
      'id int, s text, a int[], j jsonb, n numeric(5,2)',
    ),
    ...['jsonb', 'json'].flatMap((type) => [
      ...['{"id":1}', '3', '[3]', '[]'].map((text) => from(`${type}_to_recordset('${text}')`, 'id int')),
      ...['[1]', '1', '{}', '{"id":"x"}', '{"id":1.7}', '{"id":true}'].map((text) =>
        from(`${type}_to_record('${text}')`, 'id int'),
      ),
      from(`${type}_to_record(null)`, 'id int'),
      from(`${type}_to_recordset(null)`, 'id int'),
      ...[
        '[1,"x"]',
        '[[1],[2,3]]',
        '[[1,2],[3,4]]',
        '[[1,2],3]',
        '[1,[2]]',
        '{"a":1}',
        '5',
        '[]',
        '[[],[]]',
        '[null]',
      ].map((text) => from(`${type}_to_record('{"id":${text}}')`, 'id int[]')),
    ]),
    from(`json_to_record('{"id":1,"s":{"a":  1},"j":"q","j":"r"}')`, 'id int, s text, j jsonb'),
    from(`jsonb_to_record('{"a":null,"b":null,"c":null}')`, 'a jsonb, b json, c text'),
    from(`jsonb_to_record('{"a":[{"x":1}],"b":[[1]]}')`, 'a jsonb[], b jsonb[]'),
    from(`jsonb_to_record('{"id":"abcdef"}')`, 'id varchar(3)'),
    "select * from jsonb_to_recordset('[]')",
    from("jsonb_array_elements('[]')", 'id int'),
    from("jsonb_each('{}')", 'key text, value jsonb'),
    from("jsonb_to_recordset('[]') with ordinality", 'id int'),
    `select * from rows from (jsonb_to_recordset('[{"id":1},{"id":2}]') as (id int)) with ordinality as x`,
  ],
  [
    TABLE,
    `insert into t (id, s) select id, s from jsonb_to_recordset('[{"id":1,"s":"x"}]'::jsonb) as x(id int, s text)`,
    'select x.id, x.* from t, jsonb_to_recordset(t.j) as x(id int)',
    'select id, y.* from t left join lateral jsonb_to_record(t.j) as y(k int) on true',
    ...['jsonb', 'json'].flatMap((type) => [
      `select * from ${type}_populate_record(null::t, '{"id":1,"n":2,"a":[1]}')`,
      `select * from ${type}_populate_recordset(null::t, '[{"id":1,"n":2,"a":[1]}, {"s":"y"}]') x`,
    ]),
    `insert into t select * from jsonb_populate_recordset(null::t, '[{"id":3,"n":2,"a":[1]}, {"s":"y"}]')`,
    `select r.* from t cross join lateral jsonb_populate_record(t, '{"s":"new"}') r order by id`,
    "select * from jsonb_populate_record(null::nothing, '{}')",
  ],
]
