import type { MessageFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { writeFrontend } from '../../../../wire/src/postgresql/frontend.ts'
import { postgresql } from '../../../../wire/src/postgresql/postgresql.ts'
import { websocket } from '../../../../wire/src/websocket/websocket.ts'
import { addMessageHarm } from '../../../src/messages/harms.ts'
import { again, back, behind, drop, late, to, twice, world } from '../../messages/world.ts'

const fabricated = { kind: 'fabricate-message', message: 7 } as const

test.each<readonly [Parameters<ReturnType<typeof world>['apply']>[0], readonly (readonly string[])[]]>([
  [drop, [[]]],
  [twice, [[]]],
  [late, []],
  [behind(1), [[]]],
  [again(1), [[]]],
  [fabricated, [['7\n']]],
  [{ kind: 'duplicate-message', copies: 0 } as never, []],
])('the fault %j on a message reports the messages that the server receives instead: %j', (harm, expected) => {
  const { apply, send, disturbed } = world()
  apply(harm, { when: { nth: 2 } })
  send('1\n2\n')
  expect(disturbed).toEqual(expected)
})

test('a changed response is reported as disturbed, without the bytes that replace it', () => {
  const { apply, interceptor, disturbed, here } = world()
  apply(fabricated, { links: back })
  interceptor.responses.receive(Buffer.from('1\n'))
  expect([disturbed, here.text]).toEqual([[[]], '7\n'])
})

test('the copies of a duplicated message are limited to 1,000', () => {
  const { apply, send, there } = world()
  apply({ kind: 'duplicate-message', copies: 30 })
  apply({ kind: 'duplicate-message', copies: 30 })
  send('1\n')
  expect(there.text).toBe('1\n'.repeat(961))
  apply(twice)
  send('2\n')
  expect(there.text).toBe('1\n'.repeat(961) + '2\n'.repeat(1000))
})

test.each<readonly [string, object, string, boolean]>([
  ['JSON', { member: 'a' }, '{"a":null}\n', true],
  ['JSON', { member: 'a.b' }, '{"a":{"b":1}}\n', true],
  ['JSON', { member: 'a.b' }, '{"a":null,"b":1}\n', false],
  ['JSON', { member: 'a.length' }, '{"a":"length"}\n', false],
  ['JSON', { member: 'a', equals: 1 }, '{"a":1.0}\n', true],
  ['JSON', { member: 'a', equals: { b: 1, c: 2 } }, '{"a":{"c":2,"b":1}}\n', true],
  ['JSON', { member: 'a', equals: 1 }, '{"a":2}\n', false],
  ['JSON', { member: 'a' }, '{"\\u0061":1}\n', true],
  ['JSON', { member: 'a/b' }, '{"a\\/b":1}\n', true],
  ['JSON', { member: 'a' }, 'a\n', false],
  ['JSON', { contains: 'x', member: 'a' }, '{"a":1}\n', false],
  ['JSON', { not: { member: 'a' } }, '{"b":1}\n', true],
  ['JSON', { not: { member: 'a' } }, '{"a":1}\n', false],
  ['JSON', { contains: 'a', not: {} }, '{"a":1}\n', false],
])('for %s, a fault with the match %j and the message %j has a hit: %s', (_, match, message, isHit) => {
  const { apply, send } = world()
  const fault = apply(drop, { match } as Partial<MessageFault>)
  send(message)
  expect(fault.hits).toBe(Number(isHit))
})

const asked = 'GET / HTTP/1.1\r\nUpgrade: websocket\r\n'
const offer = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

test.each<readonly [string, readonly (readonly object[])[], boolean]>([
  ['no fault', [], true],
  ['a fault on the requests', [to], false],
  ['a fault on the responses', [back], false],
  ['a fault on both', [to, back], false],
])('a WebSocket client may offer compression under %s: %s', (_, links, isOffered) => {
  const { apply, send, there } = world({ framing: websocket })
  for (const each of links) apply(drop, { links: each, when: { nth: 9 } } as Partial<MessageFault>)
  send(`${asked}${offer}\r\n`)
  expect(there.text).toBe(`${asked}${isOffered ? offer : ''}\r\n`)
})

test('a binary WebSocket message has the member base64, and no other member', () => {
  const { apply, send } = world({ framing: websocket })
  const faults = ['base64', 'close'].map((member) => apply(late, { match: { member } }))
  send(`${asked}\r\n\x82\x81\0\0\0\0\xff`)
  expect(faults.map(({ hits }) => hits)).toEqual([1, 0])
})

test('an incomplete message is passed on once no remaining fault could act on it', () => {
  const { apply, send, there } = world()
  const [one, other] = [apply(drop, { when: { nth: 9 } }), apply(drop, { when: { nth: 9 } })]
  send('1\n2')
  expect(there.text).toBe('1\n')
  one.remove()
  expect(there.text).toBe('1\n')
  other.remove()
  expect(there.text).toBe('1\n2')
  send('\n3\n')
  expect(there.text).toBe('1\n2\n3\n')
})

test('a healed fault releases the messages that no other fault holds, and cancels the repetitions that it planned', () => {
  const { apply, send, there, clock } = world()
  const [one, other] = [apply(late), apply({ ...late, delayMs: millis(50) })]
  send('1\n')
  one.remove()
  expect(there.text).toBe('')
  other.remove()
  expect(there.text).toBe('')
  clock.advance(150)
  expect(there.text).toBe('1\n')
  const [held, repeated] = [apply(behind(9), { when: { nth: 1 } }), apply(again(9), { when: { nth: 2 } })]
  send('2\n3\n4\n')
  expect(there.text).toBe('1\n3\n4\n')
  repeated.remove()
  expect(there.text).toBe('1\n3\n4\n')
  held.remove()
  expect([there.text, clock.armed, repeated.hits, held.hits]).toEqual(['1\n3\n4\n2\n', 0, 0, 1])
  held.remove()
  send('5\n')
  expect(there.text).toBe('1\n3\n4\n2\n5\n')
})

test('a sender is paused once exactly 16 MiB wait', () => {
  const { apply, send, there, clock } = world({ maxMessageBytes: 1 << 24 })
  apply(late)
  send(`${'x'.repeat((1 << 24) - 3)}\n`)
  send('\n')
  expect(there.reading).toBe(true)
  send('\n')
  expect(there.reading).toBe(false)
  clock.advance(100)
  expect([there.reading, there.text.length]).toEqual([true, 1 << 24])
})

test('a user-defined fault can pass, lose, delay or replace a message', () => {
  addMessageHarm<{ readonly verdict: Parameters<typeof addMessageHarm>[1] }>('test-verdict', (_, message) => {
    const text = message.toString()
    if (text === 'lose\n') return 'lose'
    if (text === 'delay\n') return { delayMs: 10 }
    return text === 'instead\n' ? { instead: [Buffer.from('a\n'), Buffer.from('b\n')] } : 'pass'
  })
  const { apply, send, there, clock } = world()
  const fault = apply({ kind: 'test-verdict' } as never)
  send('pass\nlose\ninstead\n')
  expect([there.text, fault.hits]).toEqual(['pass\na\nb\n', 2])
  send('delay\n')
  clock.advance(9)
  expect(there.text).toBe('pass\na\nb\n')
  clock.advance(1)
  expect([there.text, fault.hits]).toEqual(['pass\na\nb\ndelay\n', 3])
})

describe('a fault on SQL statements', () => {
  const query = (sql: string): string => writeFrontend({ kind: 'query', sql }).toString('latin1')
  const startup = writeFrontend({ kind: 'startup', minorVersion: 0, parameters: [] }).toString('latin1')

  test.each<readonly [object | undefined, readonly number[]]>([
    [undefined, [1, 1]],
    [{ statement: 'SELECT' }, [1, 0]],
    [{ not: { statement: 'SELECT' } }, [0, 1]],
    [{ statement: 'UPDATE', not: { statement: 'UPDATE t' } }, [0, 0]],
  ])('a fault on SQL statements with the match %j counts these hits for a SELECT and an UPDATE: %j', (match, hits) => {
    for (const [i, sql] of ['SELECT 1', 'UPDATE t SET a = 1'].entries()) {
      const { faults, send } = world({ framing: postgresql })
      const fault = faults.applyToStatements({
        ...{ kind: 'sql-error', code: '40001', message: 'm', links: to },
        ...(match === undefined ? {} : { match }),
      } as never)
      send(startup + query(sql))
      expect(fault.hits).toBe(hits[i])
    }
  })
})
