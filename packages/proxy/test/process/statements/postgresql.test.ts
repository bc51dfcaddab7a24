import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { installed, startPostgres } from '../../../../testing/src/servers.ts'
import { cleanUp, links, network } from '../../../../testing/src/sockets.ts'
import { postgresql } from '../../../../wire/src/postgresql/postgresql.ts'
import { createMessageFaults } from '../../../src/messages/message-faults.ts'

/** The part of the driver that these tests use. The driver has no types of its own. */
interface Client {
  connect(): Promise<void>
  query(
    sql: string | { name: string; text: string; values: unknown[] },
    values?: unknown[],
  ): Promise<{ rowCount: number }>
  on(event: 'error', listener: () => void): void
  once(event: 'end', listener: (nothing?: unknown) => void): void
  end(): Promise<void>
}

const pg = createRequire(import.meta.url)('pg') as { readonly Client: new (options: object) => Client }

const [initdb, postgres] = [installed('initdb'), installed('postgres')]
const isMissing = initdb === undefined || postgres === undefined

/** Starts a PostgreSQL server, and a proxy with faults. Clients connect to the proxy, or directly to the server. */
async function world() {
  if (initdb === undefined || postgres === undefined) throw new Error('these tests are skipped')
  const upstream = await startPostgres(initdb, postgres)
  const faults = createMessageFaults({ seed: 1 })
  const intercept = faults.intercept({ from: 'clients', to: 'n1', framing: postgresql })
  const route = await network().route({ from: 'clients', to: 'n1', upstream, intercept })
  const connect = async (port = route.port, queryTimeoutMs = 10_000) => {
    const at = { host: '127.0.0.1', port, user: 'tester', database: 'postgres' }
    const client = new pg.Client({ ...at, query_timeout: queryTimeoutMs })
    client.on('error', () => undefined)
    cleanUp(() => void client.end().catch(() => undefined))
    await client.connect()
    return client
  }
  const direct = await connect(upstream.port)
  await direct.query('CREATE TABLE paid (n int PRIMARY KEY)')
  return {
    faults,
    connect,
    has: async (n: number) => (await direct.query('SELECT 1 FROM paid WHERE n = $1', [n])).rowCount === 1,
  }
}

/** Returns the client's error code, or else its error message; `done` if there was no error. */
const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error & { readonly code?: string }) => error.code ?? error.message,
  )

async function pay(client: Client, n: number, commit: Parameters<Client['query']>[0] = 'COMMIT'): Promise<void> {
  await client.query('BEGIN')
  await client.query('INSERT INTO paid VALUES ($1)', [n])
  await client.query(commit)
}

describe.skipIf(isMissing)('a fault on PostgreSQL statements', () => {
  test.each([
    [{ kind: 'lose-reply', silence: 'reset' } as const, 'ECONNRESET'],
    [{ kind: 'lose-reply', silence: 'hang' } as const, 'Query read timeout'],
    [{ kind: 'crash-before-reply' } as const, 'ECONNRESET'],
  ])('a fault loses the reply to COMMIT after PostgreSQL has stored the row: %j', async (harm, seen) => {
    const { faults, connect, has } = await world()
    const client = await connect(undefined, 3_000)
    const fault = faults.applyToStatements({
      ...{ ...harm, links: links.to, match: { statement: 'commit' }, when: { nth: 2 } },
    })
    expect(await outcomeOf(pay(client, 1))).toBe('done')
    expect(await outcomeOf(pay(client, 2, ' /* traced */ Commit ;'))).toBe(seen)
    expect(await has(2)).toBe(true)
    expect(fault).toMatchObject({ hits: 1, recent: [{ number: 1, request: ' /* traced */ Commit ;' }] })
  })

  test.each([
    ['a simple query', 'COMMIT', 'COMMIT'],
    ['a prepared statement', 'COMMIT', { name: 'c', text: 'COMMIT', values: [] }],
    ['an insert', 'INSERT INTO paid', 'COMMIT'],
  ])('the fault sql-error fails a transaction with the given SQLSTATE: %s', async (_, statement, commit) => {
    const { faults, connect, has } = await world()
    const client = await connect()
    const fault = faults.applyToStatements({
      ...{ kind: 'sql-error', code: '40001', message: 'try again', links: links.to },
      ...{ match: { statement }, when: { nth: 1 } },
    })
    expect(await outcomeOf(pay(client, 1, commit))).toBe('40001')
    await client.query('ROLLBACK')
    expect(await has(1)).toBe(false)
    expect(await outcomeOf(pay(client, 2, commit))).toBe('done')
    expect(await has(2)).toBe(true)
    expect(fault.hits).toBe(1)
  })

  test('the fault sql-error with a fatal SQLSTATE ends the connection, and the server rolls back', async () => {
    const { faults, connect, has } = await world()
    const client = await connect()
    const ended = new Promise((resolve) => client.once('end', resolve))
    faults.applyToStatements({
      ...{ kind: 'sql-error', code: '57P01', message: 'shut down', links: links.to, match: { statement: 'COMMIT' } },
    })
    expect(await outcomeOf(pay(client, 1))).toBe('57P01')
    await ended
    expect(await has(1)).toBe(false)
  })

  test('a fault on PostgreSQL statements matches the execution of a statement that was prepared before the fault', async () => {
    const { faults, connect, has } = await world()
    const client = await connect()
    const insert = (n: number) => client.query({ name: 'insert', text: 'INSERT INTO paid VALUES ($1)', values: [n] })
    await insert(1)
    const other = faults.applyToStatements({
      ...{ kind: 'sql-error', code: '40001', message: 'x', links: links.to, match: { not: { statement: 'INSERT' } } },
    })
    const fault = faults.applyToStatements({
      ...{ kind: 'sql-error', code: '23505', message: 'x', links: links.to, match: { statement: 'INSERT INTO paid' } },
    })
    expect(await outcomeOf(insert(2))).toBe('23505')
    fault.remove()
    expect(await outcomeOf(insert(3))).toBe('done')
    expect([await has(2), await has(3), other.hits]).toEqual([false, true, 0])
  })
})

test('a fault on statements is refused if its code, condition or link is not supported', () => {
  const faults = createMessageFaults({ seed: 1 })
  faults.intercept({ from: 'clients', to: 'n1', framing: postgresql })
  const apply = (fault: object) => () => faults.applyToStatements(fault as never)
  expect(apply({ kind: 'sql-error', code: '1213', links: links.to })).toThrow('1213 is an error number of MySQL')
  expect(apply({ kind: 'lose-reply', match: { path: '/x' }, links: links.to })).toThrow('"path" cannot select SQL')
  expect(apply({ kind: 'lose-reply', links: links.back })).toThrow('no proxy reads SQL statements on this link')
})
