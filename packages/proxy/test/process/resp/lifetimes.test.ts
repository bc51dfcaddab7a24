import { describe, expect, test } from 'vitest'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { connectTo, recordRedis } from '../../resp/recorded-redis.ts'

// A key may have a time to live from before the recording, which no recorded command shows.

const REDIS = installed('redis-server')

/**
 * Sends `before` before the recording, and `during` while it runs. Sends `after` once every key with a time to live has
 * expired.
 */
async function recorded(before: readonly string[], during: readonly string[], after: readonly string[]) {
  const server = await startRedis(REDIS ?? '')
  const owner = await connectTo(server)
  for (const text of before) await owner.ask(text)
  const { connect, judge, recorder } = await recordRedis([server])
  const client = await connect()
  for (const text of during) await client.ask(text)
  for (const key of ['x', 'h']) await owner.ask(`PEXPIREAT ${key} 1`)
  const seen: unknown[] = []
  for (const text of after) seen.push(await client.ask(text))
  return { result: judge().levels.linearizable.result, touched: recorder.counters.touched, seen }
}

describe.skipIf(REDIS === undefined)('a value that may have had a time to live', () => {
  test.each([
    ['after a read', ['SET x old EX 100'], ['GET x'], ['GET x']],
    ['after an INCR', ['SET x 5 EX 100'], ['INCR x'], ['GET x']],
    ['after an APPEND', ['SET x ab EX 100'], ['APPEND x c'], ['APPEND x d', 'GET x']],
    ['and another one is set if the key is absent', ['SET x old EX 100'], ['GET x'], ['SET x new NX', 'GET x']],
    ['in a hash, after a write of the field', ['HSET h a 1', 'EXPIRE h 100'], ['HSET h f 1'], ['HGET h f']],
    ['in a hash, after a read of the field', ['HSET h f 1', 'EXPIRE h 100'], ['HGET h f'], ['HMGET h f g']],
  ])('the verdict is unknown if a value that may have expired disappears: %s', async (_, before, during, after) => {
    const { result, touched } = await recorded(before, during, after)
    expect({ result, touched }).toEqual({ result: 'unknown', touched: 1 })
  })
})

describe.skipIf(REDIS === undefined)('a value without a time to live', () => {
  test.each([
    ['after a write', ['SET x old'], ['SET x new'], ['GET x']],
    ['after an INCR of an absent key', [], ['GET x', 'INCR x'], ['GET x']],
    ['in a hash that was deleted and written again', ['HSET h f 1'], ['HGET h f', 'DEL h', 'HSET h f 2'], ['HGET h f']],
  ])('linearizability is violated if a value that cannot expire disappears: %s', async (_, before, during, after) => {
    const { result, touched } = await recorded(before, during, after)
    expect({ result, touched }).toEqual({ result: 'violated', touched: 0 })
  })
})

describe.skipIf(REDIS === undefined)('a recorded deletion', () => {
  test.each([
    ['a key', ['SET x old'], ['GET x', 'DEL x'], ['GET x']],
    ['a field', ['HSET h f 1 g 1'], ['HSET h f 2', 'HDEL h f'], ['HGET h f']],
    ['a counter that starts again', ['SET x 5'], ['INCR x', 'GETDEL x'], ['GET x', 'INCR x', 'GET x']],
  ])('a recorded deletion explains the absence of %s', async (_, before, during, after) => {
    const { result, touched } = await recorded(before, during, after)
    expect({ result, touched }).toEqual({ result: 'met', touched: 0 })
  })
})

test('redis-server is installed, or the tests of lifetimes are skipped', (context) => {
  if (REDIS === undefined) context.skip(whySkipped('redis-server'))
})
