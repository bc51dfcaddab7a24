import { expect, test } from 'vitest'
import { analyse } from '../../../src/redis/analyse.ts'
import { commandSet } from '../../../src/redis/command-set.ts'
import { KeySpace } from '../../../src/redis/key-space.ts'

test.each([
  ['EXPIRE', '10', 10_000],
  ['PEXPIRE', '10', 10],
])('a script that combines INCR with %s is recorded as a cas that sets a time to live', (command, time, ms) => {
  const script = `local current = redis.call("INCR", KEYS[1])
if current == 1 then redis.call("${command}", KEYS[1], ARGV[1]) end
return current`
  const place = { commands: commandSet(), keySpace: new KeySpace(), database: '0' }
  const analysed = analyse('EVAL', ['EVAL', script, '1', 'hits', time], place)
  if (analysed.recognised === undefined) throw new Error('the script is not recognised')
  expect(analysed.recognised.lifetimes).toMatchObject([{ key: 'hits', afterMs: ms }])
  expect(analysed.recognised.parts.map(({ call: { f, key } }) => [f, key])).toEqual([['cas', 'hits']])
})
