import type { BackendMessage, FrontendMessage } from '@chaosproxy/wire/postgresql'
import { backendReader, writeFrontend } from '@chaosproxy/wire/postgresql'
import { describe, expect, test } from 'vitest'
import { type Connection, createServer } from '../../src/server/server.ts'
import type { Outcome } from '../../src/session/session.ts'
import { NotSupported, SqlError } from '../../src/sql/error.ts'
import { type FakeEngine, fakeEngine, gate, rows, type Script, textColumn } from '../fake-engine.ts'

const startup: FrontendMessage = { kind: 'startup', minorVersion: 0, parameters: [['user', 'app']] }
const parse = (sql: string, statement = ''): FrontendMessage => ({ kind: 'parse', statement, sql, types: [] })
const bind = (
  values: readonly (Buffer | null)[] = [],
  more: { readonly [name: string]: unknown } = {},
): FrontendMessage =>
  ({ kind: 'bind', portal: '', statement: '', formats: [], values, resultFormats: [], ...more }) as FrontendMessage
const execute = (mostRows = 0): FrontendMessage => ({ kind: 'execute', portal: '', mostRows })
const sync: FrontendMessage = { kind: 'sync' }
const query = (sql: string): FrontendMessage => ({ kind: 'query', sql })

interface Client {
  /** Sends messages. Returns a short form of what the server has sent since the last call. */
  ask(...messages: readonly FrontendMessage[]): readonly string[]
  raw(bytes: Buffer): readonly string[]
  heard(): readonly string[]
  readonly connection: Pick<Connection, 'isBusy' | 'pid' | 'closed' | 'drop' | 'shutDown'>
  isClosed: boolean
}

interface Tried {
  readonly engine: FakeEngine
  readonly unsupported: string[]
  connect(): Client
  client(): Client
  /** Lets virtual time pass. */
  run(): void
}

function served(script: Script = {}, { atOnce = true, maxConnections = 100, isStarting = false } = {}): Tried {
  const engine = fakeEngine(script)
  const unsupported: string[] = []
  let waiting: (() => void)[] = []
  const run = (): void => {
    while (waiting.length > 0) for (const each of waiting.splice(0)) each()
  }
  const server = createServer({
    engine,
    maxConnections: () => maxConnections,
    losesReply: () => false,
    isStarting: () => isStarting,
    after(_, does) {
      waiting.push(does)
      return () => {
        waiting = waiting.filter((each) => each !== does)
      }
    },
    costOf: () => 100,
    wakesAfter: () => 1,
    unsupported: (sql, construct) => unsupported.push(`${sql}: ${construct}`),
  })
  const connect = (): Client => {
    const reader = backendReader(1 << 20)
    const told: string[] = []
    const connection = server.accept({
      send: (bytes) => told.push(...reader.read(bytes).map(short)),
      end: () => {
        client.isClosed = true
      },
    })
    const client: Client = {
      raw(bytes) {
        connection.receive(bytes)
        if (atOnce) run()
        return client.heard()
      },
      ask: (...messages) => client.raw(Buffer.concat(messages.map(writeFrontend))),
      heard: () => told.splice(0),
      connection,
      isClosed: false,
    }
    return client
  }
  return {
    ...{ engine, unsupported, connect, run },
    client() {
      const client = connect()
      client.ask(startup)
      return client
    },
  }
}

function short(message: BackendMessage): string {
  switch (message.kind) {
    case 'ready':
      return `ready ${message.status}`
    case 'data-row':
      return `row ${message.values.map((value) => (value === null ? 'null' : value.toString('latin1'))).join(',')}`
    case 'row-description':
      return `columns ${message.columns.map(({ name, format }) => `${name}${format === 1 ? ':binary' : ''}`).join(',')}`
    case 'command-complete':
      return message.tag
    case 'error':
    case 'notice':
      return `${message.kind} ${message.fields.map(([letter, text]) => letter + text).join(' ')}`
    case 'notification':
      return `notification ${message.channel}=${message.payload}`
    case 'parameter-description':
      return `parameters ${message.types.join(',')}`
    case 'authentication':
      return `${message.kind} ${message.method}`
    case 'negotiate-version':
      return `${message.kind} ${message.minorVersion} ${message.unknown.join()}`
    case 'copy-in':
    case 'copy-out':
      return `${message.kind} ${message.format} ${message.columns.join()}`
    case 'copy-data':
      return `copy ${message.bytes.toString()}`
    default:
      return message.kind
  }
}

describe('the start of a connection', () => {
  test('the start of a connection declines encryption, then authenticates every user and reports the settings', () => {
    const { connect } = served()
    expect(connect().ask({ kind: 'ssl-request' }, startup)).toEqual([
      ...['encryption', 'authentication 0', 'parameter-status', 'backend-key', 'ready I'],
    ])
  })

  test.each([
    [0, ['user'], undefined],
    [0, ['user', '_pq_.a'], 'negotiate-version 0 _pq_.a'],
    [2, ['user'], 'negotiate-version 0 '],
  ])(
    'a start-up message of minor version %d with the parameters %j negotiates what PostgreSQL supports',
    (minorVersion, names, expected) => {
      const parameters = names.map((name) => [name, 'app'] as const)
      const [first] = served().connect().ask({ kind: 'startup', minorVersion, parameters })
      expect(first).toBe(expected ?? 'authentication 0')
    },
  )

  test('the server refuses a session beyond max_connections', () => {
    const { connect, client } = served({}, { maxConnections: 1 })
    client()
    const late = connect()
    expect(late.ask(startup)).toEqual(['error SFATAL VFATAL C53300 Msorry, too many clients already'])
    expect(late.isClosed).toBe(true)
  })

  test('the server refuses every session during a crash recovery', () => {
    const early = served({}, { isStarting: true }).connect()
    expect(early.ask(startup)).toEqual(['error SFATAL VFATAL C57P03 Mthe database system is starting up'])
    expect(early.isClosed).toBe(true)
  })

  test('a session ends at Terminate, or when the client disconnects', () => {
    const { client, engine } = served()
    expect(client().ask({ kind: 'terminate' })).toEqual([])
    client().connection.closed()
    expect(engine.log).toEqual(['1 ends', '2 ends'])
  })
})

describe('a connection', () => {
  test('a connection is busy during a statement and in a transaction', () => {
    const { client, run } = served({}, { atOnce: false })
    const { ask, connection } = client()
    expect(connection.isBusy).toBe(false)
    ask(query('BEGIN'))
    expect(connection.isBusy).toBe(true)
    run()
    expect(connection.isBusy).toBe(true)
    ask(query('COMMIT'))
    run()
    expect(connection.isBusy).toBe(false)
  })

  test('a connection ends with exactly one error when the server shuts down', () => {
    const asking = served().client()
    asking.connection.shutDown()
    asking.connection.shutDown()
    const error = 'error SFATAL VFATAL C57P01 Mterminating connection due to administrator command'
    expect([asking.heard(), asking.isClosed]).toEqual([[error], true])
  })

  test('a connection gets no answer after the server was killed, and makes room for another connection', () => {
    const { client, connect, engine, run } = served({}, { atOnce: false, maxConnections: 1 })
    const { ask, connection, heard } = client()
    heard()
    ask(query('INSERT'))
    connection.drop()
    run()
    expect([ask(query('INSERT')), engine.log]).toEqual([[], []])
    expect(connect().ask(startup)).toContain('ready I')
  })

  test('a connection ends with an error if its client sends a function call message', () => {
    const { client, unsupported } = served()
    const asking = client()
    expect(asking.ask({ kind: 'function-call', bytes: Buffer.alloc(4) })).toEqual([
      'error SFATAL VFATAL C0A000 Mthe function call message is not simulated',
    ])
    expect([unsupported, asking.isClosed]).toEqual([[': the function call message of the protocol'], true])
  })
})

describe('a simple query', () => {
  test('a simple query executes all statements of its text in one transaction', () => {
    const { client, engine } = served({ 'SELECT 1': () => rows('SELECT 1', ['n'], [1]) })
    expect(client().ask(query('INSERT; SELECT 1'))).toEqual(['INSERT', 'columns n', 'row 1', 'SELECT 1', 'ready I'])
    expect(engine.log).toEqual(['1 INSERT', '1 SELECT 1', '1 sync'])
  })

  test('a simple query gets EmptyQueryResponse if it has no statement', () => {
    expect(served().client().ask(query(' ; '))).toEqual(['empty-query', 'ready I'])
  })

  test('a simple query stops at the first error, after which the transaction is aborted', () => {
    const { client } = served({
      BAD() {
        throw new SqlError('23505', 'duplicate key', { detail: 'Key (id)=(1)', table: 'kv', constraint: 'kv_pkey' })
      },
    })
    const asking = client()
    expect(asking.ask(query('BEGIN'))).toEqual(['BEGIN', 'ready T'])
    expect(asking.ask(query('BAD; INSERT'))).toEqual([
      'error SERROR VERROR C23505 Mduplicate key DKey (id)=(1) tkv nkv_pkey',
      'ready E',
    ])
  })

  test('a statement that is not simulated is reported with its text', () => {
    const { client, unsupported } = served({
      'SELECT 2'() {
        throw new NotSupported('TABLESAMPLE')
      },
    })
    expect(client().ask(query('SELECT 2'))).toEqual([
      'error SERROR VERROR C0A000 MTABLESAMPLE is not simulated',
      'ready I',
    ])
    expect(unsupported).toEqual(['SELECT 2: TABLESAMPLE'])
  })
})

test('a session is notified when a query begins, and when the client may send the next query', () => {
  const { client, engine, run } = served({}, { atOnce: false })
  const asking = client()
  run()
  const told: string[] = []
  Object.assign(engine.sessions[0]!.session, {
    runs: (text: string) => told.push(text),
    ready: () => told.push('ready'),
  })
  asking.ask(query('INSERT; DELETE'))
  expect(told).toEqual(['INSERT; DELETE'])
  run()
  asking.ask(parse('UPDATE'), bind(), execute(), sync)
  run()
  expect(told).toEqual(['INSERT; DELETE', 'INSERT; DELETE', 'ready', 'UPDATE', 'ready'])
})

describe('the extended protocol', () => {
  const script: Script = { 'SELECT $1': ([n]) => rows('SELECT 1', ['n'], [n ?? null]) }

  test('the extended protocol handles Parse, Bind, Describe and Execute in one pipeline', () => {
    const describeStatement: FrontendMessage = { kind: 'describe', of: 'statement', name: '' }
    expect(
      served(script)
        .client()
        .ask(parse('SELECT $1'), describeStatement, bind([Buffer.from('5')]), execute(), sync),
    ).toEqual(['parse-complete', 'parameters 23', 'columns n', 'bind-complete', 'row 5', 'SELECT 1', 'ready I'])
  })

  test('the extended protocol reads binary parameters and writes binary results', () => {
    const describePortal: FrontendMessage = { kind: 'describe', of: 'portal', name: '' }
    const value = Buffer.from([0, 0, 0, 65])
    expect(
      served(script)
        .client()
        .ask(parse('SELECT $1'), bind([value], { formats: [1], resultFormats: [1] }), describePortal, execute(), sync),
    ).toEqual(['parse-complete', 'bind-complete', 'columns n:binary', 'row \0\0\0A', 'SELECT 1', 'ready I'])
  })

  test('the extended protocol reports for each Execute which rows of the portal were read', () => {
    const told: string[] = []
    const counted = {
      ...rows('SELECT 3', ['n'], [1], [2], [3]),
      reportRead: (...part: number[]) => told.push(part.join()),
    }
    served({ 'SELECT n': () => counted as Outcome })
      .client()
      .ask(parse('SELECT n'), bind(), execute(1), execute(2), sync)
    expect(told).toEqual(['0,1', '1,2'])
  })

  test('the extended protocol skips everything after an error until Sync', () => {
    const asking = served(script).client()
    expect(asking.ask(parse('SELECT $1'), bind([Buffer.from('x')]), execute(), query('SELECT 1'), sync)).toEqual([
      'parse-complete',
      'error SERROR VERROR C22P02 Minvalid input syntax for type integer: "x"',
      'ready I',
    ])
    expect(asking.ask(bind([Buffer.from('1')]), execute(), sync).at(-2)).toBe('SELECT 1')
  })

  test('the extended protocol commits once, at Sync, for all statements of a pipeline', () => {
    const { client, engine } = served()
    client().ask(parse('INSERT'), bind(), execute(), parse('UPDATE'), bind(), execute(), sync)
    expect(engine.log).toEqual(['1 INSERT', '1 UPDATE', '1 sync'])
  })

  test('the extended protocol suspends a portal after the requested number of rows', () => {
    const { client } = served({ 'SELECT all': () => rows('SELECT 3', ['n'], [1], [2], [3]) })
    expect(client().ask(parse('SELECT all'), bind(), execute(2), execute(2), sync)).toEqual([
      ...['parse-complete', 'bind-complete', 'row 1', 'row 2', 'portal-suspended', 'row 3', 'SELECT 1', 'ready I'],
    ])
    expect(client().ask(parse('SELECT all'), bind(), execute(1), execute(3), sync)).toEqual([
      ...['parse-complete', 'bind-complete', 'row 1', 'portal-suspended', 'row 2', 'row 3', 'SELECT 2', 'ready I'],
    ])
    expect(client().ask(parse('SELECT all'), bind(), execute(3), execute(), sync)).toEqual([
      ...['parse-complete', 'bind-complete', 'row 1', 'row 2', 'row 3', 'portal-suspended', 'SELECT 0', 'ready I'],
    ])
  })

  test('the extended protocol keeps named statements until they are closed', () => {
    const asking = served(script).client()
    expect(asking.ask(parse('SELECT $1', 'a'), parse('SELECT $1', 'a'), sync)).toEqual([
      ...['parse-complete', 'error SERROR VERROR C42P05 Mprepared statement "a" already exists', 'ready I'],
    ])
    const bound = bind([Buffer.from('1')], { statement: 'a' })
    expect(asking.ask(bound, execute(), sync)).toContain('row 1')
    expect(asking.ask({ kind: 'close', of: 'statement', name: 'a' }, bound, sync)).toEqual([
      ...['close-complete', 'error SERROR VERROR C26000 Mprepared statement "a" does not exist', 'ready I'],
    ])
  })

  test('the extended protocol refuses a wrong number of parameters', () => {
    expect(served(script).client().ask(parse('SELECT $1'), bind([]), sync)).toContain(
      'error SERROR VERROR C08P01 Mbind message supplies 0 parameters, but prepared statement "" requires 1',
    )
  })
})

describe('a statement that waits', () => {
  test('a statement that waits continues in a new turn, before later messages of its client are handled', () => {
    const { wait, open } = gate()
    const { client, run } = served({
      *LOCK() {
        yield wait
        return { kind: 'done', tag: 'LOCK TABLE' }
      },
    })
    const asking = client()
    expect(asking.ask(query('LOCK'), query('INSERT'))).toEqual([])
    open()
    expect(asking.heard()).toEqual([])
    run()
    expect(asking.heard()).toEqual(['LOCK TABLE', 'ready I', 'INSERT', 'ready I'])
  })

  test('a statement that waits is cancelled only by a cancel request with the right secret', () => {
    const { client, connect, engine } = served({
      *LOCK() {
        yield gate().wait
        return { kind: 'done', tag: 'LOCK' }
      },
    })
    client().ask(query('LOCK'))
    connect().ask({ kind: 'cancel-request', processId: 1, secret: Buffer.from([0, 0, 0, 8]) })
    expect(engine.log).toEqual(['1 LOCK'])
    connect().ask({ kind: 'cancel-request', processId: 1, secret: Buffer.from([0, 0, 0, 7]) })
    expect(engine.log).toEqual(['1 LOCK', 'cancel 1'])
  })

  test('a statement that waits continues after its client has disconnected, and then its session ends', () => {
    const { wait, open } = gate()
    const { client, run, engine } = served({
      *UPDATE() {
        yield wait
        return { kind: 'done', tag: 'UPDATE 1' }
      },
    })
    const asking = client()
    asking.ask(query('UPDATE'))
    asking.connection.closed()
    expect(engine.log).toEqual(['1 UPDATE'])
    open()
    run()
    expect(engine.log).toEqual(['1 UPDATE', '1 sync', '1 ends'])
    expect(asking.heard()).toEqual([])
  })

  test('a statement is cancelled by a cancel request that arrives before the statement begins', () => {
    const { client, connect, run, engine } = served({}, { atOnce: false })
    const asking = client()
    asking.heard()
    asking.ask(query('INSERT'))
    connect().ask({ kind: 'cancel-request', processId: 1, secret: Buffer.from([0, 0, 0, 7]) })
    run()
    expect(asking.heard()).toEqual(['error SERROR VERROR C57014 Mcanceling statement due to user request', 'ready I'])
    expect(engine.log).toEqual(['1 fails'])
  })

  test('a statement that waits ends with an error if another session terminates its session', () => {
    const { client, engine, run } = served()
    const asking = client()
    asking.heard()
    const error = new SqlError('57P01', 'terminating connection due to administrator command', { severity: 'FATAL' })
    engine.sessions[0]?.listener.terminated(error)
    run()
    expect(asking.heard()).toEqual(['error SFATAL VFATAL C57P01 Mterminating connection due to administrator command'])
    expect(asking.isClosed).toBe(true)
  })
})

describe('notifications', () => {
  test('notifications are sent immediately to a session without a running query', () => {
    const { client, engine } = served()
    const asking = client()
    asking.heard()
    engine.sessions[0]?.listener.notification(9, 'jobs', '1')
    expect(asking.heard()).toEqual(['notification jobs=1'])
  })

  test('notifications are sent before ReadyForQuery if a query is running', () => {
    const { client, engine } = served({
      SLOW() {
        engine.sessions[0]?.listener.notification(9, 'jobs', '1')
        return { kind: 'done', tag: 'SLOW' }
      },
    })
    expect(client().ask(query('SLOW'))).toEqual(['SLOW', 'notification jobs=1', 'ready I'])
  })
})

describe('COPY', () => {
  const copying = (
    format: 'text' | 'csv',
    columns = ['a', 'b'],
  ): { readonly script: Script; readonly loaded: unknown[] } => {
    const loaded: unknown[] = []
    const options = {
      format,
      delimiter: format === 'csv' ? ',' : '\t',
      null: format === 'csv' ? '' : '\\N',
      header: false,
    }
    return {
      loaded,
      script: {
        'COPY in': () => ({
          kind: 'copyIn',
          format: options,
          columns: columns.map(textColumn),
          // biome-ignore lint/correctness/useYield: it does not wait
          *finish(made) {
            loaded.push(...made)
            return { kind: 'done', tag: `COPY ${made.length}` }
          },
        }),
        'COPY out': () => ({
          kind: 'copyOut',
          format: options,
          tag: 'COPY 2',
          columns: columns.map(textColumn),
          rows: [
            ['x', null],
            ['a\tb', 'say "no", \\'],
          ],
        }),
      },
    }
  }
  const data = (text: string): FrontendMessage => ({ kind: 'copy-data', bytes: Buffer.from(text) })

  test('COPY reads rows in the text format with backslash escapes', () => {
    const { script, loaded } = copying('text')
    const asking = served(script).client()
    expect(asking.ask(query('COPY in'))).toEqual(['copy-in 0 0,0'])
    expect(asking.ask(data('x\\ty\t\\N\n1\t'), data('\\\\N\n'), { kind: 'copy-done' })).toEqual(['COPY 2', 'ready I'])
    expect(loaded).toEqual([
      ['x\ty', null],
      ['1', '\\N'],
    ])
  })

  test('COPY reads rows in the CSV format with quoted values', () => {
    const { script, loaded } = copying('csv')
    const asking = served(script).client()
    asking.ask(query('COPY in'))
    asking.ask(data('"a ""b"", c",\r\n"",2\n'), { kind: 'copy-done' })
    expect(loaded).toEqual([
      ['a "b", c', null],
      ['', '2'],
    ])
  })

  test('COPY refuses a row with too few columns', () => {
    const asking = served(copying('text').script).client()
    asking.ask(query('COPY in'))
    expect(asking.ask(data('x\n'), { kind: 'copy-done' })).toEqual([
      'error SERROR VERROR C22P04 Mmissing data for column "b"',
      'ready I',
    ])
  })

  test('COPY writes rows in the text format and the CSV format', () => {
    expect(served(copying('text').script).client().ask(query('COPY out'))).toEqual([
      ...['copy-out 0 0,0', 'copy x\t\\N\n', 'copy a\\tb\tsay "no", \\\\\n', 'copy-done', 'COPY 2', 'ready I'],
    ])
    expect(served(copying('csv').script).client().ask(query('COPY out')).slice(1, 3)).toEqual([
      ...['copy x,\n', 'copy a\tb,"say ""no"", \\"\n'],
    ])
  })
})

test('a connection that does not speak the PostgreSQL protocol is closed with an error', () => {
  const { client } = served()
  const asking = client()
  expect(asking.raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toEqual([
    'error SFATAL VFATAL C08P01 Mthis is not a message of a PostgreSQL client',
  ])
  expect(asking.isClosed).toBe(true)
})
