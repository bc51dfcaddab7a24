import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import type { Grouping } from '../../src/witness/witnessed.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

beforeAll(loadParser)

const TABLES = `
  create table doctors (ward int, name text, active boolean not null, seen int not null default 0, primary key (ward, name));
  create table jobs (id int primary key, state text not null);
  create table docs (id int primary key, data jsonb);
  create table bookings (id int primary key, state text not null);
  insert into docs values (1, '{"n":1}');
  create table users (id serial primary key, name text);
  create sequence numbers;
  insert into doctors values (1, 'a', true), (1, 'b', true), (2, 'c', true);
  insert into jobs values (1, 'queued'), (2, 'queued'), (3, 'queued')`

/** Returns the accesses by which transactions of sessions a, b and c depend on each other, one line for each access. */
function witnessedBy(statements: readonly string[], grouping: Partial<Grouping> = {}) {
  let now = 0
  const sessions = new SimulatedSessions(3, new Set(), {}, { now: () => now++ })
  sessions.setUp(TABLES)
  for (const text of statements) sessions.send('abc'.indexOf(text[0]!), text.slice(3))
  const { transactions, unknown } = sessions.engine.witnessed({
    ...{ groupOf: () => undefined, areOne: false, phantoms: true },
    ...grouping,
  })!
  const lines = transactions.flatMap(({ pid, statements }) =>
    statements.flatMap(({ accesses }) =>
      accesses.map(
        ({ does, cell, value, version }) => `${'abc'[pid - 101]} ${does} ${cell} ${JSON.stringify(value)} ${version}`,
      ),
    ),
  )
  return { lines, unknown, transactions }
}

const COUNT = 'select count(*) from doctors where ward = 1 and active'
const leave = (name: string): string => `update doctors set active = false where ward = 1 and name = '${name}'`

describe('the dependency report', () => {
  test('the dependency report lists each old row version that a count read', () => {
    const { lines } = witnessedBy([
      ...['a: begin isolation level repeatable read', 'b: begin isolation level repeatable read'],
      ...[`a: ${COUNT}`, `b: ${COUNT}`, `a: ${leave('a')}`, `b: ${leave('b')}`, 'a: commit', 'b: commit'],
    ])
    expect(lines).toEqual([
      'a r doctors/1/b/active true -1',
      'a w doctors/1/a/active false 0',
      'b r doctors/1/a/active true -1',
      'b w doctors/1/b/active false 0',
    ])
  })

  test('the dependency report contains only the fetched rows of a cursor', () => {
    const withCursor = (...fetched: readonly string[]) => {
      const { lines, unknown } = witnessedBy([
        ...['a: begin', 'a: declare c cursor for select id, state from jobs order by id', ...fetched],
        ...[
          'b: begin',
          "b: select active from doctors where name = 'a'",
          "b: update jobs set state = 'done' where id = 3",
        ],
        ...['b: commit', 'a: fetch c', "a: update doctors set active = false where name = 'a'", 'a: commit'],
      ])
      expect(unknown).toBeUndefined()
      return lines
    }
    expect(withCursor()).toEqual([])
    expect(withCursor('a: fetch c')).toEqual([])
    expect(withCursor('a: fetch 2 from c')).toEqual([
      ...['b r doctors/1/a/active true -1', 'b w jobs/3/state "done" 0'],
      ...['a r jobs/3/state "queued" -1', 'a w doctors/1/a/active false 0'],
    ])
    expect(withCursor('a: move 2 from c')).toHaveLength(4)
  })

  test('the dependency report shows TRUNCATE as a deletion of each row, and includes reads of the deleted rows', () => {
    const count = 'select count(*) from jobs'
    const { lines, unknown } = witnessedBy([
      ...['a: begin', `a: ${count}`, 'b: begin', "b: select active from doctors where name = 'a'"],
      ...["a: update doctors set active = false where name = 'a'", 'a: commit', 'b: truncate jobs', 'b: commit'],
      ...[`c: ${count}`, "c: insert into jobs values (7, 'queued')"],
    ])
    expect(unknown).toBeUndefined()
    expect(lines).toEqual([
      ...[1, 2, 3].map((id) => `a r jobs/${id} {"id":${id},"state":"queued"} -1`),
      'a w doctors/1/a/active false 0',
      'b r doctors/1/a/active true -1',
      ...[1, 2, 3].map((id) => `b w jobs/${id} null 0`),
    ])
  })

  test('the dependency report shows that a snapshot older than a TRUNCATE reads the deletion of each row', () => {
    const { lines, unknown } = witnessedBy([
      ...['a: begin isolation level repeatable read', 'a: select active from doctors where ward = 2'],
      ...['b: begin', 'b: update doctors set active = false where ward = 2', 'b: truncate jobs', 'b: commit'],
      ...['a: select count(*) from jobs', 'a: commit'],
    ])
    expect(unknown).toBeUndefined()
    expect(lines.filter((line) => line.startsWith('a'))).toEqual([
      'a r doctors/2/c/active true -1',
      ...[1, 2, 3].map((id) => `a r jobs/${id} null 0`),
    ])
  })

  test('the dependency report of a TRUNCATE that was rolled back is empty', () => {
    const { lines, unknown } = witnessedBy([
      ...['a: begin', 'a: savepoint s', 'a: truncate jobs', 'a: rollback to s', 'b: select count(*) from jobs'],
      ...["a: update jobs set state = 'done'", 'a: commit', 'b: select count(*) from jobs'],
    ])
    expect([lines, unknown]).toEqual([[], undefined])
  })

  test('the dependency report distinguishes jsonb objects by their content', () => {
    const { lines } = witnessedBy([
      ...['a: begin', 'b: begin', 'a: select data from docs', 'b: select data from docs'],
      ...[`a: update docs set data = '{"n":2}'`, 'a: commit', `b: update docs set data = '{"n":3}'`, 'b: commit'],
    ])
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['a r', 'a w', 'b r', 'b w'])
  })

  test('the dependency report contains a row that a read missed, even if the row matched only after a later change', () => {
    const confirmed = "select count(*) from bookings where state = 'confirmed'"
    const { lines } = witnessedBy([
      ...['a: begin', `a: ${confirmed}`, "c: insert into bookings values (2, 'pending')"],
      ...['b: begin', `b: ${confirmed}`, "b: update bookings set state = 'confirmed' where id = 2", 'b: commit'],
      ...["a: insert into bookings values (1, 'confirmed')", 'a: commit'],
    ])
    expect(lines.filter((line) => line.startsWith('a r'))).not.toEqual([])
  })

  test('the dependency report is unknown if a statement depends on several transactions together', () => {
    const book = (id: number): string =>
      `insert into bookings select ${id}, 'booked' where (select count(*) from bookings) < 2`
    const sessions = ['a', 'b', 'c'].map((name, i) => [`${name}: begin`, `${name}: ${book(i)}`])
    const { lines, unknown } = witnessedBy([...sessions.flat(), 'a: commit', 'b: commit', 'c: commit'])
    expect([lines, unknown]).toEqual([
      [],
      expect.stringMatching(/depends on several transactions together, and on none of them alone$/),
    ])
  })

  test.each([
    ['that run one after another', [`a: ${COUNT}`, `a: ${leave('a')}`, `b: ${COUNT}`, `b: ${leave('b')}`]],
    [
      'on different rows',
      ['a: begin', `a: ${COUNT}`, "b: update doctors set active = false where name = 'c'", 'a: commit'],
    ],
    ['on different columns', ['a: begin', `a: ${COUNT}`, 'b: update doctors set seen = 7', 'a: commit']],
    ['that were rolled back', ['a: begin', `a: ${COUNT}`, 'b: begin', `b: ${leave('a')}`, 'b: rollback', 'a: commit']],
    [
      'if the result of the read stays the same',
      ['a: begin', 'a: select 1 from doctors where active limit 1', `b: ${leave('b')}`, 'a: commit'],
    ],
    [
      'if one waits for a lock and then reads the new rows',
      [
        ...['a: begin', 'b: begin', `a: ${leave('a')}`, 'b: select active from doctors where ward = 1 for update'],
        ...['a: commit', `b: ${leave('b')}`, 'b: commit'],
      ],
    ],
    [
      'that insert given values and defaults',
      ['a', 'b'].flatMap((name) => [
        `${name}: begin`,
        `${name}: insert into users (id, name) values (default, '${name}')`,
      ]),
    ],
    [
      'that skip the rows locked by each other',
      ['a', 'b'].flatMap((name) => [
        `${name}: begin`,
        `${name}: update jobs set state = 'done' where id = (select id from jobs where state = 'queued' order by id limit 1 for update skip locked)`,
      ]),
    ],
  ])('the dependency report contains no dependency between transactions %s', (_, statements) => {
    expect(witnessedBy([...statements, 'a: commit', 'b: commit'])).toEqual({
      lines: [],
      unknown: undefined,
      transactions: [],
    })
  })

  test('the dependency report contains missed rows only if phantoms are requested', () => {
    const statements = [...['a: begin', `a: ${COUNT}`, "b: insert into doctors values (1, 'd', true)", 'a: commit']]
    expect(witnessedBy(statements).lines).toEqual([
      'b w doctors/1/d {"ward":1,"name":"d","active":true,"seen":0} 0',
      'a r doctors/1/d null -1',
    ])
    expect(witnessedBy(statements, { phantoms: false }).lines).toEqual([])
  })

  test('the dependency report contains a write that repeats the value of a concurrent write', () => {
    const change = "update doctors set seen = 1 where name = 'c'"
    const read = "select seen from doctors where name = 'c'"
    const { lines } = witnessedBy([
      'a: begin',
      `a: ${read}`,
      'b: begin',
      `b: ${read}`,
      `b: ${change}`,
      'b: commit',
      `a: ${change}`,
      'a: commit',
    ])
    expect(lines).toContain('a r doctors/2/c/seen 0 -1')
    expect(lines.filter((line) => line.includes(' w '))).toEqual([
      'b w doctors/2/c/seen 1 0',
      'a w doctors/2/c/seen 1 1',
    ])
  })

  test('the dependency report treats the transactions of one request as one transaction if `areOne` is set', () => {
    const statements = [`a: ${COUNT}`, `b: ${leave('b')}`, `a: ${leave('a')}`]
    expect(witnessedBy(statements).lines).toEqual([])
    const groupOf = (pid: number): string => `request ${pid}`
    expect(witnessedBy(statements, { areOne: true, groupOf }).lines).toContain('a r doctors/1/b/active true -1')
  })

  const COUNT_ACTIVE = 'select count(*) from doctors where active'
  const READ_JOBS = 'select state from jobs where id = 1'
  const SEEN = "update doctors set seen = 5 where name = 'c'"
  const NOBODY = 'update doctors set active = false'
  /** Returns steps in which b misses one change by a, and then waits for another change by a. */
  const bWaitsFor = (change: string, read: string, missed: string, write: string): string[] => [
    ...['a: begin', `a: ${change}`, 'b: begin', `b: ${read}`, `b: ${write}`, `a: ${missed}`, 'a: commit', 'b: commit'],
  ]
  const NEW_JOB = "insert into jobs values (9, 'a')"
  const RUN_JOB = "update jobs set state = 'running' where id = 1"
  const upsert = (action: string): string => `insert into jobs values (9, 'b') on conflict (id) do ${action}`
  const onSeen = (write: string): string[] => bWaitsFor(SEEN, READ_JOBS, RUN_JOB, `${write} returning seen`)
  test.each([
    ['does not insert', bWaitsFor(NEW_JOB, COUNT_ACTIVE, NOBODY, upsert('nothing')), 'b r jobs/9 '],
    [
      'updates by its value',
      bWaitsFor(NEW_JOB, COUNT_ACTIVE, NOBODY, upsert('update set state = jobs.state || excluded.state')),
      'b r jobs/9 ',
    ],
    [
      'does not update the row because the condition of its DO UPDATE reads a column that the other changed',
      bWaitsFor(
        "update jobs set state = 'held' where id = 2",
        COUNT_ACTIVE,
        NOBODY,
        "insert into jobs values (2, 'b') on conflict (id) do update set state = 'b' where jobs.state <> 'held'",
      ),
      'b r jobs/2/state "held" 0',
    ],
    [
      'does not update the row because the condition of its DO UPDATE reads a row that the other inserted',
      bWaitsFor(
        "insert into jobs values (9, 'held')",
        COUNT_ACTIVE,
        NOBODY,
        upsert("update set state = 'b' where jobs.state <> 'held'"),
      ),
      'b r jobs/9 ',
    ],
    [
      'returns a column of the row',
      onSeen("insert into doctors values (2, 'c', true) on conflict (ward, name) do update set active = false"),
      'b r doctors/2/c/seen 5 0',
    ],
    [
      'inserts after the row was deleted',
      bWaitsFor('delete from jobs where id = 1', COUNT_ACTIVE, NOBODY, upsert('nothing').replace('9', '1')),
      'b r jobs/1 null 0',
    ],
    [
      'updates the row and returns a column',
      onSeen("update doctors set active = false where name = 'c'"),
      'b r doctors/2/c/seen 5 0',
    ],
    [
      'deletes the row and returns a column',
      onSeen("delete from doctors where name = 'c'"),
      'b r doctors/2/c/seen 5 0',
    ],
  ])(
    'the dependency report contains the row that a statement waited for, if the statement then %s',
    (_, statements, line) => {
      const { lines, unknown } = witnessedBy(statements)
      expect([lines.filter((each) => each.startsWith(line)).length, unknown]).toEqual([1, undefined])
    },
  )

  test('the dependency report is unknown for an INSERT ... SELECT with ON CONFLICT DO NOTHING that waited for a conflicting row', () => {
    const write = "insert into jobs select 2, 'b' from jobs where id < 3 on conflict do nothing"
    const { unknown } = witnessedBy(
      bWaitsFor("update jobs set state = 'held' where id = 2", COUNT_ACTIVE, NOBODY, write),
    )
    expect(unknown).toMatch(/^insert into jobs select .* cannot be evaluated again with other rows$/)
  })

  test.each([
    [
      'of a column that only another transaction wrote',
      'seen',
      ['b r doctors/2/c/seen 0 -1', 'b r doctors/2/c/seen 5 0'],
    ],
    ['of a column that the reader wrote', 'active', []],
  ])('after an update by the reader, the dependency report contains the expected reads %s', (_, column, expected) => {
    const read = `select ${column} from doctors where ward = 2 and name = 'c'`
    const { lines } = witnessedBy([
      ...['b: begin', `b: ${read}`, `a: ${SEEN}`],
      ...["b: update doctors set active = false where ward = 2 and name = 'c'", `b: ${read}`, 'b: commit'],
    ])
    expect(lines.filter((line) => line.startsWith('b r'))).toEqual(expected)
  })

  test('the dependency report places a write of another transaction between two writes of one request', () => {
    const write = (state: string): string => `update jobs set state = '${state}' where id = 1`
    const { lines } = witnessedBy(
      [
        ...[`a: ${write('1')}`, "b: select count(*) from jobs where id = 1 and state <> 'queued'"],
        ...[`b: ${write('2')}`, `a: ${write('3')}`],
      ],
      { areOne: true, groupOf: (pid) => `request ${pid}` },
    )
    const inOrder = ['a w jobs/1/state 2 "1" 0', 'b w jobs/1/state 2 "2" 1', 'a w jobs/1/state 2 "3" 2']
    expect(lines.filter((line) => line.includes('w jobs/1/state 2 "'))).toEqual(inOrder)
  })

  /** Returns steps in which a and b both read the state of job 1 and then both write it. */
  const lostUpdate = (one: string, other: string): readonly string[] => [
    ...['a: begin', 'b: begin', 'a: select state from jobs where id = 1', 'b: select state from jobs where id = 1'],
    ...[`a: update jobs set state = '${one}' where id = 1`, 'a: commit'],
    ...[`b: update jobs set state = '${other}' where id = 1`, 'b: commit'],
  ]

  test.each([
    ['different values', '1', '2', '3', '4'],
    ['equal values', '1', '1', '2', '2'],
  ])(
    'the dependency report lists two successive lost updates of a column under separate keys, with %s',
    (_, ...states) => {
      const [first = '', second = '', third = '', fourth = ''] = states
      const { lines } = witnessedBy([...lostUpdate(first, second), ...lostUpdate(third, fourth)])
      expect(lines).toEqual([
        ...['a r jobs/1/state "queued" -1', `a w jobs/1/state "${first}" 0`],
        ...['b r jobs/1/state "queued" -1', `b w jobs/1/state "${second}" 1`],
        ...[`a r jobs/1/state 2 "${second}" -1`, `a w jobs/1/state 2 "${third}" 0`],
        ...[`b r jobs/1/state 2 "${second}" -1`, `b w jobs/1/state 2 "${fourth}" 1`],
      ])
    },
  )

  test('the dependency report omits a missed version that does not change the result of a read', () => {
    const { lines } = witnessedBy([
      ...['c: begin isolation level repeatable read', 'c: select count(*) from doctors', ...lostUpdate('1', '2')],
      ...["c: select count(*) from jobs where id = 1 and state <> 'done'"],
      ...["a: update jobs set state = 'done' where id = 1", "c: update jobs set state = '5' where id = 2", 'c: commit'],
    ])
    expect(lines.filter((line) => line.startsWith('c r'))).toEqual(['c r jobs/1/state 2 "queued" -1'])
    expect(lines.filter((line) => line.includes('jobs/1/state 2 "'))).toHaveLength(2)
  })

  test('a transaction begins with its first statement in the dependency report, even if the statement reads no table', () => {
    const { transactions } = witnessedBy([
      ...['a: begin isolation level repeatable read', 'a: select 1', `b: ${leave('b')}`, `a: ${COUNT}`],
      ...[`a: ${leave('a')}`, 'a: commit'],
    ])
    const [a, b] = [101, 102].map((pid) => transactions.find((each) => each.pid === pid)!)
    expect(a!.statements[0]!.from).toBeGreaterThan(b!.ended)
    expect(a!.began).toBeLessThan(b!.began)
  })

  test('the dependency report is unknown for a statement that takes numbers from a sequence', () => {
    const { unknown } = witnessedBy([
      ...[
        'a: begin',
        "a: select nextval('numbers'), count(*) from doctors where active",
        `b: ${leave('b')}`,
        'a: commit',
      ],
    ])
    expect(unknown).toContain('cannot be evaluated again with other rows')
  })
})
