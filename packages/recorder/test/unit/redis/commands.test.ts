import { execFileSync } from 'node:child_process'
import type { Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { type Interpretation, UNSAID } from '../../../src/record/call.ts'
import { analyse } from '../../../src/redis/analyse.ts'
import { effectOf, isKnownCommand } from '../../../src/redis/command-effects.ts'
import { completionsOf } from '../../../src/redis/command-reader.ts'
import { commandSet } from '../../../src/redis/command-set.ts'
import { KeySpace } from '../../../src/redis/key-space.ts'

const OPTIONS = { scriptsKeepToKeys: false }

/**
 * Returns the operations of a command as `f key=value`, followed by the keys that it touches. After `→` come the
 * outcomes of a reply.
 */
function understood(text: string, answer?: Json, model?: string): string {
  const words = text.split(' ')
  const context = { commands: commandSet({ model }), keySpace: new KeySpace(), database: '0' }
  const analysed = analyse((words[0] ?? '').toUpperCase(), words, context)
  if (analysed.recognised === undefined) {
    const { touches, lifetimes: [lifetime] = [] } = analysed
    if (lifetime !== undefined) return `${lifetime.key} lasts ${lifetime.afterMs}`
    return `touches ${typeof touches === 'string' ? touches : touches.keys.join(' ')}`
  }
  const { parts, touches, lifetimes: [lifetime] = [] } = analysed.recognised
  const calls = parts.map(
    ({ call: { f, key, value } }) => `${f} ${String(key)}=${value === UNSAID ? '?' : JSON.stringify(value)}`,
  )
  const lasts = lifetime === undefined ? '' : ` lasts ${lifetime.afterMs}`
  const also = `${touches === undefined ? '' : ` touches ${touches.keys.join(' ')}`}${lasts}`
  if (answer === undefined) return `${calls.join(', ')}${also}`
  const made = completionsOf(analysed.recognised, answer)
  const completions: readonly Interpretation[] = 'type' in made ? parts.map(() => made) : made
  return completions.map((each) => ('value' in each ? `ok ${JSON.stringify(each.value)}` : each.type)).join(', ')
}

test.each([
  ['GET x', 'read x=null'],
  ['SET x 1', 'write x="1"'],
  ['set x 1 ex 10', 'write x="1" lasts 10000'],
  ['SET x 1 PXAT 99 NX', 'cas x=[null,"1"] lasts 0'],
  ['SET x 1 NX', 'cas x=[null,"1"]'],
  ['SET x 1 XX KEEPTTL', 'write x="1"'],
  ['SET x 1 GET', 'cas x=["1"]'],
  ['SET x 1 IFEQ 0', 'cas x=["0","1"]'],
  ['SET x 1 NX XX', 'touches x'],
  ['SET x 1 SOON', 'touches x'],
  ['SETEX x 10 1', 'write x="1" lasts 10000'],
  ['PSETEX x 10 1', 'write x="1" lasts 10'],
  ['SETNX x 1', 'cas x=[null,"1"]'],
  ['GETSET x 1', 'cas x=["1"]'],
  ['GETDEL x', 'cas x=[null]'],
  ['GETEX x', 'read x=null'],
  ['GETEX x PERSIST', 'read x=null'],
  ['GETEX x EX 5', 'read x=null lasts 5000'],
  ['APPEND x ab', 'append x="ab"'],
  ['INCR x', 'cas x=?'],
  ['DECRBY x 3', 'cas x=?'],
  ['INCRBY x many', 'touches x'],
  ['INCRBYFLOAT x 0.5', 'write x=?'],
  ['INCRBY x 1.5', 'touches x'],
  ['GETEX x EX', 'touches x'],
  ['GETEX x EX 5 5', 'touches x'],
  ['GETEX x SOON', 'touches x'],
  ['SETEX x 0 1', 'touches x'],
  ['SETEX x 10', 'touches x'],
  ['SETEX x 10 1 2', 'touches x'],
  ['SET x 1 EX', 'touches x'],
  ['SET x 1 IFEQ', 'touches x'],
  ['SET x 1 IFEQ 0 NX', 'touches x'],
  ['SET x 1 IFNE 0', 'write x="1"'],
  ['SET x 1 KEEPTTL EX 10', 'write x="1" lasts 10000'],
  ['APPEND x', 'touches x'],
  ['APPEND x ab c', 'touches x'],
  ['DELIFEQ x 1', 'cas x=["1",null]'],
  ['MSET', 'touches nothing'],
  ['MSETNX x', 'touches x'],
  ['COPY x y', 'touches y'],
  ['COPY x y REPLACE', 'touches y'],
  ['COPY x y DB 1', 'touches everything'],
  ['MGET x y', 'read x=null, read y=null'],
  ['MSET x 1 y 2', 'write x="1", write y="2"'],
  ['MSET x 1 y', 'touches x y'],
  ['MSETNX x 1 y 2', 'write x="1", write y="2"'],
  ['MSETNX x 1', 'cas x=[null,"1"]'],
  ['DEL x y', 'write x=null, write y=null'],
  ['UNLINK x', 'write x=null'],
  ['EXISTS x y', 'touches nothing'],
  ['STRLEN x', 'touches nothing'],
  ['SETRANGE x 0 a', 'touches x'],
  ['EXPIRE x 10', 'x lasts 10000'],
  ['PEXPIRE x 10 GT', 'x lasts 10'],
  ['EXPIREAT x 10', 'x lasts 0'],
  ['EXPIRE x 10 NX GT', 'touches x'],
  ['EXPIRE x 0', 'touches x'],
  ['EXPIRE x -1', 'touches x'],
  ['PERSIST x', 'touches nothing'],
  ['RENAME x y', 'write x=null touches y'],
  ['RENAME x x', 'touches x x'],
  ['COPY x y', 'touches y'],
  ['SORT x BY w STORE y', 'touches y'],
  ['SORT x', 'touches nothing'],
  ['HSET h f 1 g 2', 'write h[f]="1", write h[g]="2"'],
  ['HGET h f', 'read h[f]=null'],
  ['HMGET h f g', 'read h[f]=null, read h[g]=null'],
  ['HDEL h f', 'write h[f]=null'],
  ['HSETNX h f 1', 'cas h[f]=[null,"1"]'],
  ['HINCRBY h f 2', 'cas h[f]=?'],
  ['HGETALL h', 'touches nothing'],
  ['LPUSH l a', 'touches l'],
  ['BLPOP l m 0', 'touches l m'],
  ['LMPOP 2 l m LEFT', 'touches l m'],
  ['LMPOP 9 l m LEFT', 'touches everything'],
  ['LMPOP 3 l m', 'touches everything'],
  ['LMPOP -1 l m LEFT', 'touches everything'],
  ['LMPOP many l m LEFT', 'touches everything'],
  ['SMOVE s t m', 'touches s t'],
  ['XREADGROUP GROUP g c', 'touches everything'],
  ['XREADGROUP GROUP g c STREAMS s t > >', 'touches s t'],
  ['ZUNIONSTORE z 2 a b', 'touches z'],
  ['MSETEX 2 x 1 y 2 EX 9', 'touches x y'],
  ['MSETEX 3 x 1 y 2 EX', 'touches everything'],
  ['BITOP AND d a b', 'touches d'],
  ['FLUSHALL', 'touches nothing'],
  ['SWAPDB 0 1', 'touches everything'],
  ['EVAL s 1 x', 'touches everything'],
  ['EVAL s -1 x', 'touches everything'],
  ['EVAL s 2 x', 'touches everything'],
  ['EVAL s many x', 'touches everything'],
  ['EVALSHA s 1 x', 'touches everything'],
  ['FCALL s 1 x', 'touches everything'],
  ['EVAL_RO s 1 x', 'touches nothing'],
  ['DEBUG SLEEP 0', 'touches nothing'],
  ['DEBUG FLUSHALL', 'touches everything'],
  ['JSON.SET x . 1', 'touches everything'],
  ['CLIENT SETNAME a', 'touches nothing'],
])('the command %s is understood as: %s', (text, what) => expect(understood(text)).toBe(what))

test.each([
  ['SET x 1 NX', null, 'fail'],
  ['SET x 1 XX', null, 'fail'],
  ['SET x 1 XX', 'OK', 'ok "1"'],
  ['SET x 1 GET', '0', 'ok ["0","1"]'],
  ['SET x 1 NX GET', '0', 'ok ["0","0"]'],
  ['SET x 1 NX GET', null, 'ok [null,"1"]'],
  ['SET x 1 XX GET', null, 'ok [null,null]'],
  ['SET x 1 IFEQ 0 GET', '0', 'ok ["0","1"]'],
  ['SET x 1 IFEQ 0 GET', '2', 'ok ["2","2"]'],
  ['GETSET x 1', null, 'ok [null,"1"]'],
  ['GETDEL x', '7', 'ok ["7",null]'],
  ['INCR x', 6, 'ok ["5","6"]'],
  ['INCR x', 1, 'ok ["1"]'],
  ['DECRBY x 3', -3, 'ok ["-3"]'],
  ['DECRBY x 3', 4, 'ok ["7","4"]'],
  ['INCRBYFLOAT x 0.5', '1.5', 'ok "1.5"'],
  ['MGET x y', ['1', null], 'ok "1", ok null'],
  ['MGET x y', ['1'], 'ok "1", not-understood'],
  ['MSETNX x 1 y 2', 0, 'fail, fail'],
  ['MGET x y', ['1', 7], 'ok "1", not-understood'],
  ['SET x 1 IFNE 0 GET', '0', 'ok ["0","0"]'],
  ['SET x 1 IFNE 0 GET', '2', 'ok ["2","1"]'],
  ['INCR x', '6', 'not-understood'],
  ['INCR x', Number.MIN_SAFE_INTEGER, 'not-understood'],
  ['INCRBY x -5', Number.MAX_SAFE_INTEGER, 'not-understood'],
  ['DELIFEQ x 1', 1, 'ok ["1",null]'],
  ['DELIFEQ x 1', 0, 'fail'],
  ['HMSET h f 1', 7, 'ok "1"'],
  ['HMSET h f 1', 'NO', 'not-understood'],
  ['DEL x', 0, 'ok null'],
  ['HSET h f 1', 0, 'ok "1"'],
  ['HMSET h f 1', 'OK', 'ok "1"'],
  ['SET x 1', 7, 'not-understood'],
  ['GET x', 7, 'not-understood'],
  ['GET x', { base64: '/w==' }, 'ok {"base64":"/w=="}'],
  ['GET x', { error: 'WRONGTYPE no' }, 'fail'],
  ['SET x 1', { error: 'ERR Connection timed out' }, 'info'],
  ['SET x 1', { error: 'odd' }, 'info'],
] as const)('the command %s with the reply %o has the outcome: %s', (text, answer, what) =>
  expect(understood(text, answer as Json)).toBe(what),
)

test.each<readonly [string, string, Json, string]>([
  ['set', 'SISMEMBER s a', 0, 'ok false'],
  ['set', 'SISMEMBER s a', 1, 'ok true'],
  ['set', 'SISMEMBER s a', 2, 'not-understood'],
  ['set', 'SMISMEMBER s a b', [0, 1], 'ok false, ok true'],
  ['set', 'SMISMEMBER s a b', [0], 'ok false, not-understood'],
  ['set', 'SMEMBERS s', ['a'], 'ok ["a"]'],
  ['queue', 'RPOP q', 'a', 'ok "a"'],
  ['queue', 'BRPOP q 0', ['q', 'a'], 'ok "a"'],
  ['queue', 'BRPOP q 0', null, 'ok null'],
  ['queue', 'BRPOP q 0', ['q'], 'not-understood'],
  ['queue', 'BRPOP q 0', ['q', 'a', 'b'], 'not-understood'],
  ['work-queue', 'XADD q * message a', '1-0', 'ok "a"'],
  ['work-queue', 'XADD q * message a', null, 'not-understood'],
  ['work-queue', 'XACK q workers 1-0', 1, 'ok "1-0"'],
  ['work-queue', 'XACK q workers 1-0', 0, 'fail'],
  ['counter', 'GET n', null, 'ok null'],
  ['counter', 'GET n', '2.5', 'ok 2.5'],
  ['counter', 'GET n', '', 'not-understood'],
  ['counter', 'GET n', 'a', 'not-understood'],
  ['counter', 'GET n', 2, 'not-understood'],
  ['lock', 'SET k t NX', 'OK', 'ok "t"'],
  ['lock', 'SET k t NX', null, 'fail'],
])('with the model %s, the command %s with the reply %j has the outcome: %s', (model, text, answer, what) =>
  expect(understood(text, answer, model)).toBe(what),
)

test.each([
  ['a condition that failed', 'SET x 1 NX', null, true],
  ['an error of the server', 'SET x 1 NX', { error: 'WRONGTYPE no' }, undefined],
])('the reply to a refused command shows whether the object itself refused it: %s', (_, text, answer, answered) => {
  const words = text.split(' ')
  const { recognised } = analyse('SET', words, { commands: commandSet(), keySpace: new KeySpace(), database: '0' })
  const outcome = completionsOf(recognised!, answer) as Interpretation & { readonly answered?: boolean }
  expect([outcome.type, outcome.answered]).toEqual(['fail', answered])
})

test.each([
  ['register', 'GET x', true],
  ['register', 'SET x 1', undefined],
  ['set', 'SMEMBERS s', true],
  ['set', 'SISMEMBER s a', true],
  ['set', 'SADD s a', undefined],
  ['counter', 'GET n', true],
  ['work-queue', 'XACK q workers 1-0', undefined],
])('whether the model %s records the command %s as harmless: %s', (model, text, harmless) => {
  const context = { commands: commandSet({ model }), keySpace: new KeySpace(), database: '0' }
  const { recognised } = analyse(text.split(' ')[0]!, text.split(' '), context)
  expect(recognised?.parts[0].call.harmless).toBe(harmless)
})

const SHA = '0123456789abcdef0123456789abcdef01234567'

test.each([
  ['GET x', 'GET'],
  ['EVAL s 0', 'EVAL'],
  [`EVALSHA ${SHA} 0`, `EVALSHA ${SHA}`],
  ['EVALSHA s 0', 'EVALSHA'],
  [`GET ${SHA}`, 'GET'],
])('the command %s is reported as %s', (text, what) => {
  const context = { commands: commandSet(), keySpace: new KeySpace(), database: '0' }
  expect(analyse(text.split(' ')[0]!, text.split(' '), context).what).toBe(what)
})

test.each([
  ['set', 'SADD s a b', 'add s="a", add s="b"'],
  ['set', 'SISMEMBER s a', 'contains s="a"'],
  ['set', 'SISMEMBER s a b', 'touches nothing'],
  ['work-queue', 'XADD q * message a', 'enqueue q="a"'],
  ['work-queue', 'XADD q 1-0 message a', 'touches q'],
  ['work-queue', 'XADD q * other a', 'touches q'],
  ['work-queue', 'XADD q * message a more b', 'touches q'],
  ['work-queue', 'XACK q workers 1-0', 'ack q="1-0"'],
  ['work-queue', 'XACK q others 1-0', 'touches q'],
  ['work-queue', 'XACK q workers 1-0 2-0', 'touches q'],
  ['queue', 'LPUSH q', 'touches q'],
  ['queue', 'RPUSH q', 'touches q'],
  ['lock', 'SET k t NX', 'acquire k=null'],
  ['lock', 'SET k t EX 10 NX', 'acquire k=null'],
  ['lock', 'SET k t NX XX', 'touches k'],
  ['lock', 'SET k t NX PXAT 99', 'touches k'],
  ['lock', 'SET k t NX PX', 'touches k'],
  ['set', 'SREM s a', 'remove s="a"'],
  ['set', 'SMEMBERS s', 'read s=null'],
  ['set', 'SMISMEMBER s a b', 'contains s="a", contains s="b"'],
  ['set', 'SPOP s', 'touches s'],
  ['set', 'SUNIONSTORE d s t', 'touches d'],
  ['queue', 'LPUSH q a b', 'enqueue q="a", enqueue q="b"'],
  ['queue', 'RPOP q', 'dequeue q=null'],
  ['list-append', 'RPUSH l a b', 'append l="a", append l="b"'],
  ['list-append', 'LRANGE l 0 -1', 'read l=null'],
  ['list-append', 'LRANGE l 0 5', 'touches nothing'],
  ['list-append', 'LPUSH l a', 'touches l'],
  ['lock', 'SET k t NX PX 1000', 'acquire k=null'],
  ['lock', 'SET k t PX 1000', 'touches k'],
  ['lock', 'DEL k', 'touches k'],
  ['queue', 'BRPOP q 0', 'dequeue q=null'],
  ['queue', 'BRPOP q r 0', 'touches q r'],
  ['queue', 'LPOP q 2', 'touches q'],
  ['counter', 'DECRBY n 2', 'subtract n=2'],
  ['counter', 'SET n 2', 'touches n'],
])('with the model %s, the command %s is understood as: %s', (model, text, what) =>
  expect(understood(text, undefined, model)).toBe(what),
)

test('a list is recognised as a queue if its commands fill one end and empty the other', () => {
  const context = { commands: commandSet({ model: 'queue' }), keySpace: new KeySpace(), database: '0' }
  const isRecognised = (text: string) =>
    analyse(text.split(' ')[0] ?? '', text.split(' '), context).recognised !== undefined
  expect(['RPUSH q a', 'LPOP q', 'BLPOP q 0'].map(isRecognised)).toEqual([true, true, true])
  expect(['LPUSH q a', 'RPOP q'].map(isRecognised)).toEqual([false, false])
  expect(['RPOP r', 'LPUSH r a', 'RPUSH r a', 'LPOP r'].map(isRecognised)).toEqual([true, true, false, false])
})

test('a command on a hash acts on each of its fields', () => {
  const keySpace = new KeySpace()
  const context = { commands: commandSet(), keySpace, database: '1' }
  const analysed = (text: string) => analyse(text.split(' ')[0] ?? '', text.split(' '), context)
  analysed('HSET h f 1 g 2')
  expect(analysed('DEL h')).toMatchObject({
    recognised: { parts: [{ call: { key: '1/h' } }, { call: { key: '1/h[f]' } }, { call: { key: '1/h[g]' } }] },
  })
  expect(analysed('SET h 1')).toMatchObject({ recognised: { touches: { keys: ['1/h[f]', '1/h[g]'] } } })
  expect(analysed('EXPIRE h 1')).toMatchObject({
    lifetimes: [{ key: '1/h' }, { key: '1/h[f]' }, { key: '1/h[g]' }],
  })
  expect(analysed('HEXPIRE h 1 NX FIELDS 1 g')).toMatchObject({ lifetimes: [{ key: '1/h[g]', afterMs: 1000 }] })
  // The command may also have changed a field that was unknown at the time.
  analysed('EXPIRE h 0')
  expect(analysed('HGET h new')).toEqual({ what: 'HGET', touches: 'nothing' })
  expect(analysed('HSET h new 1')).toEqual({
    what: 'HSET',
    touches: { keys: expect.arrayContaining(['1/h']) },
  })
})

test('keys of different databases, keys of hashes, and binary keys get distinct names in the record', () => {
  const keySpace = new KeySpace()
  const names = (database: string) => keySpace.names(database)
  const all = [
    names('0').key('x'),
    names('1').key('x'),
    names('0').key('1/x'),
    names('0').key('"1/x"'),
    names('0').key('h[f]'),
    names('0').field('h', 'f'),
    names('0').field('h[f', 'f]'),
    names('0').field('h', '[f]'),
    names('0').key({ base64: '/w==' }),
    names('0').key('{"base64":"/w=="}'),
  ]
  expect(new Set(all).size).toBe(all.length)
  expect(names('0').key('user:1')).toBe('user:1')
})

test('a Redis script may change all keys, or only its declared keys if scriptsKeepToKeys is set', () => {
  const words = ['EVAL', 'return 1', '2', 'x', 'y', 'arg']
  expect(effectOf('EVAL', words, OPTIONS)).toBe('everything')
  expect(effectOf('EVAL', words, { scriptsKeepToKeys: true })).toEqual(['x', 'y'])
  expect(effectOf('EVAL', ['EVAL', 'return 1', '0'], { scriptsKeepToKeys: true })).toBe('nothing')
  for (const name of ['EVALSHA', 'FCALL']) {
    const called = [name, 'f', '1', 'x', 'arg']
    expect(effectOf(name, called, OPTIONS)).toBe('everything')
    expect(effectOf(name, called, { scriptsKeepToKeys: true })).toEqual(['x'])
  }
  expect(effectOf('FLUSHALL', ['FLUSHALL'], { scriptsKeepToKeys: true })).toBe('everything')
})

type CommandInfo = readonly [
  string,
  number,
  readonly string[],
  number,
  number,
  number,
  unknown,
  unknown,
  unknown,
  readonly CommandInfo[],
]

test('every command of a real Redis is known, and every write command is known to change its keys', async (context) => {
  const server = installed('redis-server')
  const client = installed('redis-cli')
  if (server === undefined || client === undefined) return context.skip(whySkipped('redis-server', 'redis-cli'))
  const { port } = await startRedis(server)
  const commands = JSON.parse(
    execFileSync(client, ['-p', String(port), '--json', 'COMMAND'], { encoding: 'utf8', maxBuffer: 1 << 24 }),
  ) as readonly CommandInfo[]
  expect(commands.length).toBeGreaterThan(200)
  const unknown = commands.map(([name]) => name.toUpperCase()).filter((name) => !isKnownCommand(name))
  expect(unknown).toEqual([])
  const wrong: string[] = []
  for (const [name, , flags, first, last, step] of commands) {
    // Compare the keys that each write command changes with the key positions that Redis reports. Skip commands with
    // movable keys, which other tests cover.
    if (!flags.includes('write') || first === 0 || flags.includes('movablekeys')) continue
    const words = [name.toUpperCase(), ...Array.from({ length: 6 }, (_, i) => `word${i + 1}`)]
    const effect = effectOf(words[0] ?? '', words, OPTIONS)
    if (effect === 'everything') continue
    const end = last < 0 ? words.length + last : last
    const keys = words.filter((_, i) => i >= first && i <= end && (i - first) % step === 0)
    // A command that stores its result changes only the destination key.
    const missing = effect === 'nothing' ? keys : keys.filter((key) => !effect.includes(key))
    const isStore = /STORE$|^(BITOP|PFMERGE|COPY)$/.test(words[0] ?? '')
    if (effect === 'nothing' ? words[0] !== 'PERSIST' : missing.length > 0 && !isStore) wrong.push(words[0] ?? '')
  }
  expect(wrong).toEqual([])
})
