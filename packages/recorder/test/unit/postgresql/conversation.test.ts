import { type Nanos, Overwrites } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeBackend } from '../../../../wire/src/postgresql/backend.ts'
import { writeFrontend } from '../../../../wire/src/postgresql/frontend.ts'
import type { BackendMessage, Column, FrontendMessage } from '../../../../wire/src/postgresql/message.ts'
import { postgresqlConversation } from '../../../src/postgresql/conversation.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import type { RecordedConversation } from '../../../src/spoken/conversation.ts'
import { eventTexts, recording } from '../../record/in-memory.ts'

type Step = { readonly asks: readonly FrontendMessage[] } | { readonly answers: readonly BackendMessage[] }

const asks = (...messages: FrontendMessage[]): Step => ({ asks: messages })
const answers = (...messages: BackendMessage[]): Step => ({ answers: messages })

const column = (name: string, type = 25): Column => ({
  name,
  table: 1,
  attribute: 1,
  type,
  size: -1,
  modifier: -1,
  format: 0,
})
const query = (sql: string): FrontendMessage => ({ kind: 'query', sql })
const tag = (said: string): BackendMessage => ({ kind: 'command-complete', tag: said })
const ready = (status: 'I' | 'T' | 'E' = 'I'): BackendMessage => ({ kind: 'ready', status })
const row = (...values: (string | null)[]): BackendMessage => ({
  kind: 'data-row',
  values: values.map((value) => (value === null ? null : Buffer.from(value))),
})
const columns = (...all: Column[]): BackendMessage => ({ kind: 'row-description', columns: all })
const error = (code: string, severity = 'ERROR'): BackendMessage => ({
  kind: 'error',
  fields: [
    ['V', severity],
    ['C', code],
    ['M', 'why'],
  ],
})

/** Returns the messages with which drivers send a statement with parameters. */
const extended = (sql: string, ...values: (string | null)[]): FrontendMessage[] => [
  { kind: 'parse', statement: '', sql, types: [] },
  {
    kind: 'bind',
    portal: '',
    statement: '',
    formats: [],
    values: values.map((value) => (value === null ? null : Buffer.from(value))),
    resultFormats: [],
  },
  { kind: 'describe', of: 'portal', name: '' },
  { kind: 'execute', portal: '', mostRows: 0 },
  { kind: 'sync' },
]
const prepared: BackendMessage[] = [{ kind: 'parse-complete' }, { kind: 'bind-complete' }]
const noRows: BackendMessage[] = [...prepared, { kind: 'no-data' }]
const written = (said: string, status: 'I' | 'T' | 'E' = 'I'): Step => answers(...noRows, tag(said), ready(status))

const UPSERT = 'INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2'
const SELECT = 'SELECT value FROM kv WHERE key = $1'
const UPDATE = 'UPDATE kv SET value = $1 WHERE key = $2'

/**
 * Records a connection that goes through these steps and then closes. Returns the recorded lines. The bytes arrive in
 * chunks, and the sizes of the chunks repeat the list `sizes`.
 */
function recorded(
  steps: readonly Step[],
  {
    members = {},
    sizes = [1 << 20] as readonly number[],
    parameters = [['application_name', 'a']] as readonly (readonly [string, string])[],
  } = {},
) {
  const { client, now, connection } = recording()
  const { commands } = parsePostgresqlSettings({ table: 'kv', ...members }, 'a test')
  const conversation = postgresqlConversation({
    connection,
    now,
    commands,
    naming: { kind: 'said' },
    maxMessageBytes: 1000,
    overwrites: new Overwrites(),
  })
  let sent = 0
  let delivered = 0
  const startup: Step = asks({ kind: 'startup', minorVersion: 0, parameters })
  const begun: Step = answers({ kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }, ready())
  let turn = 0
  const each = (bytes: Buffer, take: (piece: Buffer) => void): void => {
    for (let at = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length]!
      take(Buffer.from(bytes.subarray(at, at + size)))
      at += size
    }
  }
  for (const step of [startup, begun, ...steps])
    if ('asks' in step)
      each(Buffer.concat(step.asks.map(writeFrontend)), (piece) => {
        conversation.requested(piece, now())
        sent += piece.length
        conversation.sent(sent, now())
      })
    else
      each(Buffer.concat(step.answers.map(writeBackend)), (piece) => {
        conversation.answered(piece)
        delivered += piece.length
        conversation.delivered(delivered)
      })
  conversation.closed()
  return eventTexts(client)
}

describe('the recorder of a PostgreSQL connection', () => {
  test('a statement outside a transaction is recorded as an operation that ends at ReadyForQuery', () => {
    expect(
      recorded([
        asks(...extended(UPSERT, 'x', '1')),
        written('INSERT 0 1'),
        asks(...extended(SELECT, 'x')),
        answers(...prepared, columns(column('value')), row('1'), tag('SELECT 1'), ready()),
        asks(...extended(SELECT, 'y')),
        answers(...prepared, columns(column('value')), tag('SELECT 0'), ready()),
        asks(...extended(`${UPDATE} AND value = $3`, '2', 'x', '1')),
        written('UPDATE 1'),
        asks(...extended(UPDATE, '3', 'y')),
        written('UPDATE 0'),
      ]),
    ).toEqual([
      '0 invoke write x=1 as a',
      '0 ok write x=1',
      '0 invoke read x=null as a',
      '0 ok read x=1',
      '0 invoke read y=null as a',
      '0 ok read y=null',
      '0 invoke cas x=[1,2] as a',
      '0 ok cas x=[1,2]',
      '0 invoke write y=3 as a',
      '0 fail write y',
    ])
  })

  test('a known error is recorded as a failure, and an unclear or missing reply as an unknown outcome', () => {
    expect(
      recorded([asks(query("UPDATE kv SET value = 'a' WHERE key = 'x'")), answers(error('40001'), ready())]),
    ).toEqual(['0 invoke write x="a" as a', '0 fail write x'])
    expect(
      recorded([asks(query("UPDATE kv SET value = 'a' WHERE key = 'x'")), answers(error('XX000'), ready())]),
    ).toEqual(['0 invoke write x="a" as a', '0 info write x'])
    expect(recorded([asks(...extended(UPSERT, 'x', '1'))])).toEqual(['0 invoke write x=1 as a', '0 info write x'])
    const notice: BackendMessage = {
      kind: 'notice',
      fields: [['M', 'canceling wait for synchronous replication due to user request']],
    }
    expect(
      recorded([asks(...extended(UPSERT, 'x', '1')), answers(...noRows, notice, tag('INSERT 0 1'), ready())]),
    ).toEqual(['0 invoke write x=1 as a', '0 info write x'])
  })

  const inTransaction = (end: readonly Step[]) =>
    recorded([
      asks(query('BEGIN')),
      answers(tag('BEGIN'), ready('T')),
      asks(...extended(`${SELECT} FOR UPDATE`, 'x')),
      answers(...prepared, columns(column('value')), row('1'), tag('SELECT 1'), ready('T')),
      asks(...extended(UPDATE, '2', 'x')),
      written('UPDATE 1', 'T'),
      ...end,
    ])

  test('a read and a write of one row in a transaction are recorded as one cas at COMMIT', () => {
    expect(inTransaction([asks(query('COMMIT')), answers(tag('COMMIT'), ready())])).toEqual([
      '0 invoke cas x=[2] as a',
      '0 ok cas x=[1,2]',
    ])
  })

  test.each<readonly [string, readonly string[], string]>([
    ['a cas that keeps the value if its write missed the row', ['UPDATE 0'], '0 ok cas x=[1,1]'],
    ['a cas to the value of the write that hit it', ['UPDATE 1', 'UPDATE 0'], '0 ok cas x=[1,2]'],
    ['a cas to the value of the last write', ['UPDATE 1', 'UPDATE 1'], '0 ok cas x=[1,3]'],
  ])('a row that is read and then written is recorded as %s', (_, tags, end) => {
    const lines = recorded([
      asks(query('BEGIN')),
      answers(tag('BEGIN'), ready('T')),
      asks(...extended(SELECT, 'x')),
      answers(...prepared, columns(column('value')), row('1'), tag('SELECT 1'), ready('T')),
      ...tags.flatMap((said, at) => [asks(...extended(UPDATE, String(2 + at), 'x')), written(said, 'T')]),
      asks(query('COMMIT')),
      answers(tag('COMMIT'), ready()),
    ])
    expect(lines.at(-1)).toBe(end)
  })

  test('an unanswered COMMIT is recorded as info, a refused COMMIT as fail, and no COMMIT as no operation', () => {
    expect(inTransaction([asks(query('COMMIT'))])).toEqual(['0 invoke cas x=[2] as a', '0 info cas x'])
    expect(inTransaction([asks(query('COMMIT')), answers(error('57P01', 'FATAL'))])).toEqual([
      '0 invoke cas x=[2] as a',
      '0 info cas x',
    ])
    expect(inTransaction([asks(query('COMMIT')), answers(error('40001'), ready())])).toEqual([
      '0 invoke cas x=[2] as a',
      '0 fail cas x',
    ])
    expect(inTransaction([]).filter((line) => !line.includes('passed-on'))).toEqual([])
    const rolledBack = inTransaction([asks(query('ROLLBACK')), answers(tag('ROLLBACK'), ready())])
    expect(rolledBack.filter((line) => !line.includes('passed-on'))).toEqual([])
  })

  test('a COMMIT of a failed transaction is recorded as a rollback', () => {
    expect(
      recorded([
        asks(query('BEGIN')),
        answers(tag('BEGIN'), ready('T')),
        asks(...extended(UPDATE, '2', 'x')),
        written('UPDATE 1', 'T'),
        asks(query('SELECT 1/0')),
        answers(error('22012'), ready('E')),
        asks(query('COMMIT')),
        answers(tag('ROLLBACK'), ready()),
      ]),
    ).toEqual(['0 invoke write x=2 as a', '0 fail write x'])
  })

  test('a transaction is recorded identically, whether it arrives in one query or in a pipeline', () => {
    const sql = "BEGIN; SELECT value FROM kv WHERE key = 'x'; UPDATE kv SET value = 2 WHERE key = 'x'; COMMIT"
    const all = [tag('BEGIN'), columns(column('value', 23)), row('1'), tag('SELECT 1'), tag('UPDATE 1'), tag('COMMIT')]
    expect(recorded([asks(query(sql)), answers(...all, ready())])).toEqual([
      '0 invoke cas x=[2] as a',
      '0 ok cas x=[1,2]',
    ])
    const pipeline = [...extended(SELECT, 'x').slice(0, -1), ...extended(UPDATE, '2', 'x')]
    const answer = [...prepared, columns(column('value')), row('1'), tag('SELECT 1'), ...noRows, tag('UPDATE 1')]
    expect(recorded([asks(...pipeline), answers(...answer, ready())])).toEqual([
      '0 invoke cas x=[2] as a',
      '0 ok cas x=[1,2]',
    ])
  })

  test('the recorder names an unsupported SELECT by key, and suggests another form', () => {
    const lines = recorded([
      asks(query("SELECT coalesce(value, 0) FROM kv WHERE key = 'x'")),
      answers(columns(column('coalesce', 23)), row('1'), tag('SELECT 1'), ready()),
      asks(query('SELECT count(*) FROM kv')),
      answers(columns(column('count', 20)), row('1'), tag('SELECT 1'), ready()),
    ])
    expect(lines[0]).toMatch(/^not-understood: .*SELECT coalesce.*select the recorded column of one row/)
    expect(lines.slice(1).join()).not.toContain('not-understood')
  })

  test('rows that an unreadable statement may write are recorded as possibly changed, with advice on another form', () => {
    const lines = recorded([
      asks(query('BEGIN')),
      answers(tag('BEGIN'), ready('T')),
      asks(query('SAVEPOINT s')),
      answers(tag('SAVEPOINT'), ready('T')),
      asks(...extended(UPDATE, '2', 'x')),
      written('UPDATE 1', 'T'),
      asks(query('COMMIT')),
      answers(tag('COMMIT'), ready()),
      asks(query('UPDATE kv SET value = value || 1')),
      answers(tag('UPDATE 3'), ready()),
    ])
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^touched x: .*use no savepoints/)
    expect(lines[1]).toMatch(/^touched: .*UPDATE kv SET value = value \|\| \?.*primary key/)
  })

  test('the recorder asks for the column type before it compares values that have several textual forms', () => {
    const steps = [
      asks(...extended(UPSERT, 'x', '1.50')),
      written('INSERT 0 1'),
      asks(...extended(SELECT, 'x')),
      answers(...prepared, columns(column('value', 1700)), row('1.5'), tag('SELECT 1'), ready()),
    ]
    expect(recorded(steps).join()).toContain('"type\\":\\"numeric\\"')
    expect(recorded(steps, { members: { type: 'numeric' } })).toContain('0 ok read x="1.5"')
  })

  test('an addition is recorded as an add on a counter, or as a cas if the reply contains the sum', () => {
    const add = 'UPDATE kv SET value = value + $1 WHERE key = $2'
    expect(
      recorded([asks(...extended(add, '2', 'x')), written('UPDATE 1')], { members: { commands: 'counter' } }),
    ).toEqual(['0 invoke add x=2 as a', '0 ok add x=2'])
    const answer = answers(...prepared, columns(column('value', 23)), row('5'), tag('UPDATE 1'), ready())
    expect(recorded([asks(...extended(`${add} RETURNING value`, '2', 'x')), answer])).toContain('0 ok cas x=[3,5]')
    expect(recorded([asks(...extended(add, '2', 'x')), written('UPDATE 1')]).join()).toContain('RETURNING')
  })

  /** Returns the lines of a connection with one statement. `answer` has its rows and its tag. */
  const one = (sql: string, values: (string | null)[], answer: readonly BackendMessage[], members = {}) =>
    recorded([asks(...extended(sql, ...values)), answers(...noRows, ...answer, ready())], { members })

  test.each<readonly [string, (string | null)[], string, string]>([
    ['DELETE FROM kv WHERE key = $1', ['x'], 'DELETE 1', '0 ok write x=null'],
    ['DELETE FROM kv WHERE key = $1', ['x'], 'DELETE 0', '0 ok write x=null'],
    ['DELETE FROM kv WHERE key = $1', ['x'], 'DELETE 2', '0 info write x'],
    ['DELETE FROM kv WHERE key = $1', ['x'], 'SELECT', '0 info write x'],
    ['DELETE FROM kv WHERE key = $1 AND version = $2', ['x', '1'], 'DELETE 0', '0 fail write x'],
    ['DELETE FROM kv WHERE key = $1 AND value = $2', ['x', '1'], 'DELETE 1', '0 ok cas x=[1,null]'],
    ['DELETE FROM kv WHERE key = $1 AND value = $2', ['x', '1'], 'DELETE 0', '0 fail cas x'],
    ['INSERT INTO kv (key, value) VALUES ($1, $2)', ['x', '1'], 'INSERT 0 1', '0 ok cas x=[null,1]'],
    ['INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', ['x', '1'], 'INSERT 0 0', '0 fail cas x'],
    [UPSERT, ['x', '1'], 'INSERT 0 0', '0 info write x'],
    [UPDATE, ['1', 'x'], 'UPDATE 2', '0 info write x'],
    [UPDATE, [null, 'x'], 'UPDATE 1', '0 ok write x=null'],
  ])('the outcome of %s with the values %j follows from the reply tag "%s"', (sql, values, said, end) => {
    expect(one(sql, values, [tag(said)]).at(-1)).toBe(end)
  })

  test.each<readonly [string, readonly BackendMessage[], string]>([
    ['two rows have the key', [columns(column('value')), row('1'), row('2'), tag('SELECT 2')], '0 info read x'],
    ['it has no such column', [columns(column('other')), row(), tag('SELECT 1')], '0 info read x'],
    [
      'it is binary, of a type that is read',
      [
        columns({ ...column('value', 23), format: 1 }),
        { kind: 'data-row', values: [Buffer.from([0, 0, 0, 7])] },
        tag('SELECT 1'),
      ],
      '0 ok read x=7',
    ],
    [
      'it is binary, of another type',
      [
        columns({ ...column('value', 25), format: 1 }),
        { kind: 'data-row', values: [Buffer.from([0xff])] },
        tag('SELECT 1'),
      ],
      '0 info read x',
    ],
    ['it is no canonical number', [columns(column('value')), row('07'), tag('SELECT 1')], '0 info read x'],
    ['the row has no value', [columns(column('value')), row(null), tag('SELECT 1')], '0 ok read x=null'],
  ])('the outcome of a recorded read depends on the row in the reply: %s', (_, answer, end) => {
    const lines = recorded([asks(...extended(SELECT, 'x')), answers(...prepared, ...answer, ready())])
    expect(lines.at(-1)).toBe(end)
  })

  test.each<readonly [string, (string | null)[], object, RegExp]>([
    [UPSERT, [null, '1'], {}, /^touched: .*primary key cannot be read/],
    [UPDATE, ['1', '07'], {}, /^touched: .*primary key cannot be read/],
    [SELECT, [null], {}, /^not-understood: .*primary key cannot be read/],
    [UPDATE, ['07', 'x'], {}, /^touched x: .*unsupported format/],
    [`${UPDATE} AND value = $3`, ['1', 'x', '07'], {}, /^touched x: .*unsupported format/],
    ['INSERT INTO kv (key, value) VALUES ($1, $2)', ['x', '07'], {}, /^touched x: .*unsupported format/],
    [UPDATE, ['1', 'x'], { commands: 'counter' }, /^touched x: .*a counter only takes additions/],
    [
      'UPDATE kv SET value = value + $1 WHERE key = $2',
      ['a', 'x'],
      { commands: 'counter' },
      /^touched x: .*not a whole number/,
    ],
    [
      'UPDATE kv SET value = value + $1 WHERE key = $2 RETURNING value',
      ['a', 'x'],
      {},
      /^touched x: .*not a whole number/,
    ],
    ['UPDATE kv SET value = upper(value) WHERE key = $1', ['x'], {}, /^touched x: .*unknown/],
    ['UPDATE kv SET value = upper(value) WHERE key = $1', [null], {}, /^touched: .*unknown/],
    [
      'UPDATE kv SET value = value + $1 WHERE key = $2 AND value = $3',
      ['1', 'x', '2'],
      {},
      /^touched x: .*adds to the value only under a condition: select/,
    ],
    [
      'INSERT INTO kv (key, value) VALUES ($1, 5) ON CONFLICT (key) DO UPDATE SET value = kv.value + 1',
      ['x'],
      {},
      /^touched x: .*the value that it writes is unknown/,
    ],
  ])('the record says why the statement %s with the values %j is not understood', (sql, values, members, mark) => {
    expect(one(sql, values, [tag('UPDATE 1')], members)[0]).toMatch(mark)
  })

  test('the recorder finds the columns of a row by the description of the prepared statement', () => {
    const statement = 's'
    const lines = recorded([
      asks(
        { kind: 'parse', statement, sql: 'SELECT * FROM kv WHERE key = $1', types: [] },
        { kind: 'describe', of: 'statement', name: statement },
        { kind: 'sync' },
      ),
      answers(
        { kind: 'parse-complete' },
        { kind: 'parameter-description', types: [25] },
        columns(column('value', 23), column('key')),
        ready(),
      ),
      asks(
        {
          ...{ kind: 'bind', portal: '', statement, formats: [], resultFormats: [] },
          values: [Buffer.from('x')],
        },
        { kind: 'execute', portal: '', mostRows: 0 },
        { kind: 'sync' },
      ),
      answers({ kind: 'bind-complete' }, row('7', 'x'), tag('SELECT 1'), ready()),
    ])
    expect(lines.at(-1)).toBe('0 ok read x=7')
  })

  test('a row that LIMIT 0 leaves out is not recorded as read', () => {
    const lines = one(`${SELECT} LIMIT 0`, ['x'], [tag('SELECT 0')])
    expect(lines.filter((line) => !line.startsWith('passed-on'))).toEqual([])
  })

  test.each<readonly [string, string, string, string]>([
    ['value - $1', '2', 'subtract', '2'],
    ['value - $1', '-2', 'add', '2'],
    ['value + $1', '-2', 'subtract', '2'],
    ['value + $1', '0', 'add', '0'],
  ])('an update of a counter to %s with the parameter %s is recorded as %s of %s', (sum, amount, f, value) => {
    const lines = one(`UPDATE kv SET value = ${sum} WHERE key = $2`, [amount, 'x'], [tag('UPDATE 1')], {
      commands: 'counter',
    })
    expect(lines).toEqual([`0 invoke ${f} x=${value} as a`, `0 ok ${f} x=${value}`])
    const missed = one(`UPDATE kv SET value = ${sum} WHERE key = $2`, [amount, 'x'], [tag('UPDATE 0')], {
      commands: 'counter',
    })
    expect(missed.at(-1)).toBe(`0 fail ${f} x`)
  })

  test.each<readonly [string, readonly BackendMessage[], string]>([
    [
      'UPDATE kv SET value = value - $1 WHERE key = $2 RETURNING value',
      [row('5'), tag('UPDATE 1')],
      '0 ok cas x=[7,5]',
    ],
    ['UPDATE kv SET value = value - $1 WHERE key = $2 RETURNING value', [tag('UPDATE 0')], '0 fail cas x'],
    ['UPDATE kv SET value = value - $1 WHERE key = $2 RETURNING value', [row('a'), tag('UPDATE 1')], '0 info cas x'],
    [
      'UPDATE kv SET value = value - $1 WHERE key = $2 RETURNING value',
      [row('5'), row('6'), tag('UPDATE 2')],
      '0 info cas x',
    ],
  ])('the row that %s returns determines the recorded outcome', (sql, answer, end) => {
    const lines = recorded([
      asks(...extended(sql, '2', 'x')),
      answers(...prepared, columns(column('value', 23)), ...answer, ready()),
    ])
    expect(lines.at(-1)).toBe(end)
  })

  test('an upsert that returns its sum is recorded as a cas to that sum', () => {
    const sql =
      'INSERT INTO kv (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = kv.value + EXCLUDED.value RETURNING value'
    const said = (sum: string) =>
      recorded([
        asks(...extended(sql, 'x', '2')),
        answers(...prepared, columns(column('value', 23)), row(sum), tag('INSERT 0 1'), ready()),
      ])
    expect(said('2').at(-1)).toBe('0 ok cas x=[2]')
    expect(said('5').at(-1)).toBe('0 ok cas x=[3,5]')
  })

  /** Returns the lines of a transaction with these statements, each with its parameters and its answer. */
  const transaction = (
    statements: readonly (readonly [sql: string, values: readonly (string | null)[], ...answer: BackendMessage[]])[],
    members = {},
  ) =>
    recorded(
      [
        asks(query('BEGIN')),
        answers(tag('BEGIN'), ready('T')),
        ...statements.flatMap(([sql, values, ...answer]) => [
          asks(...extended(sql, ...values)),
          answers(...prepared, columns(column('value')), ...answer, ready('T')),
        ]),
        asks(query('COMMIT')),
        answers(tag('COMMIT'), ready()),
      ],
      { members },
    )
  const readX = (value: string) => [SELECT, ['x'], row(value), tag('SELECT 1')] as const
  const writeTo = (value: string, key = 'x') => [UPDATE, [value, key], tag('UPDATE 1')] as const
  const ADD = 'UPDATE kv SET value = value + $1 WHERE key = $2 RETURNING value'

  test.each<readonly [string, Parameters<typeof transaction>[0], object, readonly string[]]>([
    [
      'two reads that agree as one read',
      [[...readX('1')], [...readX('1')]],
      {},
      ['0 invoke read x=null as a', '0 ok read x=1'],
    ],
    [
      'two reads that differ as one that is not understood',
      [[...readX('1')], [...readX('2')]],
      {},
      [
        '0 invoke read x=null as a',
        expect.stringMatching(/^not-understood x: .*READ COMMITTED/),
        '0 info read x',
      ] as never,
    ],
    [
      'two writes as the last one',
      [[...writeTo('1')], [...writeTo('2')]],
      {},
      ['0 invoke write x=2 as a', '0 ok write x=2'],
    ],
    [
      'writes of two rows as two operations',
      [[...writeTo('1')], [...writeTo('2', 'y')]],
      {},
      ['0 invoke write x=1 as a', '1 invoke write y=2 as a', '0 ok write x=1', '1 ok write y=2'],
    ],
    [
      'a read and a sum as a cas',
      [[...readX('1')], [ADD, ['2', 'x'], row('3'), tag('UPDATE 1')]],
      {},
      ['0 invoke cas x as a', '0 ok cas x=[1,3]'],
    ],
    [
      'statements that the settings tell apart each by itself',
      [[...readX('1')], [...writeTo('2')]],
      { transactions: 'apart' },
      ['0 invoke read x=null as a', '1 invoke write x=2 as a', '0 ok read x=1', '1 ok write x=2'],
    ],
    [
      'additions to a counter and reads each by itself',
      [[...readX('1')], [ADD.replace(' RETURNING value', ''), ['2', 'x'], tag('UPDATE 1')]],
      { commands: 'counter' },
      ['0 invoke read x=null as a', '1 invoke add x=2 as a', '0 ok read x=1', '1 ok add x=2'],
    ],
    [
      'two reads of a counter as one',
      [[...readX('1')], [...readX('1')]],
      { commands: 'counter' },
      ['0 invoke read x=null as a', '0 ok read x=1'],
    ],
  ])('a transaction with %s is recorded', (_, statements, members, lines) => {
    expect(transaction(statements, members)).toEqual(lines)
  })

  test.each<readonly [string, Parameters<typeof transaction>[0], string]>([
    ['the last of two writes missed', [[...writeTo('1')], [UPDATE, ['2', 'x'], tag('UPDATE 0')]], '0 info write x'],
    [
      'both writes missed',
      [
        [UPDATE, ['1', 'x'], tag('UPDATE 0')],
        [UPDATE, ['2', 'x'], tag('UPDATE 0')],
      ],
      '0 fail write x',
    ],
    ['a write after a read is unclear', [[...readX('1')], [UPDATE, ['2', 'x'], tag('UPDATE 2')]], '0 info cas x'],
    [
      'the read before a write is unclear',
      [[SELECT, ['x'], row('1'), row('2'), tag('SELECT 2')], [...writeTo('2')]],
      '0 info cas x',
    ],
  ])('a transaction in which %s is recorded with its outcome', (_, statements, end) => {
    expect(transaction(statements).at(-1)).toBe(end)
  })

  test.each<readonly [string, Parameters<typeof transaction>[0], RegExp]>([
    [
      'two sums',
      [
        [ADD, ['1', 'x'], row('2'), tag('UPDATE 1')],
        [ADD, ['1', 'x'], row('3'), tag('UPDATE 1')],
      ],
      /^touched x: .*a transaction of 2 statements.*adds to one row more than once/,
    ],
    [
      'a cas and a write',
      [[`${UPDATE} AND value = $3`, ['1', 'x', '0'], tag('UPDATE 1')], [...writeTo('2')]],
      /^touched x: .*changes one row more than once/,
    ],
    [
      'a change that is no operation',
      [[...writeTo('1')], ['UPDATE kv SET value = upper(value) WHERE key = $1', ['y'], tag('UPDATE 1')]],
      /^touched y: /,
    ],
  ])('a transaction with %s is recorded as a possible change of each row that it writes', (_, statements, mark) => {
    const marks = transaction(statements).filter((line) => line.startsWith('touched'))
    expect(marks[0]).toMatch(mark)
    if (mark.source.includes('y')) expect(marks[1]).toMatch(/^touched x: /)
  })

  const bind = (statement: string, portal: string, ...values: string[]): FrontendMessage => ({
    ...{ kind: 'bind', portal, statement, formats: [], resultFormats: [] },
    values: values.map((value) => Buffer.from(value)),
  })
  const parse = (statement: string, sql: string): FrontendMessage => ({ kind: 'parse', statement, sql, types: [] })
  const execute = (portal: string, mostRows = 0): FrontendMessage => ({ kind: 'execute', portal, mostRows })
  const sync: FrontendMessage = { kind: 'sync' }
  const [parsed, bound]: BackendMessage[] = prepared
  const closed: BackendMessage = { kind: 'close-complete' }
  const UNSEEN = /^touched: .*a statement prepared before the recording/

  test.each(['true', 'database'])(
    'all keys are recorded as possibly changed once a client connects with the parameter replication=%s',
    (replication) => {
      const lines = recorded([], { parameters: [['replication', replication]] })
      expect(lines[0]).toMatch(/^touched: .*a replication connection of PostgreSQL/)
    },
  )

  test('a connection with the start-up parameter replication=false is recorded', () => {
    const steps = [asks(...extended(UPSERT, 'x', '1')), written('INSERT 0 1')]
    const lines = recorded(steps, { parameters: [['replication', 'false']] })
    expect(lines).toEqual(['0 invoke write x=1', '0 ok write x=1'])
  })

  test('executions of a prepared statement are recorded until the client closes the statement, not only its portal', () => {
    const [first, again] = [bind('s', 's', '1', 'x'), bind('s', 's', '2', 'x')]
    const steps = [
      asks(parse('s', UPDATE), first, execute('s'), { kind: 'close', of: 'portal', name: 's' }, sync),
      answers(parsed!, bound!, tag('UPDATE 1'), closed, ready()),
      asks(again, execute('s'), { kind: 'close', of: 'statement', name: 's' }, sync),
      answers(bound!, tag('UPDATE 1'), closed, ready()),
    ]
    const both = ['0 invoke write x=1 as a', '0 ok write x=1', '0 invoke write x=2 as a', '0 ok write x=2']
    expect(recorded(steps)).toEqual(both)
    const late = [asks(bind('s', '', '3', 'x'), execute(''), sync), answers(bound!, tag('UPDATE 1'), ready())]
    expect(recorded([...steps, ...late]).slice(4)).toEqual([expect.stringMatching(UNSEEN)])
  })

  test('a portal whose rows are fetched in parts is recorded as one statement', () => {
    const lines = recorded([
      asks(
        parse('', SELECT),
        bind('', 'p', 'x'),
        { kind: 'describe', of: 'portal', name: 'p' },
        execute('p', 1),
        execute('p'),
        sync,
      ),
      answers(...prepared, columns(column('value')), row('1'), { kind: 'portal-suspended' }, tag('SELECT 0'), ready()),
    ])
    expect(lines).toEqual(['0 invoke read x=null as a', '0 ok read x=1'])
  })

  test.each<readonly [string, readonly BackendMessage[], string]>([
    ['the returned row', [row('2'), { kind: 'portal-suspended' }], '0 ok write x=2'],
    ['two returned rows', [row('2'), row('2'), { kind: 'portal-suspended' }], '0 info write x'],
    ['no row', [{ kind: 'portal-suspended' }], '0 info write x'],
    ['no row, and its end', [tag('UPDATE 0')], '0 fail write x'],
  ])('the outcome of a change by %s is recorded even if its client limited the rows', (_, answer, end) => {
    const describe: FrontendMessage = { kind: 'describe', of: 'portal', name: '' }
    const lines = recorded([
      asks(parse('', `${UPDATE} RETURNING value`), bind('', '', '2', 'x'), describe, execute('', 1), sync),
      answers(...prepared, columns(column('value')), ...answer, ready()),
    ])
    expect(lines.at(-1)).toBe(end)
  })

  test('a read without a reply is recorded as a failure, because it changes nothing', () => {
    expect(recorded([asks(...extended(SELECT, 'x'))])).toEqual(['0 invoke read x=null as a', '0 fail read x'])
  })

  test.each(['LIMIT 1', 'LIMIT 2', 'OFFSET 0', 'LIMIT 1 OFFSET 0'])(
    'a read of one row with %s is recorded',
    (limit) => {
      const answer = answers(...prepared, columns(column('value')), row('1'), tag('SELECT 1'), ready())
      expect(recorded([asks(...extended(`${SELECT} ${limit}`, 'x')), answer]).at(-1)).toBe('0 ok read x=1')
    },
  )

  test('the execution of a portal that the client has already closed is not understood', () => {
    const close: FrontendMessage = { kind: 'close', of: 'portal', name: 'p' }
    const lines = recorded([
      asks(parse('', UPDATE), bind('', 'p', '1', 'x'), close, execute('p'), sync),
      answers(...prepared, closed, error('34000'), ready()),
    ])
    expect(lines[0]).toMatch(UNSEEN)
  })

  test('if the server refuses one of two statements of the same name, the recorder reads the accepted one', () => {
    const run = [
      asks(bind('s', '', 'x'), execute(''), sync),
      answers(bound!, columns(column('value')), row('1'), tag('SELECT 1'), ready()),
    ]
    const refusal = [asks(parse('s', 'SELEC'), sync), answers(error('42601'), ready())]
    const accepted = [asks(parse('s', SELECT), sync), answers(parsed!, ready())]
    const doubled = [asks(parse('s', 'DELETE FROM kv WHERE key = $1'), sync), answers(error('42P05'), ready())]
    const lines = ['0 invoke read x=null as a', '0 ok read x=1']
    const without = (all: readonly string[]) => all.filter((line) => !line.startsWith('passed-on'))
    expect(without(recorded([...refusal, ...accepted, ...run]))).toEqual(lines)
    // The server refuses to prepare a second statement of the same name.
    expect(without(recorded([...accepted, ...doubled, ...run]))).toEqual(lines)
  })

  test('binary parameters are read by the types that the server reports', () => {
    const int8 = (value: number): Buffer => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(BigInt(value))
      return bytes
    }
    const values = [int8(5), Buffer.from('x')]
    const lines = recorded([
      asks(parse('s', UPDATE), { kind: 'describe', of: 'statement', name: 's' }, sync),
      answers(parsed!, { kind: 'parameter-description', types: [20, 25] }, { kind: 'no-data' }, ready()),
      asks(
        { ...{ kind: 'bind', portal: '', statement: 's', resultFormats: [] }, formats: [1, 0], values },
        execute(''),
        sync,
      ),
      answers(bound!, tag('UPDATE 1'), ready()),
    ])
    expect(lines.slice(-2)).toEqual(['0 invoke write x=5 as a', '0 ok write x=5'])
  })

  test.each<readonly [string, readonly string[]]>([
    ["UPDATE kv SET value = 1 WHERE key = 'x'; COMMIT", ['UPDATE 1', 'COMMIT']],
    ["COMMIT; UPDATE kv SET value = 1 WHERE key = 'x'", ['COMMIT', 'UPDATE 1']],
    [
      "BEGIN; UPDATE kv SET value = 1 WHERE key = 'x'; PREPARE TRANSACTION 't'",
      ['BEGIN', 'UPDATE 1', 'PREPARE TRANSACTION'],
    ],
  ])(
    'a PREPARE TRANSACTION, or a COMMIT without BEGIN, records each written row as possibly changed: %s',
    (sql, said) => {
      const lines = recorded([asks(query(sql)), answers(...said.map(tag), ready())])
      expect(lines).toEqual([expect.stringMatching(/^touched x: .*send BEGIN and COMMIT each in a request of its own/)])
    },
  )

  test('COMMIT AND CHAIN records each row that the transaction writes as possibly changed', () => {
    const update = "UPDATE kv SET value = 1 WHERE key = 'x'"
    const lines = recorded([
      ...[
        asks(query('BEGIN')),
        answers(tag('BEGIN'), ready('T')),
        asks(query(update)),
        answers(tag('UPDATE 1'), ready('T')),
      ],
      ...[
        asks(query('COMMIT AND CHAIN')),
        answers(tag('COMMIT'), ready('T')),
        asks(query('COMMIT')),
        answers(tag('COMMIT'), ready()),
      ],
    ])
    expect(lines).toEqual([expect.stringMatching(/^touched x: .*send BEGIN and COMMIT each in a request of its own/)])
  })

  test('a function that is called without SQL is recorded as a possible change of all keys', () => {
    const lines = recorded([asks({ kind: 'function-call', bytes: Buffer.alloc(12) })])
    expect(lines[0]).toMatch(/^touched: .*a function called without SQL/)
  })

  test('each row written by a transaction that the server ended without a request is recorded as possibly changed', () => {
    const steps = [asks(...extended(UPDATE, '2', 'x')), written('UPDATE 1', 'I')]
    const lines = recorded([asks(query('BEGIN')), answers(tag('BEGIN'), ready('T')), ...steps])
    expect(lines).toEqual([
      expect.stringMatching(/^touched x: /),
      expect.stringMatching(/^touched: .*a transaction that ended without a request/),
    ])
  })

  test('the statements after a refused BEGIN are recorded separately', () => {
    const lines = recorded([
      ...[asks(query('BEGIN')), answers(error('53300'), ready())],
      ...[asks(...extended(UPSERT, 'x', '1')), written('INSERT 0 1')],
    ])
    expect(lines.filter((line) => !line.startsWith('passed-on'))).toEqual(['0 invoke write x=1 as a', '0 ok write x=1'])
  })

  test.each<readonly [string, readonly Step[], string]>([
    [
      'continues after its end',
      [asks(query('COMMIT')), answers(tag('COMMIT'), ready('T'))],
      'a transaction that continues after its end',
    ],
    [
      'copies in both directions',
      [asks(query('SELECT 1')), answers({ kind: 'copy-both', format: 0, columns: [] } as never)],
      'for replication',
    ],
  ])('all keys are recorded as possibly changed if a transaction %s', (_, steps, why) => {
    const lines = recorded([asks(query('BEGIN')), answers(tag('BEGIN'), ready('T')), ...steps])
    expect(lines.filter((line) => line.startsWith('touched: ')).join()).toContain(why)
  })

  test.each([
    ['42501', '0 info write x'],
    ['40001', '0 fail write x'],
    ['23505', '0 fail write x'],
  ])('the outcome of a statement whose implicit commit is refused with %s is recorded as: %s', (code, end) => {
    const lines = recorded([
      asks(...extended(UPSERT, 'x', '1')),
      answers(...noRows, tag('INSERT 0 1'), error(code), ready()),
    ])
    expect(lines.at(-1)).toBe(end)
  })

  test('the outcome of a COMMIT is recorded as unknown if the server refuses it during a shutdown', () => {
    expect(inTransaction([asks(query('COMMIT')), answers(error('57P01'), ready())]).at(-1)).toBe('0 info cas x')
  })

  describe('reports a lost update', () => {
    /**
     * Returns the keys that clients overwrote. Each entry of `all` has a client, a statement, its parameters, and its
     * answer.
     */
    const overwritten = (
      all: readonly (readonly [client: number, sql: string, values: readonly string[], ...answer: BackendMessage[]])[],
      members = {},
    ) => {
      const { recorder, connect, now } = recording()
      const { commands } = parsePostgresqlSettings({ table: 'kv', ...members }, 'a test')
      const overwrites = new Overwrites()
      const clients = [0, 1].map(() => {
        const options = { connection: connect(), now, commands, maxMessageBytes: 1000, overwrites }
        const conversation = postgresqlConversation({ ...options, naming: { kind: 'said' } })
        let [sent, delivered] = [0, 0]
        return {
          ask: (...messages: readonly FrontendMessage[]) => {
            const bytes = Buffer.concat(messages.map(writeFrontend))
            conversation.requested(bytes, now())
            sent += bytes.length
            conversation.sent(sent, now())
          },
          answer: (...messages: readonly BackendMessage[]) => {
            const bytes = Buffer.concat(messages.map(writeBackend))
            conversation.answered(bytes)
            delivered += bytes.length
            conversation.delivered(delivered)
          },
        }
      })
      for (const client of clients) {
        client.ask({ kind: 'startup', minorVersion: 0, parameters: [] })
        client.answer({ kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }, ready())
      }
      for (const [at, sql, values, ...answer] of all) {
        clients[at]!.ask(...(values.length === 0 ? [query(sql)] : extended(sql, ...values)))
        const isIn = sql === 'BEGIN' || (all.some(([, each]) => each === 'BEGIN') && sql !== 'COMMIT')
        const described = values.length === 0 ? [] : [...prepared, columns(column('value', 23))]
        clients[at]!.answer(...described, ...answer, ready(isIn ? 'T' : 'I'))
      }
      return recorder.counters.overwrites.times
    }
    const read = (client: number, value: string) => [client, SELECT, ['x'], row(value), tag('SELECT 1')] as const
    const write = (client: number, value: string) => [client, UPDATE, [value, 'x'], tag('UPDATE 1')] as const
    const cas = (client: number, value: string) =>
      [client, `${UPDATE} AND value = $3`, [value, 'x', '2'], tag('UPDATE 1')] as const
    const inOne = (client: number, ...statements: Parameters<typeof overwritten>[0]) =>
      [[client, 'BEGIN', [], tag('BEGIN')], ...statements, [client, 'COMMIT', [], tag('COMMIT')]] as const

    test.each<readonly [times: number, string, Parameters<typeof overwritten>[0]]>([
      [
        1,
        'a client writes a row that another client changed since it read it',
        [read(0, '1'), write(1, '2'), write(0, '3')],
      ],
      [0, 'a client writes the row that it changed last', [read(0, '1'), write(0, '2'), write(0, '3')]],
      [0, 'the row still has the value that was read', [read(0, '1'), write(1, '1'), write(0, '3')]],
      [0, 'the write compares the value', [read(0, '1'), write(1, '2'), cas(0, '3')]],
      [0, 'the write missed the row', [read(0, '1'), [1, UPDATE, ['2', 'x'], tag('UPDATE 0')], write(0, '3')]],
      [0, 'the write had no reply', [read(0, '1'), write(1, '2'), [0, UPDATE, ['3', 'x'], error('40001')]]],
      [
        0,
        'one transaction reads and writes the row',
        [...inOne(0, read(0, '1'), write(0, '3')), ...inOne(1, read(1, '1'), write(1, '2'))],
      ],
    ])('a lost update is reported %i times if %s', (times, _, all) => {
      expect(overwritten(all)).toBe(times)
    })

    test('no lost update is reported if the settings declare reads and writes independent', () => {
      expect(overwritten([read(0, '1'), write(1, '2'), write(0, '3')], { transactions: 'apart' })).toBe(0)
    })
  })

  test('all keys are recorded as possibly changed if a connection becomes encrypted or does not speak PostgreSQL', () => {
    const { commands } = parsePostgresqlSettings({ table: 'kv' }, 'a test')
    const after = (steps: (conversation: RecordedConversation, time: Nanos) => void) => {
      const { client, connection, now } = recording()
      const naming = { kind: 'said' } as const
      const overwrites = new Overwrites()
      steps(postgresqlConversation({ connection, now, commands, naming, maxMessageBytes: 1000, overwrites }), now())
      return eventTexts(client).join()
    }
    expect(
      after((conversation, time) => {
        conversation.requested(writeFrontend({ kind: 'ssl-request' }), time)
        conversation.answered(Buffer.from('S'))
      }),
    ).toMatch(/^touched: .*sslmode=disable/)
    const strange = after((conversation, time) => conversation.requested(Buffer.from('GET / HTTP/1.1\r\n\r\n'), time))
    expect(strange).toMatch(/^touched: .*a connection that does not speak PostgreSQL/)
  })

  test.each<readonly [string, BackendMessage, number]>([
    ['a result', tag('SELECT 1'), 1],
    ['an error', error('57P01'), 0],
    ['a notice', { kind: 'notice', fields: [['M', 'why']] }, 0],
  ])(
    'an unsolicited message counts as a reply without a request only if it is a result: %s',
    (_, message, unmatchedAnswers) => {
      const { commands } = parsePostgresqlSettings({ table: 'kv' }, 'a test')
      const { recorder, connection, now } = recording()
      const options = { connection, now, commands, maxMessageBytes: 1000, overwrites: new Overwrites() }
      const conversation = postgresqlConversation({ ...options, naming: { kind: 'said' } })
      conversation.requested(writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [] }), now())
      conversation.answered(writeBackend(message))
      expect(recorder.counters.unmatchedAnswers).toBe(unmatchedAnswers)
    },
  )

  test('a PostgreSQL connection is recorded with the same events in any division of its bytes', () => {
    const steps = [
      asks(...extended(UPSERT, 'x', '1')),
      written('INSERT 0 1'),
      asks(query('BEGIN')),
      answers(tag('BEGIN'), ready('T')),
      asks(...extended(SELECT, 'x')),
      answers(...prepared, columns(column('value')), row('1'), tag('SELECT 1'), ready('T')),
      asks(...extended(UPDATE, 'é', 'x')),
      written('UPDATE 1', 'T'),
      asks(query('COMMIT')),
      answers(tag('COMMIT'), ready()),
      asks(...extended(SELECT, 'x')),
    ]
    const whole = recorded(steps)
    expect(whole).toHaveLength(6)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        expect(recorded(steps, { sizes })).toEqual(whole)
      }),
    )
  })
})
