import { describe, expect, test } from 'vitest'
import { commandSet } from '../../../src/redis/command-set.ts'
import { recordResp } from '../../../src/redis/resp-recorder.ts'
import { recorded } from '../../redis/recorded.ts'

// Commands that move or delete whole keys, and scripts of popular packages.

/**
 * Sends these commands, each given with its answer. Returns what is recorded: first the completions without their
 * processes, then the recorder's marks, such as `touched x: …`.
 */
function done(all: readonly (readonly [command: string, answer: string])[], { nodes = 1 } = {}): readonly string[] {
  const answers = all.map(([, answer]) => answer)
  const { ask, told, marks, recorder } = recorded({ answer: () => answers.shift() ?? '' })
  for (let i = 1; i < nodes; i++) recordResp({ recorder, node: `n${i + 1}` })
  for (const [text] of all) ask(`${text}\r\n`)
  const ends = told().filter((line) => !line.includes('invoke'))
  return [...ends.map((line) => line.replace(/^\d+ /, '').replace(/=undefined !.*/, '')), ...marks()]
}

const OK = '+OK\r\n'
const ONE = ':1\r\n'
const setX = ['SET x 1', OK] as const

describe('RENAME', () => {
  test('RENAME writes the last written value of the old key to the new key', () => {
    expect(done([setX, ['RENAME x y', OK]])).toEqual(['ok write x="1"', 'ok write x=null', 'ok write y="1"'])
    expect(done([setX, ['INCR x', ':2\r\n'], ['RENAMENX x y', ONE]]).slice(2)).toEqual([
      'ok write x=null',
      'ok write y="2"',
    ])
  })

  test('RENAME writes the last written value even after reads, renames, deletions or refused writes', () => {
    expect(done([setX, ['GET x', '$1\r\n1\r\n'], ['RENAME x y', OK]]).slice(2)).toEqual([
      'ok write x=null',
      'ok write y="1"',
    ])
    expect(done([setX, ['RENAME x y', OK], ['RENAME y z', OK]]).slice(3)).toEqual(['ok write y=null', 'ok write z="1"'])
    expect(done([setX, ['SET x 2', '-READONLY You\r\n'], ['RENAME x y', OK]]).slice(2)).toEqual([
      'ok write x=null',
      'ok write y="1"',
    ])
    expect(done([setX, ['DEL x', ONE], ['SET x 3', OK], ['RENAME x y', OK]]).slice(3)).toEqual([
      'ok write x=null',
      'ok write y="3"',
    ])
  })

  test('a refused RENAME is recorded as failed writes of both keys', () => {
    expect(done([setX, ['RENAMENX x y', ':0\r\n']]).slice(1)).toEqual(['fail write x', 'fail write y'])
    expect(done([setX, ['RENAME x y', '-READONLY You\r\n']]).slice(1)).toEqual(['fail write x', 'fail write y'])
  })

  test('RENAME deletes the fields of the key that it replaces', () => {
    const lines = done([['HSET y f 1', ONE], setX, ['RENAME x y', OK]])
    expect(lines.slice(2)).toEqual(['ok write x=null', 'ok write y="1"', 'ok write y[f]=null'])
  })

  test.each<readonly [string, readonly (readonly [string, string])[]]>([
    ['nobody has written it', [['GET x', '$1\r\n1\r\n']]],
    ['it has a time to live', [['SET x 1 EX 10', OK]]],
    ['it was changed by a command that is no operation', [setX, ['SETRANGE x 0 2', ONE]]],
    ['it is a list', [setX, ['LPUSH x 2', '-WRONGTYPE\r\n']]],
    ['a text was appended', [setX, ['APPEND x 2', ':2\r\n']]],
    ['it is a hash', [setX, ['HSET x f 1', '-WRONGTYPE\r\n']]],
    ['scripts may have changed it', [setX, ['EVAL s 0', OK]]],
  ])('RENAME marks the new key as possibly changed if the value of the old key is unknown: %s', (_, before) => {
    const lines = done([...before, ['RENAME x y', OK], ['GET y', '$1\r\n1\r\n']])
    expect(lines).not.toContain('ok write y="1"')
    expect(lines.some((line) => line.startsWith('touched y') || line.startsWith('touched *'))).toBe(true)
  })

  test('RENAME marks the new key as possibly changed if several servers are recorded', () => {
    expect(done([setX, ['RENAME x y', OK]], { nodes: 2 })).toContain('touched y: RENAME')
  })

  test('RENAME leaves the value of the new key unknown if the old key is written concurrently', () => {
    const { client, connect, told } = recorded({ answer: (words) => (words[0] === 'RENAME' ? '' : OK) })
    client.send('SET x 1\r\n')
    const other = connect()
    other.send('RENAME x y\r\n')
    client.send('SET x 2\r\n')
    other.reset()
    expect(told().filter((line) => line.includes('y='))).toHaveLength(2)
    const sameTime = recorded({ answer: (words) => (words[2] === '2' ? '' : OK) })
    sameTime.client.send('SET x 1\r\n')
    sameTime.connect().send('SET x 2\r\n')
    sameTime.client.send('RENAME x y\r\n')
    expect(sameTime.marks()).toEqual(['touched y: RENAME'])
  })
})

describe('FLUSHALL and FLUSHDB', () => {
  const before = [setX, ['SELECT 1', OK], ['SET z 1', OK], ['SELECT 0', OK], ['HSET h f 1', ONE]] as const

  test('FLUSHALL deletes every key and field that was seen, and FLUSHDB only those in the selected database', () => {
    const [all, one] = ['FLUSHALL', 'FLUSHDB'].map((name) => done([...before, [name, OK]]).slice(3))
    expect(done([...before, ['FLUSHALL ASYNC', OK]]).slice(3)).toEqual(all)
    const ofZero = ['ok write x=null', 'ok write h=null', 'ok write h[f]=null']
    expect(one).toEqual(ofZero)
    expect(new Set(all)).toEqual(new Set([...ofZero, 'ok write 1/z=null']))
  })

  test('a FLUSHALL or FLUSHDB is recorded as a deletion of each key, even of a key first seen after the flush', () => {
    for (const name of ['FLUSHALL', 'FLUSHDB ASYNC', 'flushdb sync']) {
      const lines = done([
        [name, OK],
        ['GET new', '$-1\r\n'],
      ])
      expect(lines).toEqual(['ok write new=null', 'ok read new=null'])
    }
    const other = [
      ['FLUSHDB', OK],
      ['SELECT 1', OK],
      ['GET new', '$-1\r\n'],
    ] as const
    expect(done(other)).toEqual(['ok read 1/new=null'])
    expect(done([['FLUSHALL', OK], ...other.slice(1)])).toEqual(['ok write 1/new=null', 'ok read 1/new=null'])
    expect(
      done([
        ['FLUSHALL', '-NOPERM no\r\n'],
        ['GET new', '$-1\r\n'],
      ]),
    ).toEqual(['ok read new=null'])
    expect(
      done([
        ['FLUSHALL', OK],
        ['HGET h f', '$-1\r\n'],
      ]),
    ).toContain('ok write h[f]=null')
  })

  test('FLUSHALL marks a key that is first seen before its reply as possibly changed', () => {
    const { client, connect, told, marks } = recorded({ answer: ([name]) => (name === 'FLUSHALL' ? '' : undefined) })
    client.send('SET old 1\r\n')
    client.send('FLUSHALL\r\n')
    connect().send('GET new\r\n')
    expect(marks()).toEqual(['touched new: FLUSHALL'])
    expect(told().slice(2)).toEqual(['0 invoke write old=null', '1 invoke read new=null', '1 ok read new=null'])
  })

  test('FLUSHALL of one of several servers records no deletion of a key that is first seen later', () => {
    const seen = ['GET new', '$-1\r\n'] as const
    expect(done([['FLUSHALL', OK], seen], { nodes: 2 })).toEqual(['ok read new=null', 'touched *: FLUSHALL'])
  })

  test('FLUSHALL deletes a key that is first read later only if the model is register and the initial value is unknown', () => {
    const absent = (options: Parameters<typeof recorded>[0]) => {
      const { ask, told } = recorded({ ...options, answer: ([name]) => (name === 'FLUSHALL' ? OK : '$-1\r\n') })
      ask('FLUSHALL\r\n')
      ask('GET new\r\n')
      return told().includes('0 ok write new=null')
    }
    expect([{}, { initial: { value: null } }, { commands: commandSet({ model: 'counter' }) }].map(absent)).toEqual([
      true,
      false,
      false,
    ])
  })

  test('FLUSHALL records no deletion of a key that is first seen after a refused flush of other keys', () => {
    const seen = ['GET new', '$-1\r\n'] as const
    expect(done([setX, ['FLUSHALL', '-NOPERM no\r\n'], seen])).not.toContain('ok write new=null')
    expect(done([setX, ['FLUSHALL', OK], seen])).toContain('ok write new=null')
  })

  test('FLUSHALL marks every key as possibly changed if its arguments are unknown, or if several servers are recorded', () => {
    for (const text of ['FLUSHALL SOON', 'FLUSHALL ASYNC SYNC'])
      expect(done([setX, [text, OK]])).toContain(`touched *: FLUSHALL`)
    expect(done([setX, ['FLUSHALL', OK]], { nodes: 2 })).toContain('touched *: FLUSHALL')
  })
})

const FLEXIBLE = `redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX') local consumed = redis.call('incrby', KEYS[1], ARGV[1]) local ttl = redis.call('pttl', KEYS[1]) if ttl == -1 then redis.call('expire', KEYS[1], ARGV[2]) ttl = 1000 * ARGV[2] end return {consumed, ttl}`
const WINDOW = `local windowMs = tonumber(ARGV[1]) local timeToExpire = redis.call("PTTL", KEYS[1]) if timeToExpire <= 0 then redis.call("SET", KEYS[1], 1, "PX", windowMs) return { 1, windowMs } end local totalHits = redis.call("INCR", KEYS[1]) return { totalHits, timeToExpire }`
const HITS = `local totalHits = redis.call("GET", KEYS[1]) local timeToExpire = redis.call("PTTL", KEYS[1]) return { totalHits, timeToExpire }`
const FIRST = `local c = redis.call('INCR', KEYS[1]) if tonumber(c) == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return c`
const ACQUIRE = `for i, key in ipairs(KEYS) do if redis.call("exists", key) == 1 then return 0 end end for i, key in ipairs(KEYS) do redis.call("set", key, ARGV[1], "PX", ARGV[2]) end return #KEYS`
const EXTEND = `for i, key in ipairs(KEYS) do if redis.call("get", key) ~= ARGV[1] then return 0 end end for i, key in ipairs(KEYS) do redis.call("set", key, ARGV[1], "PX", ARGV[2]) end return #KEYS`
const RELEASE = `local count = 0 for i, key in ipairs(KEYS) do if redis.call("get", key) == ARGV[1] then redis.pcall("del", key) count = count + 1 end end return count`

const bulks = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

/** Returns how a call of a script ends, and whether its key may be gone `after` milliseconds later. */
function ended(script: string, args: readonly string[], answer: string, { model = 'register', after = 0 } = {}) {
  const { ask, pass, told, views, marks } = recorded({
    answer: (words) => (words[0] === 'EVAL' ? answer : '$1\r\n1\r\n'),
    commands: commandSet({ model }),
  })
  ask(bulks('EVAL', script, ...args))
  const ends = told().flatMap((line) =>
    line.includes('invoke') ? [] : [line.replace(/^\d+ /, '').replace(/=undefined !.*/, '')],
  )
  pass(after)
  for (const key of args.slice(1, 1 + Number(args[0]))) ask(`GET ${key}\r\n`)
  const expiring = (views.client as readonly { expires?: true; key?: string; type: string }[]).flatMap((event) =>
    event.expires === true ? [event.key] : [],
  )
  return { ends, expiring, marks: marks() }
}

describe('a script of a rate limiter', () => {
  test.each([
    ['rate-limiter-flexible', FLEXIBLE, ['1', 'u', '2', '90']],
    ['rate-limit-redis', WINDOW, ['1', 'u', '90000']],
  ])('a rate-limiter script of %s adds to a count, which expires after the time in the reply', (_, script, args) => {
    const points = script === FLEXIBLE ? 2 : 1
    const sum = JSON.stringify([String(5 - points), '5'])
    expect(ended(script, args, '*2\r\n:5\r\n:5000\r\n', { after: 4000 })).toEqual({
      ends: [`ok cas u=${sum}`],
      expiring: [],
      marks: [],
    })
    expect(ended(script, args, '*2\r\n:5\r\n:5000\r\n', { after: 5000 }).expiring).toEqual(['u'])
    expect(ended(script, args, '*2\r\n:5\r\n:-1\r\n', { after: 95_000 }).expiring).toEqual([])
    expect(ended(script, args, '*2\r\n:5\r\n:0\r\n').expiring).toEqual(['u'])
    expect(ended(script, args, ':5\r\n').ends).toEqual(['info cas u'])
    expect(ended(script, ['2', 'u', 'v', ...args.slice(2)], '*2\r\n:5\r\n:5000\r\n').marks).toEqual(['touched *: EVAL'])
    expect(ended(script, ['1', 'u'], '*2\r\n:5\r\n:5000\r\n').marks).toEqual(['touched *: EVAL'])
  })

  test.each([
    ['rate-limiter-flexible', FLEXIBLE, ['1', 'u', '2', 'soon']],
    ['rate-limiter-flexible', FLEXIBLE, ['1', 'u', '2', '0']],
    ['rate-limiter-flexible', FLEXIBLE, ['1', 'u', 'many', '90']],
    ['rate-limit-redis', WINDOW, ['1', 'u', 'soon']],
    ['rate-limit-redis', WINDOW, ['1', 'u', '0']],
    ['many tutorials', FIRST, ['1', 'u', 'soon']],
  ])(
    'a rate-limiter script of %s may change every key if an argument is not a valid amount: %s %j',
    (_, script, args) => {
      expect(ended(script, args, '*2\r\n:5\r\n:5000\r\n')).toMatchObject({ ends: [], marks: ['touched *: EVAL'] })
    },
  )

  test('a rate-limiter script may set a time to live of a millisecond', () => {
    expect(ended(WINDOW, ['1', 'u', '1'], '*2\r\n:5\r\n:1\r\n').ends).toEqual(['ok cas u=["4","5"]'])
    expect(ended(ACQUIRE, ['1', 'l', 'token', '1'], ':1\r\n').ends).toEqual(['ok cas l=[null,"token"]'])
    expect(ended(ACQUIRE, ['1', 'l', 'token', 'soon'], ':1\r\n').marks).toEqual(['touched *: EVAL'])
  })

  test('a rate-limiter script that reads a count is recorded as a read, with an unknown outcome after an unclear reply', () => {
    expect(ended(HITS, ['1', 'u'], '*2\r\n$1\r\n5\r\n:7\r\n').ends).toEqual(['ok read u="5"'])
    expect(ended(HITS, ['1', 'u'], '*2\r\n$-1\r\n:-2\r\n').ends).toEqual(['ok read u=null'])
    expect(ended(HITS, ['1', 'u'], '*2\r\n:5\r\n:7\r\n').ends).toEqual(['info read u'])
    expect(ended(HITS, ['1', 'u'], '*0\r\n').ends).toEqual(['info read u'])
  })

  test('a rate-limiter script sets the time to live of its count only with the first request', () => {
    expect(ended(FIRST, ['1', 'u', '90'], ':1\r\n', { after: 95_000 })).toEqual({
      ends: ['ok cas u=["1"]'],
      expiring: ['u'],
      marks: [],
    })
    expect(ended(FIRST, ['1', 'u', '90'], ':2\r\n', { after: 95_000 })).toMatchObject({
      ends: ['ok cas u=["1","2"]'],
      expiring: [],
    })
    expect(ended(FIRST, ['1', 'u', '0'], ':1\r\n').marks).toEqual(['touched *: EVAL'])
    expect(ended(FIRST, ['2', 'u', 'v', '90'], ':1\r\n').marks).toEqual(['touched *: EVAL'])
  })
})

describe('a script of redlock', () => {
  test('a redlock script sets its token on all keys for the given time, if the reply confirms all keys', () => {
    const args = ['2', 'l', 'm', 'token', '9000']
    const both = ['ok cas l=[null,"token"]', 'ok cas m=[null,"token"]']
    expect(ended(ACQUIRE, args, ':2\r\n', { after: 5000 })).toEqual({ ends: both, expiring: [], marks: [] })
    expect(ended(ACQUIRE, args, ':2\r\n', { after: 9000 }).expiring).toEqual(['l', 'm'])
    expect(ended(ACQUIRE, args, ':0\r\n', { after: 9000 })).toMatchObject({
      ends: ['fail cas l', 'fail cas m'],
      expiring: [],
    })
    expect(ended(ACQUIRE, args, ':1\r\n').ends).toEqual(['info cas l', 'info cas m'])
    expect(ended(ACQUIRE, ['1', 'l', 'token', '0'], ':1\r\n').marks).toEqual(['touched *: EVAL'])
    expect(ended(EXTEND, ['1', 'l', 'token', '9000'], ':1\r\n').ends).toEqual(['ok cas l=["token","token"]'])
    expect(ended(RELEASE, ['1', 'l', 'token'], ':1\r\n').ends).toEqual(['ok cas l=["token",null]'])
    expect(ended(RELEASE, ['1', 'l', 'token'], ':0\r\n').ends).toEqual(['fail cas l'])
  })

  test.each([
    ['more keys', ['2', 'l', 'm', 'token']],
    ['more values', ['1', 'l', 'token', 'more']],
    ['fewer values', ['1', 'l']],
    ['a negative number of keys', ['-1', 'l', 'token']],
    ['no keys', ['0', 'l', 'token']],
    ['a number of keys that is no number', ['many', 'l', 'token']],
    ['a number of keys above the number of words', ['3', 'l', 'token']],
  ])('a redlock script marks every key as possibly changed if it is called with %s', (_, args) => {
    expect(ended(RELEASE, args, ':1\r\n')).toMatchObject({ ends: [], marks: ['touched *: EVAL'] })
  })

  test('in the model lock, a redlock script is recorded as an acquire or a release of each key', () => {
    const lock = { model: 'lock' }
    expect(ended(ACQUIRE, ['2', 'l', 'm', 't', '9'], ':2\r\n', lock).ends).toEqual([
      'ok acquire l="t"',
      'ok acquire m="t"',
    ])
    expect(ended(ACQUIRE, ['2', 'l', 'm', 't', '9'], ':0\r\n', lock).ends).toEqual(['fail acquire l', 'fail acquire m'])
    expect(ended(ACQUIRE, ['2', 'l', 'm', 't', '9'], ':1\r\n', lock).ends).toEqual(['info acquire l', 'info acquire m'])
    expect(ended(RELEASE, ['1', 'l', 't'], ':1\r\n', lock).ends).toEqual(['ok release l="t"'])
    expect(ended(RELEASE, ['2', 'l', 'm', 't'], ':1\r\n', lock)).toMatchObject({ ends: [], marks: ['touched *: EVAL'] })
    expect(ended(EXTEND, ['1', 'l', 't', '9'], ':1\r\n', lock)).toEqual({ ends: [], expiring: [], marks: [] })
  })
})
