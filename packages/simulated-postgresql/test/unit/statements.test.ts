import { beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/session/engine.ts'
import { NotSupported } from '../../src/sql/error.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

beforeAll(loadParser)

/** Executes statements in one session. Returns the answer to the last one. */
function answer(...statements: readonly string[]): string {
  const sessions = new SimulatedSessions(1)
  return statements.map((sql) => sessions.send(0, sql)[0]!).at(-1)!
}

/** Returns the message of the error with which the last statement ends. */
function message(...statements: readonly string[]): string | undefined {
  const sessions = new SimulatedSessions(1)
  for (const sql of statements) sessions.send(0, sql)
  return sessions.message(0)
}

const ORDERS = [
  'create table customers (id serial primary key, email text unique not null)',
  "create table orders (id bigint generated always as identity primary key, customer int not null references customers on delete cascade, total numeric(10, 2) not null default 0 check (total >= 0), state text default 'open')",
  "insert into customers (email) values ('a'), ('b'), ('c')",
  "insert into orders (customer, total, state) values (1, 10, 'open'), (1, 5.555, 'paid'), (2, 7, default)",
]

describe('a query', () => {
  test.each([
    ['select count(*), sum(total) from orders', 'SELECT 1 3,22.56'],
    ['select exists (select 1 / 0), exists (select distinct 1 / 0 order by 1 / 0)', 'SELECT 1 t,t'],
    ['select exists (select 1 / 0 offset 0)', 'error 22012'],
    ['select max((select total from orders where customer = c.id limit 1)) from customers c', 'SELECT 1 10.00'],
    ['select (select email from customers where id = customer) from orders group by 1', 'SELECT 2 a;b'],
    ['select email from customers where id = 2', 'SELECT 1 b'],
    [
      'select c.email, count(o.id) from customers c left join orders o on o.customer = c.id group by c.id',
      'SELECT 3 a,2;b,1;c,0',
    ],
    ['select customer, max(total) from orders group by customer having count(*) > 1', 'SELECT 1 1,10.00'],
    ['select email from customers order by id desc limit 1 offset 1', 'SELECT 1 b'],
    ['select id from customers where id in (select customer from orders)', 'SELECT 2 1;2'],
    ['select id from customers c where not exists (select 1 from orders where customer = c.id)', 'SELECT 1 3'],
    ['select id from orders where id = any (array[1, 3])', 'SELECT 2 1;3'],
    ['select id from orders where (id, customer) = (select 2, 1)', 'SELECT 1 2'],
    [
      'select id from orders where row(id, customer) > (select 1, 1) and (id, 1) = (select 9, 9 where false)',
      'SELECT 0',
    ],
    ['select (1, 2) = (select id, customer from orders)', 'error 21000'],
    ['select distinct customer from orders', 'SELECT 2 1;2'],
    ['select customer, row_number() over (partition by customer order by total) from orders', 'SELECT 3 1,1;1,2;2,1'],
    ['with x as (select 1 as n union all select 2) select sum(n) from x', 'SELECT 1 3'],
    [
      'with recursive r (n) as (select 1 union all select n + 1 from r where n < 5) select count(*) from r',
      'SELECT 1 5',
    ],
    ["with d as (delete from orders where state = 'paid' returning id) select count(*) from d", 'SELECT 1 1'],
    ['select email from customers natural join (values (1), (9)) as v (id)', 'SELECT 1 a'],
    [
      'select o.id, c.email from orders o join customers c on c.id = o.customer where o.total > 6 order by 1',
      'SELECT 2 1,a;3,b',
    ],
    ['select a.id, b.id from customers a full join (values (3), (4)) as b (id) using (id)', 'SELECT 4 ,4;1,;2,;3,3'],
    [
      'select x from customers c, lateral (select max(total) as x from orders where customer = c.id) l',
      'SELECT 3 ;10.00;7.00',
    ],
    ['select n from generate_series(1, 3) as n where n <> 2', 'SELECT 2 1;3'],
    ['select unnest(array[1, 2])', 'SELECT 2 1;2'],
    ['select 1 except select 1', 'SELECT 0'],
    ['select customer, sum(sum(total)) over (order by customer) from orders group by 1', 'SELECT 2 1,15.56;2,22.56'],
    [
      'select customer, state, count(*), grouping(customer, state) from orders group by rollup(customer, state)',
      'SELECT 6 ,,3,3;1,,2,1;1,open,1,0;1,paid,1,0;2,,1,1;2,open,1,0',
    ],
    ['select customer + 1 as c, count(*) from orders group by cube(c)', 'SELECT 3 ,3;2,2;3,1'],
    [
      'select customer, state, count(*) from orders group by grouping sets ((customer), (state), ())',
      'SELECT 5 ,,3;,open,2;,paid,1;1,,2;2,,1',
    ],
    ['select customer, sum(customer) from orders group by rollup(customer)', 'SELECT 3 ,4;1,2;2,2'],
    ['select customer, sum(total) from orders where false group by rollup(customer)', 'SELECT 1 ,'],
    ["select 'x', count(*) from orders group by rollup(1)", 'SELECT 2 ,3;x,3'],
    [
      'select customer, state, count(*) from orders group by customer, rollup(state)',
      'SELECT 5 1,,2;1,open,1;1,paid,1;2,,1;2,open,1',
    ],
    [
      'select customer, (select email from customers where id = customer) from orders group by rollup(customer)',
      'SELECT 3 ,;1,a;2,b',
    ],
    ['select customer from orders group by rollup(customer) having grouping(customer) = 1', 'SELECT 1 '],
    ['select id, total from orders group by rollup(id)', 'error 42803'],
  ])('a query returns the expected answer: %s', (sql, expected) => expect(answer(...ORDERS, sql)).toBe(expected))

  test.each([
    ['select nothing from orders', 'column "nothing" does not exist'],
    ['select * from nothing', 'relation "nothing" does not exist'],
    ['select x.id from orders o', 'missing FROM-clause entry for table "x"'],
    ['select id from orders o join customers c on true', 'column reference "id" is ambiguous'],
    [
      'select state, count(*) from orders',
      'column "orders.state" must appear in the GROUP BY clause or be used in an aggregate function',
    ],
    [
      'select state, (select email from customers c where c.id = o.customer) from orders o group by state',
      'subquery uses ungrouped column "o.customer" from outer query',
    ],
    [
      'select state, customer in (select id from customers) from orders group by state',
      'column "orders.customer" must appear in the GROUP BY clause or be used in an aggregate function',
    ],
    ['select exists (select nothing from orders)', 'column "nothing" does not exist'],
    ['select uuid_generate_v4()', 'function uuid_generate_v4() does not exist'],
    ['select 1 from orders where count(*) > 1', 'aggregate functions are not allowed in WHERE'],
    ['select state, count(*) from orders group by 1, 2', 'aggregate functions are not allowed in GROUP BY'],
    ['select state, rank() over () as r from orders group by state, r', 'window functions are not allowed in GROUP BY'],
    ['select 1 from orders limit -1', 'LIMIT must not be negative'],
    ['select (select id from orders)', 'more than one row returned by a subquery used as an expression'],
    ['select 1 union select 1, 2', 'each UNION query must have the same number of columns'],
  ])('a query fails with the expected error: %s', (sql, expected) => expect(message(...ORDERS, sql)).toBe(expected))

  test('a query without ORDER BY returns its rows in an order drawn from the seed', () => {
    const orders = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      let state = seed / 21
      const random = () => {
        state = (state * 997.31) % 1
        return state
      }
      const engine = createEngine({ time: { now: () => 0n, after: () => () => {} }, random })
      const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
      const session = engine.connect(new Map([['user', 'tester']]), listener)
      for (const sql of ['create table t (id int)', 'insert into t values (1), (2), (3)', 'select id from t']) {
        const [statement] = session.parse(sql)
        const step = session.execute(statement!, []).next()
        session.sync()
        if (step.done === true && step.value.kind === 'rows') orders.add(step.value.rows.join())
      }
    }
    expect(orders.size).toBeGreaterThan(3)
  })
})

describe('citext', () => {
  const USERS = [
    'create extension citext',
    'create table users (email citext unique)',
    "insert into users values ('Ann@example.org')",
  ]
  test.each([
    ["select email from users where email = 'ANN@EXAMPLE.ORG'", 'SELECT 1 Ann@example.org'],
    ["select email from users where email = 'ANN@EXAMPLE.ORG'::text", 'SELECT 0'],
    ["select email from users where email like 'ANN%'", 'SELECT 1 Ann@example.org'],
    ["insert into users values ('ann@example.org')", 'error 23505'],
    ["insert into users values ('ann@example.org') on conflict do nothing", 'INSERT 0 0'],
    ["select count(*) from (select email from users union select 'ANN@example.org'::citext) s", 'SELECT 1 1'],
  ])('citext compares letter case like PostgreSQL in %s', (sql, expected) =>
    expect(answer(...USERS, sql)).toBe(expected),
  )

  test.each(["replace(email, 'ann', '')", 'max(email)', "strpos(email, 'ann')", 'citext(true)'])(
    'citext refuses the call %s as not simulated',
    (call) => {
      expect(() => answer(...USERS, `select ${call} from users`)).toThrow(NotSupported)
    },
  )
})

describe('a data change', () => {
  test.each([
    ['update orders set total = total + 1 where customer = 1 returning id, total', 'UPDATE 2 1,11.00;2,6.56'],
    [
      'update orders o set state = c.email from customers c where c.id = o.customer and c.id = 2 returning o.id, state',
      'UPDATE 1 3,b',
    ],
    ['update orders set (total, state) = (1, default) where id = 2 returning total, state', 'UPDATE 1 1.00,open'],
    ["delete from orders using customers c where c.id = customer and email = 'a' returning orders.id", 'DELETE 2 1;2'],
    [
      "insert into customers (email) values ('a'), ('d') on conflict (email) do nothing returning email",
      'INSERT 0 1 d',
    ],
    [
      "insert into customers (email) values ('a') on conflict (email) do update set email = excluded.email || customers.id returning id, email",
      'INSERT 0 1 1,a1',
    ],
    ['insert into customers (email) select email || 1 from customers returning id', 'INSERT 0 3 4;5;6'],
    ['delete from customers where id = 1', 'DELETE 1'],
  ])('a data change returns the expected answer: %s', (sql, expected) => expect(answer(...ORDERS, sql)).toBe(expected))

  test.each([
    [
      "insert into customers values (1, 'x')",
      'duplicate key value violates unique constraint "customers_pkey": Key (id)=(1) already exists.',
    ],
    [
      'insert into customers (id) values (9)',
      'null value in column "email" of relation "customers" violates not-null constraint: Failing row contains (9, null).',
    ],
    [
      'insert into orders (customer, total) values (1, -1)',
      'new row for relation "orders" violates check constraint "orders_total_check": Failing row contains (4, 1, -1.00, open).',
    ],
    [
      'insert into orders (customer) values (7)',
      'insert or update on table "orders" violates foreign key constraint "orders_customer_fkey": Key (customer)=(7) is not present in table "customers".',
    ],
    [
      'insert into orders (id, customer) values (1, 1)',
      'cannot insert a non-DEFAULT value into column "id": Column "id" is an identity column defined as GENERATED ALWAYS.',
    ],
    [
      'update customers set id = 9 where id = 1',
      'update or delete on table "customers" violates foreign key constraint "orders_customer_fkey" on table "orders": Key (id)=(1) is still referenced from table "orders".',
    ],
    [
      "insert into customers (email) values ('z') on conflict (id, email) do nothing",
      'there is no unique or exclusion constraint matching the ON CONFLICT specification',
    ],
    ["insert into customers (email) values ('z', 1)", 'INSERT has more expressions than target columns'],
    ['update orders set nothing = 1', 'column "nothing" of relation "orders" does not exist'],
  ])('a data change fails with the expected error: %s', (sql, expected) =>
    expect(message(...ORDERS, sql)).toBe(expected),
  )

  test('ON DELETE CASCADE deletes the referring rows', () => {
    expect(answer(...ORDERS, 'delete from customers where id = 1', 'select id from orders')).toBe('SELECT 1 3')
  })

  const KEYS = [
    'create table a (x int, y text, primary key (x, y))',
    'create table b (y text, x bigint, foreign key (x, y) references a on delete cascade on update cascade)',
    "insert into a values (1, 'q'), (2, 'q'), (1, 'r')",
    "insert into b values ('q', 1), ('q', 2), ('r', 1)",
  ]
  test.each([['select'], ['create index on b (y)'], ['create index on b (x, y)'], ['create index on b (y, x)']])(
    'deletions and key changes cascade to the referring rows after %s',
    (index) => {
      expect(answer(...KEYS, index, "delete from a where x = 1 and y = 'q'", 'select * from b')).toBe(
        'SELECT 2 q,2;r,1',
      )
      expect(answer(...KEYS, index, "update a set x = x + 5 where y = 'q'", 'select y, x + 1 from b')).toBe(
        'SELECT 3 q,7;q,8;r,2',
      )
    },
  )

  test('a data change is undone by an error, except in sequences', () => {
    expect(
      answer(
        ...ORDERS,
        "insert into customers (email) values ('d'), ('a')",
        "insert into customers (email) values ('d') returning id",
      ),
    ).toBe('INSERT 0 1 6')
  })
})

describe('a transaction block', () => {
  test('a transaction block reports misplaced commands with the errors of PostgreSQL', () => {
    expect(message('savepoint s')).toBe('SAVEPOINT can only be used in transaction blocks')
    expect(message('begin', 'rollback to s')).toBe('savepoint "s" does not exist')
    expect(message('begin', 'select 1', 'set transaction isolation level serializable')).toBe(
      'SET TRANSACTION ISOLATION LEVEL must be called before any query',
    )
    expect(message('begin read only', 'create table t ()')).toBe(
      'cannot execute CREATE TABLE in a read-only transaction',
    )
  })

  test('a transaction block undoes its settings when it rolls back', () => {
    expect(answer("set lock_timeout = '1s'", 'begin', "set lock_timeout = '2s'", 'rollback', 'show lock_timeout')).toBe(
      'SHOW 1s',
    )
    expect(answer('begin', "set local lock_timeout = '2s'", 'commit', 'show lock_timeout')).toBe('SHOW 0')
  })

  test('a rollback to a savepoint keeps the changes before the savepoint', () => {
    expect(
      answer(
        ...ORDERS,
        'begin',
        'delete from orders where id = 1',
        'savepoint s',
        'delete from orders',
        'select 1 / 0',
        'rollback to s',
        'commit',
        'select id from orders',
      ),
    ).toBe('SELECT 2 2;3')
  })

  test('a transaction block fetches the rows of a cursor in steps', () => {
    expect(
      answer(
        ...ORDERS,
        'begin',
        'declare c cursor for select id from orders order by id',
        'fetch 2 from c',
        'fetch all from c',
      ),
    ).toBe('FETCH 1 3')
  })

  test('a cursor with NO SCROLL accepts MOVE BACKWARD ALL before its first row', () => {
    expect(answer('begin', 'declare c no scroll cursor for select 1', 'move backward all from c')).toBe('MOVE 0')
  })

  test.each([
    ['fetch prior from c', 'error 55000'],
    ['move backward all from c', 'error 55000'],
    ['fetch 0 from c', 'error 55000'],
    ['move 0 from c', 'MOVE 1'],
    ['fetch first from c', 'error 55000'],
    ['fetch absolute 3 from c', 'FETCH 1 3'],
  ])('a cursor with NO SCROLL refuses to return earlier rows: %s', (fetched, expected) => {
    const declared = 'declare c no scroll cursor for select id from orders order by id'
    expect(answer(...ORDERS, 'begin', declared, 'fetch 2 from c', fetched)).toBe(expected)
  })
})

describe('schema changes', () => {
  test.each([
    [
      ['alter table customers add column age int not null default 5', 'select age from customers where id = 1'],
      'SELECT 1 5',
    ],
    [
      ['alter table orders alter column total type text', "select total || '!' from orders where id = 1"],
      'SELECT 1 10.00!',
    ],
    [['alter table customers rename column email to mail', 'select mail from customers where id = 1'], 'SELECT 1 a'],
    [
      ['alter table orders drop constraint orders_total_check', 'update orders set total = -1 where id = 1'],
      'UPDATE 1',
    ],
    [
      [
        'create unique index on orders (customer, state) where total > 100',
        'insert into orders (customer, total) values (1, 1)',
      ],
      'INSERT 0 1',
    ],
    [["create type mood as enum ('sad', 'happy')", "select 'happy'::mood > 'sad'"], 'SELECT 1 t'],
    [['create view v as select email from customers where id < 3', 'select * from v'], 'SELECT 2 a;b'],
    [
      ['truncate customers restart identity cascade', "insert into customers (email) values ('n') returning id"],
      'INSERT 0 1 1',
    ],
    [['create schema s', 'create table s.t (id int)', 'insert into s.t values (1)', 'select * from s.t'], 'SELECT 1 1'],
    [['prepare p (int) as select email from customers where id = $1', 'execute p (2)'], 'SELECT 1 b'],
    [["select column_name from information_schema.columns where table_name = 'customers'"], 'SELECT 2 email;id'],
  ] as const)('the last statement of %j returns the expected answer', (statements, expected) =>
    expect(answer(...ORDERS, ...statements)).toBe(expected),
  )

  test.each([
    [
      ['drop table customers'],
      'cannot drop table customers because other objects depend on it: constraint orders_customer_fkey on table orders depends on table customers',
    ],
    [['create table orders ()'], 'relation "orders" already exists'],
    [
      ["insert into orders (customer, state) values (2, 'open')", 'create unique index on orders (customer, state)'],
      'could not create unique index "orders_customer_state_idx": Key (customer, state)=(2, open) is duplicated.',
    ],
    [
      ['alter table customers add check (id < 2)'],
      'check constraint "customers_id_check" of relation "customers" is violated by some row',
    ],
    [
      ['truncate customers'],
      'cannot truncate a table referenced in a foreign key constraint: Table "orders" references "customers".',
    ],
  ] as const)('a schema change fails with the expected message: %j', (statements, expected) =>
    expect(message(...ORDERS, ...statements)).toBe(expected),
  )
})

describe('an extension', () => {
  const UUIDS = 'create extension "uuid-ossp"'
  test.each([
    [[UUIDS, 'select length(uuid_generate_v4()::text)'], 'SELECT 1 36'],
    [[UUIDS, UUIDS], 'error 42710'],
    [[UUIDS, 'create extension if not exists "uuid-ossp"'], 'CREATE EXTENSION'],
    [['begin', UUIDS, 'rollback', 'select uuid_generate_v4()'], 'error 42883'],
    [[UUIDS, 'drop extension "uuid-ossp"', 'select uuid_generate_v4()'], 'error 42883'],
    [['drop extension pgcrypto'], 'error 42704'],
    [['drop extension if exists pgcrypto'], 'DROP EXTENSION'],
    [["select digest('a', 'sha256')"], 'error 42883'],
  ] as const)('the last statement of %j returns the expected answer', (statements, expected) =>
    expect(answer(...statements)).toBe(expected),
  )

  test('an extension refuses a call of a function that is not simulated', () => {
    expect(() => answer('create extension pgcrypto', "select digest('a', 'sha256')")).toThrow(
      new NotSupported('the function digest of pgcrypto'),
    )
  })
})

test.each([['set role none'], ['set role tester'], ['set session authorization default']])(
  'the statement %s leaves the current user unchanged',
  (sql) => expect(answer(sql, 'select current_user')).toBe('SELECT 1 tester'),
)

test.each([
  ["insert into jobs values ('b', 1)", 'error 23514'],
  ["insert into jobs values ('a', 1)", 'error 23505'],
  ['select * from jobs', 'SELECT 1 a,1'],
])('a partitioned table has the rows and the constraints of its partitions: %s', (sql, expected) => {
  const partition = ['create table ja (like jobs)', 'create unique index on ja (id) where id > 0']
  const attached = [...partition, "alter table jobs attach partition ja for values in ('a')"]
  const whole = 'create table jobs (queue text, id int) partition by list (queue)'
  expect(answer(whole, ...attached, "insert into jobs values ('a', 1)", sql)).toBe(expected)
})

const SPECS = [
  'create type spec as (name text, n int)',
  'create table made (id serial, name text, n int)',
  `create function make(specs spec[]) returns setof made language sql as $$
    insert into made (name, n) select s.name, s.n from unnest(make.specs) s returning * $$`,
  `create function make_one(name text, n int default 7) returns made language plpgsql as $$
    declare row made%rowtype;
    begin
      select * into row from make(array[(make_one.name, make_one.n)::spec]);
      return row;
    end $$`,
]

test.each([
  ["select * from make_one(n => 2, name => 'a')", 'SELECT 1 1,a,2'],
  ["select (make_one('a')).n", 'SELECT 1 7'],
  ['select * from make_one(n => 2)', 'error 42883'],
  ['select (\'(a,"2")\'::spec).n', 'SELECT 1 2'],
  ["select ('a', 'b')::spec", 'error 22P02'],
])('functions accept and return rows of tables and values of composite types: %s', (sql, expected) => {
  expect(answer(...SPECS, sql)).toBe(expected)
})

test('row-level security policies do not apply to the owner of a table', () => {
  const denied = [
    'create table t (a int)',
    'alter table t enable row level security',
    'create policy p on t using (false)',
  ]
  expect(answer(...denied, 'insert into t values (1)', 'select a from t')).toBe('SELECT 1 1')
})

test.each([
  ['insert into t values (0)', 'error 23514'],
  ['insert into t values (1) returning n, twice', 'INSERT 0 1 1,2'],
])('CHECK and GENERATED expressions still apply after a column is renamed: %s', (sql, expected) => {
  const table = 'create table t (a int check (t.a > 0), twice int generated always as (a * 2) stored)'
  expect(answer(table, 'alter table t rename a to n', sql)).toBe(expected)
})

test('a view on a replaced view shows the rows of the new query', () => {
  const views = ['create view v as select 1 as a', 'create view w as select a from v']
  expect(answer(...views, 'create or replace view v as select 2 as a, 3 as b', 'select * from w')).toBe('SELECT 1 2')
})

const THEIRS = [
  'create role admin',
  'create table theirs (id int)',
  'alter table theirs enable row level security',
  'alter table theirs owner to admin',
  'create table parted (a text) partition by list (a)',
  'create table pa (a text)',
  "alter table parted attach partition pa for values in ('a')",
  'create table pb (a text)',
  "alter table parted attach partition pb for values in ('b')",
  "insert into parted values ('a')",
]

describe('a construct that is not simulated', () => {
  test.each([
    [
      'select * from customers tablesample system (10)',
      'TABLESAMPLE, whose rows follow from how PostgreSQL stores them (choose rows by their key, or leave it out of the run),',
    ],
    ["select * from xmltable('/a' passing '<a/>' columns b int)", 'XMLTABLE'],
    [
      'select 1 + 1, 1 + 1, count(*) from orders group by cube (1 + 1, 2)',
      'grouping sets with an expression that is twice in the select list',
    ],
    ['select customer from orders group by distinct rollup (customer)', 'GROUP BY DISTINCT'],
    [
      'create table p (id int) partition by range (id)',
      'PARTITION BY RANGE, PARTITION BY HASH, or PARTITION BY LIST of several columns',
    ],
    ['select * from pa', 'direct access to the partition pa'],
    ["update parted set a = 'b'", 'a row that moves to another partition'],
    ['create extension hstore', 'the extension hstore'],
    [
      'update orders set total = 1 where current of c',
      'WHERE CURRENT OF (let the cursor read the primary key, and name the row by it),',
    ],
    ['alter table orders add check (total > 5) not enforced', 'NOT ENFORCED'],
    [
      'explain analyze delete from orders',
      "EXPLAIN, whose plan follows from PostgreSQL's statistics (leave it out of the run),",
    ],
    ['select array_agg(x) from (values (1::positive)) v(x)', 'an array of the domain positive'],
    ['set role admin', 'SET ROLE to another role'],
    ['select (select max(c.id)) from customers c', 'an aggregate of an outer query'],
    ['alter table orders force row level security', 'ALTER TABLE ForceRowSecurity'],
    ['select * from theirs', 'row level security of theirs for the role tester, which does not own it'],
    ['create view w as select 1 as a with local check option', 'WITH CHECK OPTION'],
    ['create table p (v text collate "de_DE")', 'the collation de_DE'],
    ['select * from rows from (generate_series(1, 2), generate_series(1, 3))', 'ROWS FROM of several functions'],
    [
      "select array_agg(x) from (values ('{{1,2}}'::int[])) v(x) where x[1:1] = '{}'",
      'a slice of more than one dimension',
    ],
  ])('a construct that is not simulated is refused with its name: %s', (sql, construct) => {
    const sessions = new SimulatedSessions(1)
    for (const each of [...ORDERS, 'create domain positive as int check (value > 0)', ...THEIRS]) sessions.send(0, each)
    expect(() => sessions.send(0, sql)).toThrow(new NotSupported(construct))
  })
})

describe('a foreign key of a partition', () => {
  const JOBS = [
    'create table q (name text primary key)',
    'create table job (name text not null, k text references q) partition by list (name)',
    ...['a', 'b'].flatMap((name) => [
      `create table j${name} (like job)`,
      ...(name === 'a' ? ['alter table ja add constraint own foreign key (k) references q'] : []),
      `alter table job attach partition j${name} for values in ('${name}')`,
    ]),
  ]
  test.each([
    ['a', 'own'],
    ['b', 'job_k_fkey'],
  ])('a violated foreign key is reported with its constraint name in the partition j%s', (name, constraint) => {
    expect(message(...JOBS, `insert into job values ('${name}', 'z')`)).toContain(
      `insert or update on table "j${name}" violates foreign key constraint "${constraint}"`,
    )
  })
})

test.each([
  ['a check', 'alter table t add check ((v).a > 0)'],
  ['a generated column', 'alter table t add g int generated always as ((v).a) stored'],
  ['a partial index', 'create index on t (n) where (v).a > 0'],
  ['an index on an expression', 'create index on t (((v).a))'],
  ['a view', 'create view w as select v from t'],
  [
    'a trigger',
    'create function f() returns trigger language plpgsql as $$ begin return new; end $$; create trigger g before insert on t for each row execute function f()',
  ],
])('DROP ATTRIBUTE is refused while a table with the type has %s', (_, reader) => {
  const sessions = new SimulatedSessions(1)
  sessions.setUp(`create type x as (a int, b text); create table t (v x, n int); ${reader}`)
  const refused = new NotSupported('DROP ATTRIBUTE of a type that t may read in a condition or a view')
  expect(() => sessions.send(0, 'alter type x drop attribute b')).toThrow(refused)
  expect(sessions.send(0, 'alter type x add attribute c int')).toEqual(['ALTER TYPE'])
})

test.each([
  ['with generated columns', 'create table a (k text, v int generated always as (1) stored, w int)'],
  [
    'with a foreign key whose ON DELETE or ON UPDATE action changes rows',
    'create table p (id int primary key); create table a (k text, v int references p on delete cascade, w int)',
  ],
  [
    'with a foreign key whose ON DELETE or ON UPDATE action changes rows',
    'create table p (id int primary key); create table a (k text, v int references p on update set null, w int)',
  ],
  ['with the constraint c', 'create table a (k text, v int, w int, constraint c check (v > 0))'],
  ['with the constraint c', "create table a (k text, v int, w int, constraint c check (k <> 'x'))"],
  ['that a view reads', 'create table a (k text, v int, w int); create view b as select * from a'],
  ['with triggers or policies', 'create table a (k text, v int, w int); alter table a enable row level security'],
  ['that has or had rows', 'create table a (k text, v int, w int); insert into a values (1)'],
  ['with other columns', 'create table a (k text, v int, w bigint)'],
  ['with other columns', 'create table a (k text, v int not null, w int)'],
])('ATTACH PARTITION is refused for a table %s: %s', (what, table) => {
  const sessions = new SimulatedSessions(1)
  sessions.setUp(`create table parted (k text, v int, w int) partition by list (k); ${table}`)
  expect(() => sessions.send(0, "alter table parted attach partition a for values in ('x')")).toThrow(
    new NotSupported(`ATTACH PARTITION of a table ${what}`),
  )
})

test('values of a composite type gain and lose attributes when the type is altered', () => {
  const made = [
    'create type x as (a int, b text)',
    'create table t (v x, w x[])',
    `insert into t values ('(1,q)', '{"(2,r)"}')`,
  ]
  expect(answer(...made, 'alter type x add attribute c int', 'select v, w from t')).toBe('SELECT 1 (1,q,),{"(2,r,)"}')
  expect(answer(...made, 'alter type x drop attribute a', 'select v, w from t')).toBe('SELECT 1 (q),{(r)}')
  expect(answer(...made, 'begin', 'alter type x drop attribute a', 'rollback', 'select v from t')).toBe(
    'SELECT 1 (1,q)',
  )
  expect(message(...made, 'alter type x alter attribute a type text')).toBe(
    'cannot alter type "x" because column "t.v" uses it',
  )
})
