import { describe, expect, test } from 'vitest'
import type { Substitution } from '../../../src/framing/statements.ts'
import { writeBackend } from '../../../src/postgresql/backend.ts'
import { writeFrontend } from '../../../src/postgresql/frontend.ts'
import { statements } from '../../../src/postgresql/statements.ts'

const query = (sql: string) => writeFrontend({ kind: 'query', sql })
const parse = (statement: string, sql: string) => writeFrontend({ kind: 'parse', statement, sql, types: [] })
const bind = (portal: string, statement: string) =>
  writeFrontend({ kind: 'bind', portal, statement, formats: [], values: [], resultFormats: [] })
const execute = (portal: string) => writeFrontend({ kind: 'execute', portal, mostRows: 0 })
const sync = writeFrontend({ kind: 'sync' })
const ready = writeBackend({ kind: 'ready', status: 'I' })
const complete = (tag: string) => writeBackend({ kind: 'command-complete', tag })

describe('the PostgreSQL statement reader', () => {
  test('the PostgreSQL statement reader finds the SQL of each query and of each executed portal', () => {
    const reader = statements.reader()
    const of = (message: Buffer) => reader.readRequest(message).statement
    expect(of(query('SELECT 1'))).toBe('SELECT 1')
    expect([of(parse('s', 'SELECT $1')), of(bind('p', 's')), of(execute('p'))]).toEqual([
      undefined,
      undefined,
      'SELECT $1',
    ])
    reader.readRequest(writeFrontend({ kind: 'close', of: 'portal', name: 's' }))
    reader.readRequest(bind('q', 's'))
    expect(of(execute('q'))).toBe('SELECT $1')
    reader.readRequest(writeFrontend({ kind: 'close', of: 'statement', name: 's' }))
    reader.readRequest(bind('q', 's'))
    expect(of(execute('q'))).toBe('')
  })

  test('PostgreSQL messages up to a Sync or a query count as one exchange, which ends at ReadyForQuery', () => {
    const reader = statements.reader()
    const startup = writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [] })
    const requests = [
      startup,
      parse('', 'SELECT 1'),
      bind('', ''),
      execute(''),
      sync,
      query('SELECT 2'),
      query('SELECT 3'),
    ]
    expect(requests.map((message) => reader.readRequest(message).exchange)).toEqual([0, 1, 1, 1, 1, 2, 3])
    const answered = [ready, complete('SELECT 1'), ready, ready].map((message) => {
      reader.readReply(message)
      return reader.answering
    })
    expect(answered).toEqual([1, 1, 2, 3])
  })

  test('a PostgreSQL startup message of eight bytes counts as an exchange, unless it has another protocol version', () => {
    const reader = statements.reader()
    expect(reader.awaitsReply).toBe(false)
    reader.readRequest(Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]))
    expect(reader.readRequest(Buffer.from([0, 0, 0, 8, 0, 2, 0, 0])).exchange).toBe(1)
    expect(reader.readRequest(Buffer.from([0, 0, 0])).exchange).toBe(1)
  })

  test('the PostgreSQL statement reader counts replies that it does not read, and truncates a statement to 64 KiB', () => {
    const reader = statements.reader()
    reader.replyBegins('Z'.charCodeAt(0))
    reader.replyBegins('C'.charCodeAt(0))
    expect(reader.answering).toBe(1)
    expect(reader.readRequest(query('x'.repeat(0x1_0001))).statement).toBe('x'.repeat(0x1_0000))
  })

  test('a PostgreSQL request for encryption or cancellation does not count as an exchange', () => {
    const reader = statements.reader()
    reader.readRequest(writeFrontend({ kind: 'ssl-request' }))
    reader.readRequest(writeFrontend({ kind: 'cancel-request', processId: 1, secret: Buffer.alloc(4) }))
    expect(reader.readRequest(query('SELECT 1')).exchange).toBe(0)
  })
})

describe('an injected PostgreSQL error', () => {
  const failed = (code: string, statement: string, request = query(statement)) =>
    statements.failure({ code, message: 'why', statement, request }) as Substitution
  const error = writeBackend({ kind: 'error', fields: [['C', '42601']] })

  test('an injected PostgreSQL error makes the server execute a failing statement, and replaces the error in the reply', () => {
    const { kind, request, reply, isSurplus, skips } = failed('40001', 'UPDATE t SET a = 1')
    expect([kind, String.fromCharCode(request[0]!)]).toEqual(['substitution', 'Q'])
    expect(reply(error).toString('latin1')).toContain('C40001\0')
    expect(reply(ready)).toBe(ready)
    expect([isSurplus(ready), skips(sync), skips(execute(''))]).toEqual([false, false, false])
    expect(String.fromCharCode(failed('40001', 'UPDATE t SET a = 1', execute('')).request[0]!)).toBe('P')
  })

  test.each(['COMMIT', 'end', 'PREPARE TRANSACTION 1'])(
    'an injected PostgreSQL error makes the server roll back in place of executing %s',
    (statement) => {
      const { request, reply } = failed('40001', statement)
      expect(request.toString('latin1')).toContain('ROLLBACK')
      expect(reply(complete('ROLLBACK')).toString('latin1')).toContain('C40001\0')
      expect(reply(complete('SELECT 1'))).toEqual(complete('SELECT 1'))
      // If there is no transaction to roll back, the server sends a warning.
      const warning = writeBackend({ kind: 'notice', fields: [['C', '25P01']] })
      expect([reply(warning).length, reply(ready)]).toEqual([0, ready])
    },
  )

  test('after an injected PostgreSQL error in place of COMMIT, client messages up to Sync do not reach the server', () => {
    const { skips, isSurplus } = failed('40001', 'COMMIT', execute(''))
    expect([execute(''), sync, query('SELECT 1')].map((message) => skips(message))).toEqual([true, false, false])
    expect([complete('ROLLBACK'), ready, ready].map((message) => isSurplus(message))).toEqual([false, true, false])
  })

  test('an injected PostgreSQL error ends the connection if its code is fatal in PostgreSQL', () => {
    expect(['57P01', '08006', '40001'].map((code) => failed(code, 'SELECT 1').kind)).toEqual([
      'fatal',
      'fatal',
      'substitution',
    ])
  })

  test('the code of an injected PostgreSQL error may not be a MySQL number, and the refusal names the nearest SQLSTATE', () => {
    expect(statements.refusal('40001')).toBeUndefined()
    expect(statements.refusal('1205')).toContain('the nearest is 55P03')
    expect(statements.refusal('1213')).toContain('the nearest is 40001')
  })
})
