import { describe, expect, test } from 'vitest'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { recordRedis } from '../../resp/recorded-redis.ts'

// These tests send requests that are not operations. Such a request changed nothing if its response says so.

const REDIS = installed('redis-server')

async function recorded(during: readonly string[]) {
  const server = await startRedis(REDIS ?? '')
  const { connect, judge, recorder, history } = await recordRedis([server])
  const client = await connect()
  const other = await connect()
  for (const text of during) await (text.startsWith('other ') ? other.ask(text.slice(6)) : client.ask(text))
  for (const text of ['SET x 1', 'GET x']) await client.ask(text)
  const { result } = judge().levels.linearizable
  return { result, touched: recorder.counters.touched, marks: history().marks.map(({ what }) => what) }
}

describe.skipIf(REDIS === undefined)('a command that Redis refuses', () => {
  test.each([
    ['a command of a module that it lacks', ['JSON.SET x . 1']],
    ['a script that it does not know', ['EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 x']],
    ['a command for another type', ['SET x a', 'LPUSH x b']],
    ['a transaction with a mistake', ['MULTI', 'LPUSH l a', 'GET', 'EXEC']],
    ['a transaction whose watched key has changed', ['WATCH x', 'other SET x 2', 'MULTI', 'LPUSH l a', 'EXEC']],
  ])('a command that Redis refuses is recorded as a command without an effect: %s', async (_, during) => {
    expect(await recorded(during)).toEqual({ result: 'met', touched: 0, marks: [] })
  })

  test.each([
    ['a script that fails in its middle', ['EVAL redis.call("SET",KEYS[1],"2");return+redis.call("GET") 1 x'], 'EVAL'],
    ['a command that another type has', ['DEL x', 'LPUSH x b', 'DEL x', 'RPUSH x c', 'DEL x'], 'LPUSH'],
  ])('a refused command makes the verdict unknown if it may have had an effect: %s', async (_, during, what) => {
    const { result, marks } = await recorded(during)
    expect({ result, what: marks[0] }).toEqual({ result: 'unknown', what })
  })
})

test('redis-server is installed, or the tests of refused commands are skipped', (context) => {
  if (REDIS === undefined) context.skip(whySkipped('redis-server'))
})
