import { describe, expect, test } from 'vitest'
import { commandSet } from '../../../src/redis/command-set.ts'
import { recorded } from '../../redis/recorded.ts'
import { command } from '../../redis/redis-in-memory.ts'

const OK = '+OK\r\n'
const WHY = 'a fault has lost or reordered messages, so it is unknown which answer belongs to this request'
const get = command('GET', 'x')
const set = command('SET', 'y', '1')

/** Returns a recording of a connection. Its client sends requests, and then a fault loses messages. */
function disturbed({ before = [], lost = [] }: { before?: readonly string[]; lost?: readonly string[] }) {
  const answers: { readonly [name: string]: string } = { MULTI: OK, PING: '+PONG\r\n', APPEND: ':1\r\n' }
  const recording = recorded({ answer: ([name = '']) => answers[name] ?? '' })
  for (const text of before) recording.client.send(text)
  recording.client.disturb(...lost)
  return recording
}

describe('a Redis connection whose messages a fault loses', () => {
  test('if a Redis connection loses messages, all its outcomes are unknown, before and after the loss', () => {
    const { client, told, recorder, marks } = disturbed({ before: [get, set] })
    const unknown = [`0 info read x=undefined !${WHY}`, `1 info write y=undefined !${WHY}`]
    expect(told().slice(2)).toEqual(unknown)
    expect(told('backend').slice(2)).toEqual(unknown)
    client.disturb()
    client.send(command('SET', 'z', '1'))
    expect(told().slice(4)).toEqual(['2 invoke write z="1"', `2 info write z=undefined !${WHY}`])
    expect([marks(), recorder.counters.info]).toEqual([['not-understood x: read of x'], 3])
  })

  test('a write has an unknown outcome if a fault loses a message before the reply to the WAIT that confirms the write', () => {
    const { client, told } = recorded({
      answer: ([name]) => (name === 'SET' ? OK : ''),
      commands: commandSet({ isConfirmedByWait: true }),
    })
    client.send(set + command('WAIT', '1', '0'))
    expect(told()).toHaveLength(1)
    client.disturb()
    expect(told().at(-1)).toBe(`0 info write y=undefined !${WHY}`)
  })

  test.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'the keys of lost writes',
      [command('SET', 'x', '1'), get, command('LPUSH', 'l', '1')],
      ['touched x: a request that a fault changed', 'touched l: a request that a fault changed'],
    ],
    ['nothing for lost reads', [get, command('PING')], []],
    ['everything for a lost FLUSHALL', [command('FLUSHALL')], ['touched *: a request that a fault changed']],
    ['everything for a lost SELECT', [command('SELECT', '1')], ['touched *: a request that a fault changed']],
    ['everything for a lost script', [command('EVAL', 'x', '1', 'y')], ['touched *: a request that a fault changed']],
    ['everything for bytes that are no request', [OK], ['touched *: a request that a fault changed']],
  ])('lost messages on a Redis connection mark keys as possibly changed: %s', (_, lost, marks) => {
    expect(disturbed({ lost }).marks()).toEqual(marks)
  })

  test.each([
    ['SELECT', [command('SELECT', '1')]],
    ['MULTI', [command('MULTI'), set]],
  ])(
    'a Redis connection that loses messages is no longer recorded if a SELECT or transaction was open: %s',
    (_, before) => {
      const { client, told, marks, recorder } = disturbed({ before })
      expect(marks()).toEqual(['touched *: MULTI or SELECT'])
      client.send(set)
      client.reset()
      expect([told(), recorder.counters.opaqueConnections]).toEqual([[], 1])
    },
  )
})
