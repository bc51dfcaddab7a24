import { beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/session/engine.ts'
import type { Engine, Outcome, Session, SessionListener } from '../../src/session/session.ts'
import { SqlError } from '../../src/sql/error.ts'
import { loadParser } from '../../src/sql/parse.ts'

beforeAll(loadParser)

const LISTENER: SessionListener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
const connect = (engine: Engine, listener = LISTENER): Session =>
  engine.connect(new Map([['user', 'tester']]), listener)

function execute(session: Session, sql: string): Outcome | undefined {
  let outcome: Outcome | undefined
  for (const statement of session.parse(sql)) {
    const step = session.execute(statement, []).next()
    if (step.done !== true) throw new Error(`${sql} waits`)
    outcome = step.value
    session.sync()
  }
  return outcome
}

function rows(session: Session, sql: string): unknown {
  const outcome = execute(session, sql)
  return outcome?.kind === 'rows' ? outcome.rows.map((row) => row.join()) : outcome
}

interface Started {
  readonly engine: Engine
  readonly session: Session
  /** For each commit, in order, whether the commit was on disk when `committed` was called. */
  readonly commits: boolean[]
  pass(milliseconds: number): void
}

/** Starts an engine and a session. An asynchronous commit is on disk after `random` times 600 ms. */
function started(random = 0.5): Started {
  const clock = { now: 0n }
  const commits: boolean[] = []
  const engine = createEngine({
    time: { now: () => clock.now, after: () => () => {} },
    random: () => random,
    committed: (isFlushed) => commits.push(isFlushed),
  })
  const session = connect(engine)
  execute(session, 'create table t (id int primary key)')
  return {
    ...{ engine, session, commits },
    pass: (milliseconds) => {
      clock.now += BigInt(milliseconds) * 1_000n
    },
  }
}

const ASYNCHRONOUS = 'set synchronous_commit = off'

describe('a crash', () => {
  test('a crash keeps synchronous commits, and undoes open transactions', () => {
    const { engine, session, commits } = started()
    execute(session, 'insert into t values (1); begin; insert into t values (2)')
    expect(engine.crash()).toBe(0)
    expect(rows(connect(engine), 'select id from t')).toEqual(['1'])
    expect(commits).toEqual([true, true])
  })

  test.each([
    [299, 2, []],
    [300, 0, ['1', '2']],
  ])('a crash %d ms after two asynchronous commits loses %d of these commits', (milliseconds, lost, ids) => {
    const { engine, session, commits, pass } = started()
    execute(session, `${ASYNCHRONOUS}; insert into t values (1); insert into t values (2)`)
    expect(commits).toEqual([true, false, false])
    pass(milliseconds)
    expect(engine.crash()).toBe(lost)
    expect(rows(connect(engine), 'select id from t order by id')).toEqual(ids)
  })

  test('a crash loses only the asynchronous commits that are not yet on disk', () => {
    const { engine, session, pass } = started()
    execute(session, `${ASYNCHRONOUS}; insert into t values (1)`)
    pass(200)
    execute(session, 'insert into t values (2)')
    const before = engine.position()
    pass(100)
    expect(engine.position()).toBe(before + 1)
    expect(engine.crash()).toBe(1)
    expect(rows(connect(engine), 'select id from t')).toEqual(['1'])
  })

  test('a crash keeps an asynchronous commit that a synchronous commit follows', () => {
    const { engine, session } = started()
    execute(session, `${ASYNCHRONOUS}; insert into t values (1)`)
    const before = engine.position()
    execute(session, 'set synchronous_commit = on; insert into t values (2)')
    expect(engine.position()).toBeGreaterThan(before + 1)
    expect(engine.crash()).toBe(0)
    expect(rows(connect(engine), 'select count(*) from t')).toEqual(['2'])
  })

  test('a crash loses no transaction that only read', () => {
    const { engine, session, commits } = started()
    execute(session, `${ASYNCHRONOUS}; select * from t; begin; commit`)
    expect(engine.crash()).toBe(0)
    expect(commits).toEqual([true])
  })

  test('a crash ends all sessions, and releases their locks', () => {
    const { engine, session } = started()
    execute(session, 'begin; lock table t; select pg_advisory_lock(1)')
    engine.crash()
    const next = connect(engine)
    expect(rows(next, "select count(*) from pg_stat_activity where backend_type = 'client backend'")).toEqual(['1'])
    expect(rows(next, 'select pg_try_advisory_lock(1)')).toEqual(['true'])
    expect(rows(next, 'select id from t for update')).toEqual([])
  })

  test('a crash resets the start time of the server', () => {
    const { engine, session, pass } = started()
    pass(5_000)
    const uptime = 'select (clock_timestamp() - pg_postmaster_start_time())::text'
    expect(rows(session, uptime)).toEqual(['00:00:05'])
    engine.crash()
    expect(rows(connect(engine), uptime)).toEqual(['00:00:00'])
  })
})

describe('a standby', () => {
  interface Replicated extends Started {
    readonly standby: Engine
    /** How many commits the standby has received, and how many of them its sessions see. */
    readonly progress: { received: number; replayed: number }
  }
  function replicated(): Replicated {
    const primary = started()
    const progress = { received: 0, replayed: 0 }
    const standby = primary.engine.standby({
      time: { now: () => 0n, after: () => () => {} },
      random: () => 0.5,
      received: () => progress.received,
      replayed: () => progress.replayed,
    })
    progress.received = progress.replayed = primary.engine.position()
    return { ...primary, standby, progress }
  }

  test('a standby shows only the commits that it has replayed, and refuses writes', () => {
    const { standby, progress, engine, session } = replicated()
    execute(session, 'insert into t values (1)')
    const reader = connect(standby)
    progress.received = engine.position()
    expect(rows(reader, 'select id from t')).toEqual([])
    progress.replayed = engine.position()
    expect(rows(reader, 'select id from t')).toEqual(['1'])
    expect(rows(reader, 'select pg_is_in_recovery()')).toEqual(['true'])
    expect(rows(session, 'select pg_is_in_recovery()')).toEqual(['false'])
    expect(() => execute(reader, 'insert into t values (2)')).toThrow(
      'cannot execute INSERT in a read-only transaction',
    )
  })

  test('a standby loses no commit in a crash', () => {
    const { standby, engine, session, progress } = replicated()
    execute(session, 'insert into t values (1)')
    connect(standby)
    expect(standby.crash()).toBe(0)
    progress.received = progress.replayed = engine.position()
    expect(rows(connect(standby), 'select id from t')).toEqual(['1'])
    expect(rows(session, 'select id from t')).toEqual(['1'])
  })

  test.each([
    [0, 2, []],
    [1, 1, ['1']],
    [2, 0, ['1', '2']],
  ])('the promotion of a standby that received %d of two commits loses %d commits', (received, lost, ids) => {
    const { engine, session, progress } = replicated()
    const before = engine.position()
    execute(session, 'insert into t values (1); insert into t values (2)')
    progress.received = before + received
    expect(engine.promote(progress.received)).toBe(lost)
    expect(rows(connect(engine), 'select id from t order by id')).toEqual(ids)
  })

  test('a standby keeps the versions of rows that its sessions may still read', () => {
    const { engine, session, standby, progress } = replicated()
    execute(session, 'insert into t values (1)')
    progress.received = progress.replayed = engine.position()
    const reader = connect(standby)
    for (let id = 1; id < 200; id++) execute(session, `update t set id = ${id + 1}`)
    expect(rows(reader, 'select id from t')).toEqual(['1'])
    progress.received = progress.replayed = engine.position()
    expect(rows(reader, 'select id from t')).toEqual(['200'])
  })
})

describe('old versions of rows', () => {
  test('old row versions stay visible to an older snapshot while many updates are vacuumed, and keys stay unique', () => {
    const { engine, session } = started()
    execute(session, 'alter table t add v int; create index on t (v); insert into t values (1, 0), (2, 0)')
    const reader = connect(engine)
    execute(reader, 'begin isolation level repeatable read; select 1')
    for (let v = 1; v <= 200; v++) execute(session, `update t set v = ${v} where id = 1`)
    expect(rows(reader, 'select id from t where v = 0 order by id')).toEqual(['1', '2'])
    expect(rows(reader, 'select v from t where id = 1')).toEqual(['0'])
    execute(reader, 'commit')
    for (let v = 1; v <= 200; v++) execute(session, `update t set v = ${v} where id = 1`)
    expect(rows(reader, 'select id, v from t order by id')).toEqual(['1,200', '2,0'])
    expect(rows(reader, 'select id from t where v = 200')).toEqual(['1'])
    expect(rows(reader, 'select id from t where v = 0')).toEqual(['2'])
    expect(() => execute(session, 'insert into t values (2, 1)')).toThrow('duplicate key')
  })

  test('row versions are vacuumed if their insertion was rolled back or the row was deleted', () => {
    const { session } = started()
    for (let id = 1; id <= 100; id++) execute(session, `begin; insert into t values (${id}); rollback`)
    for (let id = 1; id <= 100; id++) execute(session, `insert into t values (${id}); delete from t where id = ${id}`)
    execute(session, 'insert into t values (5)')
    expect(rows(session, 'select id from t')).toEqual(['5'])
    expect(rows(session, 'select id from t where id = 7')).toEqual([])
  })
})

describe('a request to cancel', () => {
  function waiting(): { readonly engine: Engine; readonly waiter: Session; go(): unknown } {
    const { engine, session } = started()
    execute(session, 'begin; lock table t')
    const waiter = connect(engine)
    const execution = waiter.execute(waiter.parse('select * from t')[0]!, [])
    const step = execution.next()
    if (step.done === true) throw new Error('does not wait')
    let isReady = false
    step.value.ready(() => {
      isReady = true
    })
    return { engine, waiter, go: () => (isReady ? execution.next() : 'waits') }
  }

  test('a cancel request with the pid and the secret of a session ends the wait of the session', () => {
    const { engine, waiter, go } = waiting()
    engine.cancel(waiter.pid, waiter.secret)
    expect(go).toThrow(new SqlError('57014', 'canceling statement due to user request'))
  })

  test('a request to cancel is ignored if the secret or the pid is wrong', () => {
    const { engine, waiter, go } = waiting()
    engine.cancel(waiter.pid, waiter.secret + 1)
    engine.cancel(waiter.pid + 1, waiter.secret)
    expect(go()).toBe('waits')
  })
})

test('a session reports its settings after authentication', () => {
  const { session } = started()
  const reported = session.parameters()
  expect([...reported.keys()].toSorted()).toEqual([
    ...[
      'DateStyle',
      'IntervalStyle',
      'TimeZone',
      'application_name',
      'client_encoding',
      'default_transaction_read_only',
    ],
    ...['in_hot_standby', 'integer_datetimes', 'is_superuser', 'server_encoding', 'server_version'],
    ...['session_authorization', 'standard_conforming_strings'],
  ])
  expect(reported.get('session_authorization')).toBe('tester')
})

test.each([
  ['debug', []],
  ['log', []],
  ['info', ['INFO 00000 a b']],
  ['notice', ['NOTICE 00000 a b']],
  ['warning', ['WARNING 01000 a b']],
])('RAISE with the level %s sends the notices %j', (level, expected) => {
  const { engine } = started()
  const notices: string[] = []
  const session = connect(engine, {
    ...LISTENER,
    notice: ({ severity, code, message }) => notices.push(`${severity} ${code} ${message}`),
  })
  execute(session, `do $$ begin raise ${level} 'a %', 'b'; end $$`)
  expect(notices).toEqual(expected)
})

test('uuidv7() begins with the milliseconds since 1970, then has its version and variant', () => {
  const { session, pass } = started(0)
  pass(1_000)
  expect(rows(session, 'select uuidv7()')).toEqual(['00dc6acf-afe8-7000-8000-000000000000'])
})

test('a session reports whether its transaction has written', () => {
  const { session } = started()
  expect(session.hasWritten).toBe(false)
  execute(session, 'begin; select * from t')
  expect(session.hasWritten).toBe(false)
  execute(session, 'insert into t values (1)')
  expect(session.hasWritten).toBe(true)
  execute(session, 'commit')
  expect(session.hasWritten).toBe(false)
})

describe('the description of the catalogue', () => {
  test('catalogue() lists committed tables, keys, writable columns, and writes by triggers, foreign keys and views', () => {
    const { engine, session } = started()
    execute(
      session,
      `create table b (y int, x int, z varchar(5), g int generated always as (x) stored, primary key (x, y));
       create table a (x int, y int, n numeric(4, 1),
         constraint c foreign key (x, y) references b on delete cascade,
         constraint d foreign key (x, y) references b on delete restrict on update set null,
         constraint e foreign key (x, y) references b);
       create view v as select x from a;
       create function f() returns trigger language plpgsql as $$ begin execute 'select 1'; return new; end $$;
       create function g() returns int language sql as $$ select 1 $$;
       create trigger r before insert on a for each row execute function f();
       begin; create table later (id int)`,
    )
    const { tables, writers, definitions } = engine.catalogue()
    expect(tables).toEqual([
      {
        ...{ schema: 'public', name: 'a', kind: 'table', primaryKey: [], triggers: ['trigger r'] },
        columns: [
          { name: 'x', type: 'integer' },
          { name: 'y', type: 'integer' },
          { name: 'n', type: 'numeric(4,1)' },
        ],
      },
      {
        ...{ schema: 'public', name: 'b', kind: 'table', primaryKey: ['x', 'y'], triggers: [] },
        columns: [
          { name: 'y', type: 'integer' },
          { name: 'x', type: 'integer' },
          { name: 'z', type: 'character varying(5)' },
        ],
      },
      {
        ...{ schema: 'public', name: 't', kind: 'table', primaryKey: ['id'], triggers: [] },
        columns: [{ name: 'id', type: 'integer' }],
      },
      {
        ...{ schema: 'public', name: 'v', kind: 'view', primaryKey: [], triggers: [] },
        columns: [{ name: 'x', type: 'integer' }],
      },
    ])
    expect(writers.map(({ table, by, name }) => [table, by, name])).toEqual([
      ['a', 'write', 'trigger r'],
      ['b', 'delete', 'foreign key c'],
      ['b', 'update', 'foreign key d'],
      ['v', 'write', 'view v'],
    ])
    expect(definitions.map(({ name, isOpaque }) => [name, isOpaque])).toEqual([
      ['f', true],
      ['g', false],
    ])
  })
})

test.each([
  ['repeatable read', '40001'],
  ['read committed', 'done'],
])(
  'with the fault serialization-failure, an update at %s after an unrelated commit ends with %s',
  (isolation, expected) => {
    const engine = createEngine({
      time: { now: () => 0n, after: () => () => {} },
      random: () => 0.5,
      fails: () => true,
    })
    const [session, other] = [connect(engine), connect(engine)]
    execute(session, 'create table t (id int); insert into t values (1), (2)')
    execute(session, `begin isolation level ${isolation}`)
    execute(session, 'select * from t')
    execute(other, 'update t set id = 3 where id = 1')
    const update = (): string => {
      try {
        execute(session, 'update t set id = 4 where id = 2')
        return 'done'
      } catch (error) {
        return error instanceof SqlError ? error.code : String(error)
      }
    }
    expect(update()).toBe(expected)
  },
)

test('with the fault serialization-failure, an update at repeatable read succeeds if nobody else has committed', () => {
  const engine = createEngine({ time: { now: () => 0n, after: () => () => {} }, random: () => 0.5, fails: () => true })
  const session = connect(engine)
  execute(session, 'create table t (id int); insert into t values (1), (2)')
  execute(session, 'begin isolation level repeatable read')
  execute(session, 'select * from t')
  expect(() => execute(session, 'update t set id = 4 where id = 2')).not.toThrow()
})

test('with the fault serialization-failure, an update at read committed succeeds after a wait for another update', () => {
  const engine = createEngine({ time: { now: () => 0n, after: () => () => {} }, random: () => 0.5, fails: () => true })
  const [session, other] = [connect(engine), connect(engine)]
  execute(session, 'create table t (id int, v int); insert into t values (1, 0)')
  execute(other, 'begin; update t set v = 1')
  const [statement] = session.parse('update t set v = v + 1')
  const execution = session.execute(statement!, [])
  expect(execution.next().done).toBe(false)
  execute(other, 'commit')
  expect(execution.next()).toMatchObject({ done: true, value: { tag: 'UPDATE 1' } })
})

describe('a transaction block', () => {
  test.each([
    ...['select 1', 'insert into t values (1)', 'create table u (id int)', 'drop table t', 'truncate t', 'vacuum'],
    ...['set transaction read only', 'set transaction isolation level serializable', 'set local lock_timeout = 1'],
    ...["set lock_timeout = '1s'", 'listen c', 'unlisten c', 'notify c', 'discard all', 'commit', 'rollback', 'end'],
    ...[
      "do 'begin end'",
      'set constraints all deferred',
      'prepare p as select 1',
      'select txid_current()',
      'checkpoint',
    ],
  ])('a statement other than BEGIN opens no transaction block: %s', (sql) => {
    const { session } = started()
    execute(session, sql)
    expect(session.status()).toBe('idle')
  })

  test.each(['begin', 'start transaction', 'begin read only', 'begin; select 1', 'begin; begin', 'begin; savepoint s'])(
    'a transaction block is open after the statements %s',
    (sql) => {
      const { session } = started()
      execute(session, sql)
      expect(session.status()).toBe('transaction')
    },
  )

  test.each([
    ["select set_config('lock_timeout', '2s', true)", 'commit', '0'],
    ["select set_config('lock_timeout', '2s', false)", 'commit', '2s'],
    ["select set_config('lock_timeout', '2s', false)", 'rollback', '0'],
    ["set local lock_timeout = '2s'", 'commit', '0'],
    ["set lock_timeout = '2s'", 'commit', '2s'],
    ["set lock_timeout = '2s'", 'rollback', '0'],
  ])('a transaction block that executes %s and ends by %s leaves the value %s', (sql, end, expected) => {
    const { session } = started()
    execute(session, `begin; ${sql}`)
    expect(rows(session, 'show lock_timeout')).toEqual(['2s'])
    execute(session, end)
    expect(rows(session, 'show lock_timeout')).toEqual([expected])
  })
})

test('a transaction delivers each notification once, by its channel and payload', () => {
  const { engine, session } = started()
  const received: string[] = []
  const listener = {
    ...LISTENER,
    notification: (_: number, ...parts: readonly string[]) => received.push(parts.join()),
  }
  execute(connect(engine, listener), 'listen c; listen d')
  execute(session, "begin; notify c, 'x'; notify c, 'y'; notify d, 'x'; notify c, 'x'; notify d; notify d, ''; commit")
  execute(session, "notify c, 'x'")
  expect(received).toEqual(['c,x', 'c,y', 'd,x', 'd,', 'c,x'])
})

test('a session that has waited for a lock is terminated like a session that never waited', () => {
  const { engine, session } = started()
  const errors: string[] = []
  const other = connect(engine, { ...LISTENER, terminated: ({ message }) => errors.push(message) })
  execute(session, 'insert into t values (1)')
  execute(session, 'begin')
  execute(session, 'delete from t')
  const [statement] = other.parse('delete from t')
  const execution = other.execute(statement!, [])
  const waiting = execution.next()
  expect(waiting.done).toBe(false)
  execute(session, 'commit')
  expect(execution.next().value).toEqual({ kind: 'done', tag: 'DELETE 0' })
  other.sync()
  expect(rows(session, `select pg_terminate_backend(${rows(other, 'select pg_backend_pid()')})`)).toEqual(['true'])
  expect(errors).toEqual(['terminating connection due to administrator command'])
})
