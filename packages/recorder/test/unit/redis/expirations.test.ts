import { type Json, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Completions } from '../../../src/record/call.ts'
import type { CommandOperation } from '../../../src/redis/answers.ts'
import { commandSet } from '../../../src/redis/command-set.ts'
import { Expirations, isSetBy, type PlacedLifetime } from '../../../src/redis/expirations.ts'
import type { Lifetime } from '../../../src/redis/lifetime.ts'
import { recordResp } from '../../../src/redis/resp-recorder.ts'
import { recorded } from '../../redis/recorded.ts'

const OK = '+OK\r\n'
const ONE = ':1\r\n'
const ABSENT = '$-1\r\n'
const HERE = '$1\r\n1\r\n'

/** A command with its answer, or a number of milliseconds that pass. */
type Step = readonly [command: string, answer: string] | number

/** Returns the expiries that these steps record, as `invoke x`, `ok x` and `fail x`. */
function expiries(steps: readonly Step[], { model = 'register', nodes = 1 } = {}): readonly string[] {
  let next = ''
  const { ask, pass, views, recorder } = recorded({ answer: () => next, commands: commandSet({ model }) })
  for (let i = 1; i < nodes; i++) recordResp({ recorder, node: `n${i + 1}` })
  for (const step of steps)
    if (typeof step === 'number') pass(step)
    else {
      next = step[1]
      ask(`${step[0]}\r\n`)
    }
  return expiriesIn(views.client)
}

const expiriesIn = (events: readonly object[]): readonly string[] =>
  (events as readonly { readonly type: string; readonly key: string; readonly expires?: true }[]).flatMap((event) =>
    event.expires === true ? [`${event.type} ${event.key}`] : [],
  )

const setFor10s: Step = ['SET x 1 EX 10', OK]
const gone: Step = ['GET x', ABSENT]
const here: Step = ['GET x', HERE]

describe('a key with a time to live', () => {
  test('a key may expire slightly before the end of its time to live, because clocks differ', () => {
    expect(expiries([setFor10s, 9889.5, gone])).toEqual([])
    expect(expiries([setFor10s, 9890.5, gone])).toEqual(['invoke x', 'ok x'])
  })

  test('a key may be absent at any time after the end of its time to live until it is written again', () => {
    expect(expiries([setFor10s, 20_000, here])).toEqual(['invoke x'])
    expect(expiries([setFor10s, 20_000, here, here])).toEqual(['invoke x'])
    expect(expiries([setFor10s, 20_000, here, gone])).toEqual(['invoke x', 'ok x'])
    expect(expiries([setFor10s, 20_000, here, ['SET x 2', OK]])).toEqual(['invoke x', 'fail x'])
    expect(expiries([setFor10s, 20_000, here, ['SET x 2', OK], gone])).toEqual(['invoke x', 'fail x'])
  })

  test('an expired key may be absent on one server while another server still has it', () => {
    expect(expiries([setFor10s, 20_000, here, ['SET x 2', OK]], { nodes: 2 })).toEqual(['invoke x', 'ok x'])
  })

  test.each<readonly [string, Step]>([
    ['a write without one', ['SET x 2', OK]],
    ['a write that returns the old value', ['SET x 2 GET', HERE]],
    ['a deletion', ['DEL x', ONE]],
    ['its absence', gone],
    ['another time to live', ['EXPIRE x 100', ONE]],
    ['a swap to another value', ['GETSET x 2', HERE]],
  ])('a key loses its time to live by %s', (_, step) => {
    expect(expiries([setFor10s, step, 20_000, here])).toEqual([])
  })

  test.each<readonly [string, Step]>([
    ['a read', here],
    ['an addition', ['APPEND x 2', ':2\r\n']],
    ['a sum', ['INCR x', ':2\r\n']],
    ['a write that keeps it', ['SET x 2 KEEPTTL', OK]],
    ['a refused write', ['SET x 2', '-READONLY You\r\n']],
    ['a swap for the same value', ['GETSET x 1', HERE]],
    ['another time to live that is refused', ['EXPIRE x 100 NX', ':0\r\n']],
  ])('a key keeps its time to live through %s', (_, step) => {
    expect(expiries([setFor10s, step, 20_000, here])).toEqual(['invoke x'])
  })

  test('a key has the time to live of the last command that set one', () => {
    expect(expiries([setFor10s, ['PEXPIRE x 100', ONE], 200, here])).toEqual(['invoke x'])
    expect(expiries([setFor10s, ['PSETEX x 100000 1', OK], 20_000, here])).toEqual([])
    expect(expiries([setFor10s, ['PSETEX x 100000 1', '-READONLY You\r\n'], 20_000, here])).toEqual(['invoke x'])
    expect(expiries([setFor10s, ['SET x 1 EX 100 GET', HERE], 20_000, here])).toEqual([])
    expect(expiries([setFor10s, ['SET x 2 NX EX 100 GET', HERE], 20_000, here])).toEqual(['invoke x'])
    expect(expiries([setFor10s, ['SET x 2 NX EX 100', ABSENT], 20_000, here])).toEqual(['invoke x'])
    expect(expiries([['EXPIRE x 10', ':0\r\n'], 20_000, here])).toEqual([])
    expect(expiries([['GETEX x EX 10', ABSENT], 20_000, here])).toEqual([])
    expect(expiries([['GETEX x EX 10', HERE], 20_000, here])).toEqual(['invoke x'])
  })

  test('a key may expire at any moment if its expiry is given as a time on the server’s clock', () => {
    expect(expiries([['SET x 1 PXAT 99', OK], here])).toEqual(['invoke x'])
  })

  test.each([
    ['counter', 'INCR n'],
    ['counter', 'DECRBY n 2'],
    ['set', 'SADD n 1'],
    ['set', 'SREM n 1'],
    ['queue', 'LPUSH n 1'],
    ['list-append', 'RPUSH n 1'],
  ])(
    'after its time to live, a key of the model %s is marked as possibly changed, even after the write %s',
    (model, write) => {
      const { ask, pass, marks } = recorded({ answer: () => ONE, commands: commandSet({ model }) })
      ask(`${write}\r\n`)
      ask('EXPIRE n 10\r\n')
      ask(`${write}\r\n`)
      expect(marks()).toEqual([])
      pass(20_000)
      ask(`${write}\r\n`)
      expect(marks()).toEqual(['touched n: its time to live'])
    },
  )
})

describe('a time to live in a transaction', () => {
  const all = (answer: string): readonly Step[] => [
    ['MULTI', OK],
    ['SET x 1 EX 10', '+QUEUED\r\n'],
    ['EXPIRE y 10', '+QUEUED\r\n'],
    ['EXEC', answer],
    20_000,
    here,
    ['GET y', HERE],
  ]

  test('a time to live that a transaction sets is in force even if a later command of the transaction reads the key', () => {
    const steps: readonly Step[] = [
      ['MULTI', OK],
      ['SET x 1 EX 10', '+QUEUED\r\n'],
      ['GET x', '+QUEUED\r\n'],
      ['EXEC', '*2\r\n+OK\r\n$1\r\n1\r\n'],
      20_000,
      gone,
    ]
    expect(expiries(steps)).toEqual(['invoke x', 'ok x'])
  })

  test('a time to live that a transaction sets counts only if the reply to its own command confirms it', () => {
    expect(expiries(all('*2\r\n+OK\r\n:0\r\n'))).toEqual(['invoke x'])
    expect(expiries(all('*2\r\n+OK\r\n:1\r\n'))).toEqual(['invoke x', 'invoke y'])
  })

  test('no time to live is set if the transaction is not executed', () => {
    expect(expiries(all('*-1\r\n'))).toEqual([])
  })
})

describe('an expiry', () => {
  /** Records two connections. The server replies only to these commands. */
  function connected(answers: { readonly [command: string]: string }) {
    const recording = recorded({ answer: (words) => answers[words.join(' ')] ?? '' })
    const ended = () => expiriesIn(recording.views.client)
    return { ...recording, ended, one: recording.client, other: recording.connect() }
  }
  const answers = { 'SET x 1 EX 10': OK, 'SET x 2': OK, 'GET x': HERE }

  test('an expiry remains possible if the command that set its time was not answered', () => {
    const { one, other, pass, ended } = connected({ ...answers, 'SET x 1 EX 10': '' })
    one.send('SET x 1 EX 10\r\n')
    pass(20_000)
    for (const text of ['GET x', 'SET x 2', 'GET x']) other.send(`${text}\r\n`)
    expect(ended()).toEqual(['invoke x'])
  })

  test.each([
    ['by a write', 'SET x 2', ['invoke x', 'fail x']],
    ['by a time to live', 'EXPIRE x 100', ['invoke x', 'fail x']],
    ['by an addition to the value', 'APPEND x 2', ['invoke x']],
    ['by a refused write', 'SET x 2 XX', ['invoke x']],
  ])('if no client saw the key absent, an expiry followed %s (%s) is recorded as: %j', (_, text, events) => {
    const answer = { 'SET x 2': OK, 'EXPIRE x 100': ONE, 'APPEND x 2': ':2\r\n' }[text] ?? ABSENT
    expect(expiries([setFor10s, 20_000, here, [text, answer]])).toEqual(events)
  })

  test.each([
    ['APPEND x 2', 'ok x'],
    ['GETSET x 2', 'ok x'],
    ['STRLEN x', 'fail x'],
    ['SET x 3', 'fail x'],
  ])('if the command %s after an expiry gets no reply, the expiry is recorded as: %s', (text, event) => {
    const { one, other, pass, ended } = connected(answers)
    one.send('SET x 1 EX 10\r\n')
    pass(20_000)
    other.send(`${text}\r\n`)
    other.reset()
    one.send('GET x\r\n')
    one.send('SET x 2\r\n')
    expect(ended()).toEqual(['invoke x', event])
  })

  test('an expiry is recorded as ok once every operation that may still observe it has ended', () => {
    const { one, other, pass, ended } = connected(answers)
    one.send('SET x 1 EX 10\r\n')
    pass(20_000)
    other.send('GETDEL x\r\n')
    one.send('SET x 2\r\n')
    expect(ended()).toEqual(['invoke x'])
    other.reset()
    expect(ended()).toEqual(['invoke x', 'ok x'])
  })

  test('an expiry is recorded as failed if the only unanswered operation is a write, which does not depend on the expiry', () => {
    const { one, other, pass, ended } = connected(answers)
    one.send('SET x 1 EX 10\r\n')
    pass(20_000)
    other.send('SET x 3\r\n')
    other.reset()
    one.send('SET x 2\r\n')
    expect(ended()).toEqual(['invoke x', 'fail x'])
  })
})

describe('a field of a hash with a time to live', () => {
  const set: Step = ['HSET h f 1', ONE]
  const expire: Step = ['EXPIRE h 10', ONE]
  const read: Step = ['HGET h f', ABSENT]

  test('a hash field may expire with the time to live of its hash, even if the field is written after the expiry', () => {
    expect(expiries([set, expire, 5000, read])).toEqual([])
    expect(expiries([set, expire, 20_000, read])).toEqual(['invoke h[f]'])
    expect(expiries([set, expire, 20_000, read, ['HSET h f 2', ONE]])).toEqual(['invoke h[f]'])
  })

  test('the expiry of a hash field is recorded as ok once a DEL has deleted the hash', () => {
    expect(expiries([set, expire, 20_000, read, ['DEL h', ONE]])).toEqual([
      'invoke h[f]',
      'invoke h',
      'fail h',
      'ok h[f]',
    ])
  })

  test('a hash field may expire with the hash even if the field is first seen after the EXPIRE of the hash', () => {
    expect(expiries([set, expire, ['HSET h g 1', ONE], 20_000, ['HGET h g', ABSENT]])).toEqual(['invoke h[g]'])
    const late: Step = ['HSET h g 1', ONE]
    expect(expiries([set, expire, 20_000, ['GET h', '-WRONGTYPE\r\n'], late])).toEqual(['invoke h', 'invoke h[g]'])
  })

  test('the expiry of a hash field is never recorded as failed, because another field may have created the hash again', () => {
    const seen: Step = ['HGET h f', HERE]
    const events = ['invoke h[f]', 'invoke h', 'fail h', 'ok h[f]']
    expect(expiries([set, expire, 20_000, seen, ['DEL h', ONE]])).toEqual(events)
  })

  test.each([
    ['HEXPIRE h 10 FIELDS 2 f g', '*2\r\n:0\r\n:1\r\n', ['invoke h[g]']],
    ['HEXPIRE h 10 NX FIELDS 1 f', '*1\r\n:1\r\n', ['invoke h[f]']],
    ['HEXPIRE h 10', '-ERR wrong number of arguments\r\n', []],
  ])('a hash field has the time to live of %s with the reply %j', (text, answer, events) => {
    const both: Step = ['HSET h f 1 g 2', ':2\r\n']
    const reads: Step[] = [read, ['HGET h g', ABSENT]]
    expect(expiries([both, [text, answer], 20_000, ...reads])).toEqual(events)
  })

  test('the time to live of a hash field is not replaced by a later time to live of the hash', () => {
    const own: Step = ['HEXPIRE h 10 FIELDS 1 f', '*1\r\n:1\r\n']
    const refused: Step = ['HEXPIRE h 10 FIELDS 1 f', '*1\r\n:0\r\n']
    const later: Step = ['EXPIRE h 100', ONE]
    expect(expiries([set, own, later, 20_000, read])).toEqual(['invoke h[f]'])
    expect(expiries([set, refused, later, 20_000, read])).toEqual([])
    expect(expiries([set, ['HPEXPIRE h 10000 FIELDS 1 f', '*1\r\n:1\r\n'], 5000, read])).toEqual([])
    for (const at of ['HEXPIREAT', 'HPEXPIREAT'])
      expect(expiries([set, [`${at} h 99 FIELDS 1 f`, '*1\r\n:1\r\n'], read])).toEqual(['invoke h[f]'])
    // A field that is first set after the HEXPIRE of another field has no time to live.
    expect(expiries([set, own, ['HSET h g 1', ONE], 20_000, ['HGET h g', ABSENT]])).toEqual([])
  })
})

describe('the times to live of Expirations', () => {
  const MS = 1_000_000
  /** The earliest moment at which a time to live of 10 s may end: one percent and 10 ms before its nominal end. */
  const DUE = 9_890 * MS
  const reply = () => undefined
  const lifetime = (key: string, more: Partial<Lifetime> = {}): PlacedLifetime => ({
    lifetime: { key, afterMs: 10_000, isSet: (answer) => answer === 1, ...more },
    at: undefined,
  })
  const part = (f: string, key: string, more: Partial<CommandOperation> = {}): CommandOperation => ({
    call: { f, key, value: f === 'read' ? null : '2', ...(f === 'read' ? { harmless: true } : {}) },
    interpret: reply,
    ...more,
  })
  const ok = (value: Json) => ({ type: 'ok', value }) as const

  /**
   * Returns `Expirations` with a clock that the test sets. The list `told` receives what is recorded: `open x` for the
   * key `x` that may now expire, then `ok x` or `fail x`.
   */
  function tracked() {
    const told: string[] = []
    const clock = { ns: 0 }
    const expirations = new Expirations({
      now: () => nanos(clock.ns),
      open: (key) => {
        told.push(`open ${key}`)
        return { ended: (type) => void told.push(`${type} ${key}`) }
      },
    })
    /** Reports the call of a command to `expirations` and, immediately afterwards, its end. */
    const exchange = (
      parts: readonly CommandOperation[],
      completions: Completions | undefined,
      { lifetimes = [], answer = 1 }: { lifetimes?: readonly PlacedLifetime[]; answer?: Json | undefined } = {},
    ): void => {
      const calledAt = expirations.called(parts, lifetimes)
      expirations.answering(parts)
      expirations.ended(calledAt, { parts, lifetimes }, completions, answer)
    }
    const set = (key: string, more: Partial<Lifetime> = {}) =>
      exchange([], undefined, { lifetimes: [lifetime(key, more)] })
    return { expirations, told, clock, exchange, set }
  }

  test('a key may have expired from 99 percent of its time to live minus 10 ms on, and not a nanosecond earlier', () => {
    const { told, clock, exchange, set } = tracked()
    set('x')
    clock.ns = DUE - 1
    exchange([part('read', 'x')], ok('1'))
    expect(told).toEqual([])
    clock.ns = DUE
    exchange([part('read', 'x')], ok('1'))
    expect(told).toEqual(['open x'])
  })

  test.each<readonly [string, CommandOperation, Completions | undefined, string]>([
    ['happened if a swap with an unknown outcome may have seen the key absent', part('cas', 'x'), undefined, 'ok x'],
    ['failed if no swap but a read had an unknown outcome', part('read', 'x'), undefined, 'fail x'],
    ['failed if no swap but a write had an unknown outcome', part('write', 'x'), undefined, 'fail x'],
    ['failed if the swap was refused', part('cas', 'x'), { type: 'fail', error: 'no' }, 'fail x'],
    ['failed if the swap kept the value', part('cas', 'x'), ok(['1', '1']), 'fail x'],
    ['happened if a read found the key absent', part('read', 'x'), ok(null), 'ok x'],
  ])('after a later write, an expiry %s', (_, between, completions, end) => {
    const { told, clock, exchange, set } = tracked()
    set('x')
    clock.ns = DUE
    exchange([between], completions)
    exchange([part('write', 'x')], ok('2'))
    expect(told).toEqual(['open x', end])
  })

  test('an expiry stays open if it became possible only during the read that found the key absent', () => {
    const { expirations, told, clock, set } = tracked()
    set('x')
    const parts = [part('read', 'x')]
    const calledAt = expirations.called(parts, [])
    clock.ns = DUE
    expirations.answering(parts)
    expirations.ended(calledAt, { parts, lifetimes: [] }, ok(null), null)
    expect(told).toEqual(['open x'])
  })

  test('the time to live of a refused command ends; if it may have been in force, its expiry stays open', () => {
    const { expirations, told, clock } = tracked()
    for (const name of ['n1', 'n2']) expirations.node(name)
    const lifetimes = [lifetime('x')]
    const calledAt = expirations.called([], lifetimes)
    clock.ns = DUE
    expirations.ended(calledAt, { parts: [], lifetimes }, undefined, 0)
    expect(expirations.isLasting('x')).toBe(false)
    expect(told).toEqual(['open x'])
  })

  test('on several servers, a new time to live leaves the earlier expiry open', () => {
    const { expirations, told, clock, set } = tracked()
    for (const name of ['n1', 'n2']) expirations.node(name)
    set('x')
    clock.ns = DUE
    set('x')
    expect(told).toEqual(['open x'])
    expect(expirations.explains('x')).toBe(false)
  })

  test('an expiry ends only after all requests that could show it have ended', () => {
    const { expirations, told, clock, exchange, set } = tracked()
    for (const key of ['x', 'y']) set(key)
    clock.ns = DUE
    const [first, second] = [[part('read', 'x')], [part('read', 'y')]]
    const firstCalledAt = expirations.called(first, [])
    exchange([part('write', 'x')], ok('2'))
    const secondCalledAt = expirations.called(second, [])
    exchange([part('write', 'y')], ok('2'))
    expect(told).toEqual(['open x', 'open y'])
    expirations.ended(firstCalledAt, { parts: first, lifetimes: [] }, ok('1'), '1')
    expect(told).toEqual(['open x', 'open y', 'fail x'])
    expirations.ended(secondCalledAt, { parts: second, lifetimes: [] }, ok('1'), '1')
    expect(told).toEqual(['open x', 'open y', 'fail x', 'fail y'])
  })

  test('an expiry explains the absence of its key only after the time to live', () => {
    const { expirations, clock, exchange, set } = tracked()
    set('x')
    expect([expirations.isLasting('x'), expirations.explains('x'), expirations.explains('y')]).toEqual([
      true,
      false,
      false,
    ])
    clock.ns = DUE
    exchange([part('read', 'x')], ok('1'))
    expect(expirations.explains('x')).toBe(true)
  })

  test('if a hash may have expired, a field that is first seen afterwards may have expired too', () => {
    const { expirations, told, clock, exchange, set } = tracked()
    set('h')
    expirations.field('h', 'h[f]')
    expect(told).toEqual([])
    clock.ns = DUE
    exchange([part('write', 'h')], { type: 'fail', error: 'no' })
    expect(told).toEqual(['open h'])
    expirations.field('h', 'h[g]')
    expect(told).toEqual(['open h', 'open h[g]'])
    exchange([part('write', 'h[g]')], ok('2'))
    exchange([part('write', 'h[f]')], ok('2'))
    expect(told).toEqual(['open h', 'open h[g]', 'ok h[g]', 'open h[f]', 'ok h[f]'])
  })

  test('a reply shows whether a key was absent only if the request has a single operation', () => {
    const sees = () => 'nothing' as const
    for (const others of [[], [part('read', 'y')]]) {
      const { expirations, exchange, set } = tracked()
      set('x')
      exchange([part('append', 'x', { sees, keepsTimeToLive: true }), ...others], ok('1'))
      expect(expirations.isLasting('x')).toBe(others.length > 0)
    }
    const { expirations, exchange, set } = tracked()
    set('x')
    exchange([part('append', 'x', { sees, keepsTimeToLive: true })], { type: 'fail', error: 'no' })
    expect(expirations.isLasting('x')).toBe(true)
  })

  test('at most 100,000 times to live are tracked; any further key may expire at once', () => {
    const { told, set } = tracked()
    for (let i = 0; i < 100_000; i++) set(`${i}`)
    expect(told).toEqual([])
    set('x')
    expect(told).toEqual(['open x'])
  })

  test.each<readonly [string, Partial<Lifetime>, number | undefined, Json, boolean]>([
    ['was set', {}, undefined, 1, true],
    ['was not set', {}, undefined, 0, false],
    ['was set by a command of a transaction', {}, 1, [0, 1], true],
    ['was not set by a command of a transaction', {}, 0, [0, 1], false],
    ['is not in the reply', { isSet: () => true }, 2, [0, 1], false],
    ['is of a field', { isOfField: true }, undefined, 1, false],
    ['is not told', { isSet: () => undefined }, undefined, 1, false],
  ])('isSetBy says whether the reply confirms a time to live that %s', (_, more, at, answer, isSet) => {
    expect(isSetBy({ ...lifetime('x', more), at }, answer)).toBe(isSet)
  })
})
