import { beforeAll, describe, expect, test } from 'vitest'
import { NotSupported } from '../../src/sql/error.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

beforeAll(loadParser)

function send(statements: readonly string[]): { readonly answer: string; readonly message: string | undefined } {
  const sessions = new SimulatedSessions(1)
  const answers = statements.map((sql) => sessions.send(0, sql)[0]!)
  return { answer: answers.at(-1)!, message: sessions.message(0) }
}

const trigger = (name: string, when: string, body: string): readonly string[] => [
  `create function ${name}() returns trigger language plpgsql as $$ ${body} $$`,
  `create trigger ${name} ${when} execute function ${name}()`,
]

const TABLES = [
  'create table t (id int primary key, a int, v int default 0, updated_at timestamptz)',
  'create table log (n serial, line text)',
  'insert into t (id, a) values (1, 1), (2, 2)',
]
const TOUCH = trigger(
  'touch',
  'before update on t for each row',
  'begin NEW.updated_at = now(); new.v := old.v + 1; return NEW; end',
)
const AUDIT = trigger(
  'audit',
  'after insert or update or delete on t for each row',
  `declare k int;
   begin
     if tg_op = 'DELETE' then k := old.id; else k := new.id; end if;
     insert into log (line) values (concat_ws(' ', tg_when, tg_op, tg_level, tg_name, tg_table_name, k));
     return null;
   end`,
)
const GUARD = trigger(
  'guard',
  'before insert or update of a on t for each row when (new.a is distinct from 7)',
  `begin
     if new.a < 0 then raise exception 'negative: % of %', new.a, new.id using errcode = '23514'; end if;
     if new.a = 99 then return null; end if;
     return new;
   end`,
)

describe('a trigger', () => {
  test.each([
    [[...TOUCH, 'update t set a = 5 where id = 1 returning id, a, v, updated_at = now()'], 'UPDATE 1 1,5,1,t'],
    [
      [
        ...AUDIT,
        'insert into t (id) values (3)',
        'update t set a = 0 where id < 3',
        'delete from t where id = 3',
        'select line from log',
      ],
      'SELECT 4 AFTER DELETE ROW audit t 3;AFTER INSERT ROW audit t 3;AFTER UPDATE ROW audit t 1;AFTER UPDATE ROW audit t 2',
    ],
    [[...GUARD, 'insert into t (id, a) values (3, -1)'], 'error 23514'],
    [[...GUARD, 'insert into t (id, a) values (3, 99), (4, 7), (5, 6) returning id'], 'INSERT 0 2 4;5'],
    [[...GUARD, 'update t set a = 99 where id = 1 returning id'], 'UPDATE 0'],
    [[...GUARD, 'update t set v = 1, a = a returning id'], 'UPDATE 2 1;2'],
    [[...GUARD, 'insert into t (id) values (1) on conflict (id) do update set a = -1'], 'error 23514'],
    [
      [...GUARD, ...TOUCH, 'insert into t (id) values (1) on conflict (id) do update set a = 3 returning v'],
      'INSERT 0 1 1',
    ],
    [[...GUARD, 'drop trigger guard on t', 'insert into t (id, a) values (3, -1)'], 'INSERT 0 1'],
    [
      [
        ...GUARD,
        'create or replace function guard() returns trigger language plpgsql as $$ begin new.a := 1; return new; end $$',
        'insert into t (id, a) values (3, -1) returning a',
      ],
      'INSERT 0 1 1',
    ],
    [['begin', ...GUARD, 'rollback', 'insert into t (id, a) values (3, -1)'], 'INSERT 0 1'],
    [[...AUDIT, 'begin', 'delete from t', 'rollback', 'select count(*) from log'], 'SELECT 1 0'],
    [
      [
        ...trigger(
          'counted',
          'after delete on t',
          "begin insert into log (line) select concat(tg_level, ' ', count(*)) from t; return null; end",
        ),
        'delete from t',
        'select line from log',
      ],
      'SELECT 1 STATEMENT 0',
    ],
    // The statement changes a row that the trigger of another row has already changed.
    [
      [
        ...trigger(
          'other',
          'before delete on t for each row',
          'begin update t set a = 0 where id <> old.id; return old; end',
        ),
        'delete from t',
      ],
      'error 27000',
    ],
    [[...GUARD, 'drop function guard()'], 'error 2BP01'],
    [[...GUARD, 'drop function guard() cascade', 'insert into t (id, a) values (3, -1)'], 'INSERT 0 1'],
    [
      [...trigger('ends', 'before insert on t for each row', 'begin null; end'), 'insert into t (id) values (3)'],
      'error 2F005',
    ],
  ])('the last statement of %j returns the expected answer', (statements, expected) =>
    expect(send([...TABLES, ...statements]).answer).toBe(expected),
  )

  test('a trigger sees the newest version of a row that another session changed', () => {
    const sessions = new SimulatedSessions(2)
    for (const sql of [...TABLES, ...TOUCH]) sessions.send(0, sql)
    sessions.send(0, 'begin')
    sessions.send(0, 'update t set a = 10 where id = 1')
    expect(sessions.send(1, 'update t set a = a + 1 where id = 1 returning a, v')).toEqual(['-', 'waits'])
    expect(sessions.send(0, 'commit')).toEqual(['COMMIT', 'UPDATE 1 11,2'])
  })

  test('a trigger may wait for a row lock of another session', () => {
    const sessions = new SimulatedSessions(2)
    const counts = trigger(
      'counts',
      'before insert on log for each row',
      'begin update t set a = a + 1 where id = 1; return new; end',
    )
    for (const sql of [...TABLES, ...counts, 'begin', 'select from t where id = 1 for update']) sessions.send(0, sql)
    expect(sessions.send(1, "insert into log (line) values ('x'), ('y')")).toEqual(['-', 'waits'])
    expect(sessions.send(0, 'update t set a = 100 where id = 1')).toEqual(['UPDATE 1', 'waits'])
    expect(sessions.send(0, 'commit')).toEqual(['COMMIT', 'INSERT 0 2'])
    expect(sessions.send(1, 'select a from t where id = 1')[1]).toBe('SELECT 1 102')
  })
})

describe('a block of PL/pgSQL', () => {
  const done = (code: string): readonly string[] => [...TABLES, `do $$ ${code} $$`, 'select line from log order by n']
  const say = (what: string): string => `insert into log (line) values (${what});`
  test.each([
    [
      `declare i int := 9; s int := 0; begin for i in 1..4 loop continue when i = 2; s := s + i; end loop; ${say("s || ' ' || i")} end`,
      '8 9',
    ],
    [`declare s int := 5; begin for i in reverse 9..1 by 3 loop s := s * 10 + i; end loop; ${say('s')} end`, '5963'],
    [
      `declare r record; begin for r in select * from t order by id loop ${say("r.id || ':' || r.a")} end loop; end`,
      '1:1;2:2',
    ],
    [`declare n int := 0; begin while n < 10 loop n := n + 3; exit when n = 6; end loop; ${say('n')} end`, '6'],
    [
      `declare n int := 3; begin case n when 1 then ${say("'one'")} when 2, 3 then ${say("'few'")} end case; end`,
      'few',
    ],
    [
      `begin begin insert into t values (7); insert into t values (1); exception when unique_violation then ${say('sqlstate')} end; ${say('count(*)').replace(/values \((.*)\)/, 'select $1 from t')} end`,
      '2;23505',
    ],
    [`declare x t.a%type; begin select a into x from t where id = 2; ${say('x')} end`, '2'],
    [`declare r record; begin update t set a = 9 where id = 1 returning * into r; ${say('r.a')} end`, '9'],
    [`declare c int; begin update t set a = 0; get diagnostics c = row_count; ${say('c')} end`, '2'],
    [
      `begin perform 1 from t where id = 99; ${say('found')} execute 'delete from t where id = ' || 1; ${say('count(*)').replace(/values \((.*)\)/, 'select $1 from t')} end`,
      '1;false',
    ],
  ])('a block of PL/pgSQL writes the expected line: %s', (code, expected) =>
    expect(send(done(code)).answer.replace(/^SELECT \d+ /, '')).toBe(expected),
  )

  test.each([
    ["begin raise exception 'a % c %', 'b', null; end", 'a b c <NULL>'],
    ["begin raise unique_violation using detail = 'twice'; end", 'unique_violation: twice'],
    ['begin begin perform 1 / 0; exception when others then raise; end; end', 'division by zero'],
    ['begin perform 1 / 0; exception when unique_violation then null; end', 'division by zero'],
    ['declare x int; begin select id into strict x from t where id = 9; end', 'query returned no rows'],
    ['begin select id from t; end', 'query has no destination for result data'],
    [
      'declare id int; begin select id into id from t; end',
      'column reference "id" is ambiguous: It could refer to either a PL/pgSQL variable or a table column.',
    ],
    ['begin retur; end', 'syntax error at or near "retur"'],
    [
      'declare x int not null := 1; begin x := null; end',
      'null value cannot be assigned to variable "x" declared NOT NULL',
    ],
    ["declare x int; begin x := 'y'; end", 'invalid input syntax for type integer: "y"'],
  ])('a block of PL/pgSQL fails with the expected error: %s', (code, expected) =>
    expect(send([...TABLES, `do $$ ${code} $$`]).message).toBe(expected),
  )

  test.each([
    ['begin commit; end', 'COMMIT in PL/pgSQL'],
    ['begin assert true; end', 'ASSERT in PL/pgSQL'],
    [
      'declare a int; begin perform 1; get diagnostics a = row_count, a = row_count; end',
      'GET DIAGNOSTICS of items other than ROW_COUNT',
    ],
    ['declare a text; begin get diagnostics a = pg_context; end', 'GET DIAGNOSTICS of items other than ROW_COUNT'],
    [
      'declare a text; begin declare a text; begin null; end; end',
      'a variable a in PL/pgSQL that hides another variable',
    ],
    ['begin loop null; end loop; end', 'a routine of more than 200000 steps'],
  ])('a block of PL/pgSQL is refused as not simulated: %s', (code, construct) => {
    expect(() => send([...TABLES, `do $$ ${code} $$`])).toThrow(new NotSupported(construct))
  })
})

describe('a function', () => {
  const ACCOUNTS = [
    'create table acc (id int primary key, bal int not null)',
    'insert into acc values (1, 100), (2, 50)',
  ]
  const ADD = 'create function add2(a int, b int) returns int language sql immutable as $$ select a + b $$'
  const BUMP =
    'create function bump(k int) returns void language sql as $$ update acc set bal = bal + 1 where id = k $$'
  const TOTAL = 'create function total() returns bigint language sql stable as $$ select sum(bal) from acc $$'
  const TRANSFER = `create function transfer(src int, dst int, amount int) returns int language plpgsql as $$
    declare b int;
    begin
      select bal into b from acc where id = src for update;
      if not found then raise exception 'no account %', src; end if;
      if b < amount then return null; end if;
      update acc set bal = bal - amount where id = src;
      update acc set bal = bal + amount where id = dst;
      return b - amount;
    end $$`
  test.each([
    [[ADD, 'select add2(1, 2), add2(null, 1), add2(3, add2(4, 5))'], 'SELECT 1 3,,12'],
    [[TRANSFER, 'select transfer(1, 2, 30)', 'select * from acc'], 'SELECT 2 1,70;2,80'],
    [[TRANSFER, 'select transfer(1, 2, 300)'], 'SELECT 1 '],
    [[TRANSFER, 'select transfer(9, 2, 1)'], 'error P0001'],
    [[TRANSFER, 'begin', 'select transfer(1, 2, 30)', 'rollback', 'select * from acc'], 'SELECT 2 1,100;2,50'],
    // A stable function sees what the calling statement sees. A volatile function also sees what was written since
    // then.
    [[BUMP, TOTAL, 'select bump(1) is null, total(), (select sum(bal) from acc)'], 'SELECT 1 t,150,150'],
    [
      [BUMP, TOTAL.replace('stable', 'volatile'), 'select id, bump(id) is null, total() from acc'],
      'SELECT 2 1,t,151;2,t,152',
    ],
    [
      [TOTAL.replace('select sum(bal) from acc', 'delete from acc returning id::bigint'), 'select total()'],
      'error 0A000',
    ],
    [
      ['create function f(a int) returns int language sql strict as $$ select 1 $$', 'select f(null), f(0)'],
      'SELECT 1 ,1',
    ],
    [
      [
        'create function f(int) returns text language sql as $$ select 1 $$',
        "create function f(text) returns text language sql as $$ select 'text ' || $1 $$",
        "select f(1), f('x')",
      ],
      'SELECT 1 1,text x',
    ],
    [[ADD, 'create table d (a int default add2(2, 3))', 'insert into d values (default) returning a'], 'INSERT 0 1 5'],
    [[ADD, 'create view v as select add2(1, 9)', 'select * from v'], 'SELECT 1 10'],
    [[ADD, 'select * from add2(1, 2)'], 'SELECT 1 3'],
    [[ADD, 'drop function add2', 'select add2(1, 2)'], 'error 42883'],
    [[ADD, ADD.replace('create', 'create or replace').replace('+', '*'), 'select add2(5, 5)'], 'SELECT 1 25'],
    [[ADD, ADD], 'error 42723'],
    [[ADD.replace('a + b', 'nothing')], 'error 42703'],
    [[ADD.replace('a + b', 'true')], 'error 42P13'],
    [[BUMP.replace('void', 'int')], 'error 42P13'],
    [
      [
        'create function f(n int) returns bigint language plpgsql as $$ begin if n < 2 then return 1; end if; return n * f(n - 1); end $$',
        'select f(10)',
      ],
      'SELECT 1 3628800',
    ],
    [
      [
        "create function f() returns text language sql set search_path = pg_catalog as $$ select current_setting('search_path') $$",
        "select f() || current_setting('search_path')",
      ],
      'SELECT 1 pg_catalog"$user", public',
    ],
  ])('a function returns the expected answer in the last statement of %j', (statements, expected) =>
    expect(send([...ACCOUNTS, ...statements]).answer).toBe(expected),
  )

  test('a function is called only once even if the call waits for a lock', () => {
    const sessions = new SimulatedSessions(2)
    for (const sql of [...ACCOUNTS, TRANSFER, 'begin', 'update acc set bal = bal - 1 where id = 1'])
      sessions.send(0, sql)
    expect(sessions.send(1, 'select transfer(2, 2, 1), (select transfer(1, 2, 10)), transfer(2, 1, 5)')).toEqual([
      '-',
      'waits',
    ])
    expect(sessions.send(0, 'commit')).toEqual(['COMMIT', 'SELECT 1 49,89,55'])
    expect(sessions.send(1, 'select id, bal from acc')[1]).toBe('SELECT 2 1,94;2,55')
  })

  test.each([
    ['create function f() returns setof record language sql as $$ select 1 $$', 'a function that returns SETOF record'],
    ['create function f(out a int, b int) language sql as $$ select 1 $$', 'an OUT parameter before an IN parameter'],
    [
      'create function f(variadic a int[]) returns int language sql as $$ select 1 $$',
      'VARIADIC parameters of a function',
    ],
    ['create function f() returns int language plv8 as $$ 1 $$', 'CREATE FUNCTION in the language plv8'],
  ])('a function is refused as not simulated: %s', (sql, construct) => {
    expect(() => send([sql])).toThrow(new NotSupported(construct))
  })
})
