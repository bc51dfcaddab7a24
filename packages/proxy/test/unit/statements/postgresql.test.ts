import type { SqlFault } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { writeBackend } from '../../../../wire/src/postgresql/backend.ts'
import { writeFrontend } from '../../../../wire/src/postgresql/frontend.ts'
import { postgresql } from '../../../../wire/src/postgresql/postgresql.ts'
import { to, world } from '../../messages/world.ts'

const query = (sql: string): string => writeFrontend({ kind: 'query', sql }).toString('latin1')
const complete = (tag: string) => writeBackend({ kind: 'command-complete', tag })
const ready = writeBackend({ kind: 'ready', status: 'I' })

/** A connection with a complete startup, and a fault on its COMMIT. */
function session(
  harm:
    | Pick<SqlFault, 'kind' | 'code' | 'message'>
    | { kind: 'lose-reply'; silence: 'reset' | 'hang' }
    | { kind: 'crash-before-reply' },
) {
  const made = world({ framing: postgresql })
  const fault = made.faults.applyToStatements({ ...harm, links: to, match: { statement: 'COMMIT' } } as SqlFault)
  const { send, interceptor, there, here } = made
  const answer = (...messages: Buffer[]) => interceptor.responses.receive(Buffer.concat(messages))
  send(writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [['user', 'me']] }).toString('latin1'))
  answer(writeBackend({ kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }), ready)
  there.text = ''
  here.text = ''
  return { ...made, fault, answer }
}

const shutdown = { kind: 'sql-error', code: '57P01', message: 'shut down' } as const

describe('a fatal SQL error', () => {
  test('a fatal SQL error ends both directions, and nothing passes afterwards', () => {
    const { send, answer, there, here, fault } = session(shutdown)
    send(query('INSERT') + query('COMMIT'))
    expect(there).toMatchObject({ text: query('INSERT'), ended: true })
    expect(here.text).toContain('C57P01\0')
    expect(here.ended).toBe(true)
    const told = here.text
    send(query('SELECT'))
    answer(complete('INSERT 0 1'), ready)
    expect([there.text, here.text, fault.hits]).toEqual([query('INSERT'), told, 1])
  })

  test('a fatal SQL error resets a client that is still connected after 5 s', () => {
    const { send, clock, ending } = session(shutdown)
    send(query('COMMIT'))
    clock.advance(4_999)
    expect(ending.aborted).toBe(false)
    clock.advance(1)
    expect(ending.aborted).toBe(true)
  })

  test('a fatal SQL error leaves no timer after the connection is closed', () => {
    const { send, clock, interceptor, ending } = session(shutdown)
    send(query('COMMIT'))
    interceptor.closed()
    expect(clock.armed).toBe(0)
    clock.advance(10_000)
    expect(ending.aborted).toBe(false)
  })
})

describe('a lost reply to a statement', () => {
  test.each([
    [{ kind: 'lose-reply', silence: 'reset' }, true],
    [{ kind: 'lose-reply', silence: 'hang' }, false],
    [{ kind: 'crash-before-reply' }, true],
  ] as const)(
    'the reply to a statement and all later messages are withheld; whether the fault %j resets the connection: %s',
    (harm, isReset) => {
      const { send, answer, there, here, ending, fault } = session(harm)
      send(query('INSERT') + query('COMMIT') + query('SELECT'))
      expect(there.text).toBe(query('INSERT') + query('COMMIT') + query('SELECT'))
      const inserted = [complete('INSERT 0 1'), ready]
      answer(...inserted, complete('COMMIT'))
      expect([fault.hits, ending.aborted]).toEqual([0, false])
      answer(ready, complete('SELECT 0'), ready)
      expect(here.text).toBe(Buffer.concat(inserted).toString('latin1'))
      expect([fault.hits, ending.aborted]).toEqual([1, isReset])
    },
  )

  test('the fault lose-reply withholds the reply to a statement even if a message of the reply exceeds the size limit', () => {
    const { send, answer, here, fault } = session({ kind: 'lose-reply', silence: 'hang' })
    send(query('COMMIT'))
    answer(writeBackend({ kind: 'data-row', values: [Buffer.alloc(5_000, 'x')] }))
    answer(complete('COMMIT'), ready)
    expect([here.text, fault.hits]).toEqual(['', 1])
  })
})

describe('a fault that is removed before the server replies', () => {
  test('a fault that has selected a statement withholds its whole reply, even if the fault is removed before the reply', () => {
    for (const arrivedBytes of [0, 3]) {
      const { send, answer, here, fault, ending } = session({ kind: 'lose-reply', silence: 'reset' })
      send(query('COMMIT'))
      const reply = Buffer.concat([complete('COMMIT'), ready])
      answer(reply.subarray(0, arrivedBytes))
      fault.remove()
      answer(reply.subarray(arrivedBytes))
      expect([here.text, fault.hits, ending.aborted]).toEqual(['', 1, true])
    }
  })

  test('a fault that is removed before the reply still sends its SQL error, and the next statement passes', () => {
    const { send, answer, there, here, fault } = session({ kind: 'sql-error', code: '40001', message: 'again' })
    send(query('COMMIT'))
    fault.remove()
    answer(complete('ROLLBACK'), ready)
    expect(here.text).toContain('C40001\0')
    expect(here.text).not.toContain('ROLLBACK')
    here.text = ''
    there.text = ''
    send(query('COMMIT'))
    answer(complete('COMMIT'), ready)
    expect([there.text, here.text]).toEqual([
      query('COMMIT'),
      Buffer.concat([complete('COMMIT'), ready]).toString('latin1'),
    ])
  })
})
