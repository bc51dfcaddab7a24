import { nanos, outputOf } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { writeBackend } from '../../../../wire/src/postgresql/backend.ts'
import { writeFrontend } from '../../../../wire/src/postgresql/frontend.ts'
import type { BackendMessage, FrontendMessage } from '../../../../wire/src/postgresql/message.ts'
import { historyOfTraffic, type Passed } from '../../../src/postgresql/traffic.ts'

const as = { kind: 'postgresql', tables: { accounts: { key: 'id', values: ['balance'] } }, indirect: 'none' } as never

/** Returns the traffic of several connections. Each message has a time of its own. */
function traffic(
  ...all: readonly (readonly [
    connection: number,
    request: string | undefined,
    ...(FrontendMessage | BackendMessage)[],
  ])[]
) {
  let at = 0
  return all.flatMap(([connection, request, ...messages]): readonly Passed[] =>
    messages.map((message): Passed => {
      at++
      const isAnswer = ['authentication', 'ready', 'command-complete'].includes(message.kind)
      return isAnswer
        ? { kind: 'answered', at: nanos(at), connection, bytes: writeBackend(message as BackendMessage) }
        : { kind: 'asked', at: nanos(at), connection, request, bytes: writeFrontend(message as FrontendMessage) }
    }),
  )
}

const startup: FrontendMessage = { kind: 'startup', minorVersion: 0, parameters: [] }
const begun: BackendMessage = { kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }
const ready: BackendMessage = { kind: 'ready', status: 'I' }
const write = (value: number): FrontendMessage => ({
  kind: 'query',
  sql: `UPDATE accounts SET balance = ${value} WHERE id = 1`,
})
const done: BackendMessage = { kind: 'command-complete', tag: 'UPDATE 1' }

test('the traffic of a server becomes a history of transactions', () => {
  const history = historyOfTraffic(
    traffic(
      ...([
        [1, undefined, startup, begun, ready],
        [2, undefined, startup, begun, ready],
      ] as const),
      ...([
        [1, 'r1', write(5)],
        [2, 'r2', write(6)],
        [2, 'r2', done, ready],
        [1, 'r1', done, ready],
      ] as const),
    ),
    { as, tables: [] },
    'db',
  )
  const { operations } = history
  expect([...operations.callTime]).toEqual([7, 8])
  expect([...operations.returnTime]).toEqual([12, 10])
  expect([0, 1].map((operation) => outputOf(history, operation))).toEqual([
    [['w', 'accounts/1/balance', 5]],
    [['w', 'accounts/1/balance', 6]],
  ])
  expect(history.marks).toEqual([])
})

test('a transaction has an unknown outcome if its connection ended before the reply', () => {
  const passed = traffic([1, undefined, startup, begun, ready], [1, undefined, write(5)])
  for (const all of [passed, [...passed, { kind: 'closed', at: nanos(99), connection: 1 } as const]]) {
    const history = historyOfTraffic(all, { as, tables: [] }, 'db')
    expect(history.operations).toHaveLength(1)
    expect(history.errorOf(0)).toBe('the connection ended')
  }
})

test('a transaction ends at the time when its connection closes, not at later traffic of other connections', () => {
  const begin = traffic([1, undefined, startup, begun, ready], [2, undefined, startup, begun, ready, write(5)])
  const later = traffic([1, 'r1', write(6), done, ready]).map((passed) => ({ ...passed, at: nanos(passed.at + 20) }))
  const closed = { kind: 'closed', at: nanos(10), connection: 2 } as const
  const { operations } = historyOfTraffic([...begin, closed, ...later], { as, tables: [] }, 'db')
  expect([...operations.callTime]).toEqual([7, 21])
  expect([...operations.returnTime]).toEqual([10, 23])
})

test('the writes of one connection become separate transactions, even after another connection was closed', () => {
  const all = traffic(
    [2, undefined, startup, begun, ready, write(9)],
    [1, undefined, startup, begun, ready],
    [1, 'r1', write(5), done, ready],
    [1, 'r2', write(6), done, ready],
  )
  const passed = [...all.slice(0, 4), { kind: 'closed', at: nanos(4), connection: 2 } as const, ...all.slice(4)]
  const history = historyOfTraffic(passed, { as, tables: [] }, 'db')
  expect([0, 1, 2].map((operation) => history.errorOf(operation))).toEqual([
    'the connection ended',
    undefined,
    undefined,
  ])
  expect([1, 2].map((operation) => outputOf(history, operation))).toEqual([
    [['w', 'accounts/1/balance', 5]],
    [['w', 'accounts/1/balance', 6]],
  ])
})

test('an INSERT without a list of columns writes the columns in the order of the table', () => {
  const insert = (values: string): FrontendMessage => ({
    kind: 'query',
    sql: `INSERT INTO accounts VALUES (${values})`,
  })
  const inserted: BackendMessage = { kind: 'command-complete', tag: 'INSERT 0 1' }
  const columns = ['owner', 'balance', 'id'].map((name) => ({ name, type: 'text' }))
  const tables = [
    { schema: 'public', name: 'accounts', kind: 'table', primaryKey: ['id'], columns, triggers: [] },
  ] as const
  const passed = traffic([1, undefined, startup, begun, ready], [1, 'r1', insert("'eve', 7, 1"), inserted, ready])
  const history = historyOfTraffic(passed, { as, tables }, 'db')
  expect(outputOf(history, 0)).toEqual([['w', 'accounts/1/balance', 7]])
})
