import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Call, Completions } from '../../../src/record/call.ts'
import { UNSAID } from '../../../src/record/call.ts'
import { Lanes, Ticks } from '../../../src/record/processes.ts'
import { Retries } from '../../../src/record/retries.ts'
import { asks, eventTexts, ok, read, recording, write } from '../../record/in-memory.ts'

const script = { kind: 'passed-on', what: 'EVAL', touches: { keys: ['x'] } } as const
const refusal = { type: 'fail', error: 'no' } as const
const unclear = { type: 'not-understood', error: 'no JSON' } as const

/** Returns the recorder's marks, as kind and key: `touched x`, `withdrawn`. */
const marks = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => {
    const { process, f, key } = JSON.parse(line) as { readonly [member: string]: Json }
    return process === 'recorder' && f !== 'passed-on' ? [key === undefined ? `${f}` : `${f} ${key}`] : []
  })

describe('the marks of a request that is not an operation', () => {
  test.each<readonly [string, Completions, readonly string[]]>([
    ['are withdrawn if the backend refused it', refusal, ['touched x', 'withdrawn']],
    ['are withdrawn if the backend refused its first part', [refusal, ok(1)], ['touched x', 'withdrawn']],
    ['are kept if the backend carried it out', ok(1), ['touched x']],
    ['are kept if the backend refused only a later part', [ok(1), refusal], ['touched x']],
  ])('%s', (_, answer, expected) => {
    const { client, recorder, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(script)
    exchange.forwarded(now())
    exchange.answered(now(), answer)
    expect(marks(client.lines)).toEqual(expected)
    expect(recorder.counters.touched).toBe(expected.length === 1 ? 1 : 0)
  })

  test('marks on keys remain if the request that caused them was sent, but never answered', () => {
    const { client, recorder, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(script)
    exchange.forwarded(now())
    exchange.ended(now(), 'reset')
    exchange.settled(true)
    expect(marks(client.lines)).toEqual(['touched x'])
    expect(recorder.counters.touched).toBe(1)
  })
})

describe('a copy that the proxy sends', () => {
  const duplicates = (...calls: readonly [Call, ...Call[]]) => {
    const { client, backend, connection, now } = recording()
    const original = connection.beginWhole(now())
    original.called(asks(...calls))
    original.forwarded(now())
    const copy = connection.duplicate(original, now())
    copy.forwarded(now())
    return { client, backend, original, copy, now }
  }

  test('each operation of a copied request names the process of the first operation of the original', () => {
    const { backend } = duplicates(write(1), write(2, { key: 'y' }))
    expect(backend.events.map(({ process, extra }) => [process, extra?.['duplicateOf']])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, 0],
      [3, 0],
    ])
  })

  test('in the record of a copy, a successful part has an unknown outcome, and a refused part has failed', () => {
    const { backend, copy, now } = duplicates(write(1), write(2, { key: 'y' }))
    copy.answered(now(), [ok(1), refusal])
    expect(eventTexts(backend).slice(4)).toEqual(['2 info write x', '3 fail write y'])
  })
})

describe('a request whose keys only the reply contains', () => {
  const creation = (refused: Completions, isCopied = false) => {
    const { client, backend, connection, connect, now, recorder } = recording()
    const seeing = connect().beginWhole(now())
    seeing.called(asks(read))
    seeing.forwarded(now())
    seeing.answered(now(), ok(null))
    seeing.delivered(now(), ok(null))
    const making = connection.beginWhole(now())
    making.called(asks(write('a', { key: UNSAID })))
    making.forwarded(now())
    if (isCopied) connection.duplicate(making, now()).forwarded(now())
    making.answered(now(), refused)
    making.delivered(now(), refused)
    making.ended(now(), 'the connection ended')
    return { marks: [marks(client.lines), marks(backend.lines)], counters: recorder.counters }
  }

  test('a refused creation without a key in the request marks no key, unless a copy may have been executed', () => {
    expect(creation(refusal)).toMatchObject({ marks: [[], []], counters: { open: 0, fail: 1, notUnderstood: 0 } })
    expect(creation(refusal, true)).toMatchObject({ marks: [['touched x'], []], counters: { open: 0, info: 1 } })
  })

  test('an unclear reply to a creation marks the keys that clients saw as absent, and is counted once', () => {
    const both = ['touched x']
    expect(creation(unclear)).toMatchObject({ marks: [both, both], counters: { open: 0, info: 1, notUnderstood: 1 } })
  })

  test('a request whose keys are only in its reply counts as open until the reply, and is not counted twice', () => {
    const made = { type: 'ok', entries: [{ key: '17', value: 'a' }] } as const
    expect(creation(made)).toMatchObject({ marks: [[], []], counters: { open: 0, ok: 2, operations: 2 } })
  })

  test('the reads of a list are marked as unknown if the reply is not understood', () => {
    const { client, connection, now } = recording()
    const listing = connection.beginWhole(now())
    listing.called(asks({ ...read, key: UNSAID }))
    listing.forwarded(now())
    listing.delivered(now(), unclear)
    expect(marks(client.lines)).toEqual(['not-understood'])
  })

  test('a lost reply to a creation marks a key that a client removed earlier', () => {
    const { client, connection, connect, now } = recording()
    const removing = connect().beginWhole(now())
    removing.called(asks(write(null), write('a', { key: 'z' })))
    removing.delivered(now(), [ok(null), ok('a')])
    connect()
      .beginWhole(now())
      .called(asks({ ...read, key: 'y' }))
    const making = connection.beginWhole(now())
    making.called(asks(write('a', { key: UNSAID })))
    making.forwarded(now())
    making.ended(now(), 'reset')
    expect(marks(client.lines)).toEqual(['touched x'])
  })
})

test.each(['read', 'contains', 'remaining'])(
  'the key of a %s whose reply is not understood is marked as unread',
  (f) => {
    const { client, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(asks({ ...read, f }))
    exchange.forwarded(now())
    exchange.delivered(now(), unclear)
    expect(marks(client.lines)).toEqual(['not-understood x'])
  },
)

describe('a request with a value that no history can represent', () => {
  const deep = JSON.parse(`${'['.repeat(501)}1${']'.repeat(501)}`) as Json
  test.each<readonly [string, readonly [Call, ...Call[]], readonly string[]]>([
    ['leaves its key unread if it is harmless', [{ ...read, f: 'contains', value: deep }], ['not-understood x']],
    ['marks all keys if one of its keys is unknown', [write(deep, { key: UNSAID }), write(1)], ['touched']],
    ['marks all keys if it has no key', [{ f: 'write', key: undefined, value: deep }], ['touched']],
    ['marks only the keys that it may change', [{ ...read, value: deep }, write(1, { key: 'y' })], ['touched y']],
  ])('%s', (_, calls, expected) => {
    const { client, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(asks(...calls))
    exchange.forwarded(now())
    expect(marks(client.lines)).toEqual(expected)
  })
})

describe('a retry without an id', () => {
  /** Returns the member `repeats` of each invocation: the process of the earlier operation that was sent again. */
  const repeats = (lines: readonly string[]) =>
    lines
      .map((line) => JSON.parse(line) as { readonly [member: string]: Json })
      .filter(({ type }) => type === 'invoke')
      .map(({ repeats: process }) => process)

  test('a retry without an id repeats every operation of its request', () => {
    const { client, connection, now } = recording()
    for (let attempt = 0; attempt < 2; attempt++) {
      const exchange = connection.beginWhole(now())
      exchange.called(asks(write(1), write(2, { key: 'y' }), write(3, { key: 'z' })))
      exchange.forwarded(now())
      exchange.ended(now(), 'reset')
    }
    expect(repeats(client.lines)).toEqual([undefined, undefined, undefined, 0, 1, 2])
  })

  test.each<readonly [string, Call, Completions | 'lost' | 'never sent', Json | undefined]>([
    ['after a request that was never sent', write(1), 'never sent', 0],
    ['after a reply of unknown outcome', write(1), { type: 'info', error: 'status 503' }, 0],
    ['not after a success', write(1), ok(1), undefined],
    ['not after a refusal', write(1), refusal, undefined],
    ['not after a read', read, 'lost', undefined],
  ])('is recognised %s', (_, call, answer, process) => {
    const { client, connection, now } = recording()
    const first = connection.beginWhole(now())
    first.called(asks(call))
    if (answer !== 'never sent') first.forwarded(now())
    if (typeof answer === 'string') first.ended(now(), 'reset')
    else {
      first.answered(now(), answer)
      first.delivered(now(), answer)
    }
    connection.beginWhole(now()).called(asks(call))
    expect(repeats(client.lines)).toEqual([undefined, process])
  })

  test('a retry is recognised once its client has disconnected, even before the loss of the first attempt is detected', () => {
    const { client, connection, connect, now } = recording()
    const [lost, done] = [connection.beginWhole(now()), connection.beginWhole(now())]
    lost.called(asks(write(1)))
    done.called(asks(write(2)))
    done.delivered(now(), ok(2))
    for (const exchange of [lost, done]) exchange.mayBeRepeated()
    const again = connect()
    for (const value of [1, 2]) again.beginWhole(now()).called(asks(write(value)))
    expect(repeats(client.lines)).toEqual([undefined, undefined, 0, undefined])
  })

  test('a write on a new connection is recognised as a retry, even if reads precede it there', () => {
    const retries = new Retries()
    const open = () => retries.forConnection({ client: 'c', repeatsFirst: true })
    open().unanswered(write(1), 5, undefined)
    const again = open()
    expect(again.correlate(read, undefined)).toBeUndefined()
    expect(again.correlate(write(1), undefined)).toEqual({ repeats: 5, resent: true })
  })

  test('the recorder counts each repetition of a request id as a retry', () => {
    const { recorder, connection, now } = recording()
    for (const requestId of ['a', 'a', 'a', 'b']) connection.beginWhole(now()).called(asks(write(1, { requestId })))
    expect(recorder.counters.keyedRetries).toBe(2)
    connection.beginWhole(now()).called(asks(write(1, { requestId: 'a' })))
    expect(recorder.counters.keyedRetries).toBe(3)
  })
})

test('the record says that the object itself refused a request only if the reply says it', () => {
  const { client, connection, now } = recording()
  const byObject = { type: 'fail', error: 'the key exists', answered: true } as const
  for (const answer of [byObject, refusal]) {
    const exchange = connection.beginWhole(now())
    exchange.called(asks(write(1)))
    exchange.forwarded(now())
    exchange.answered(now(), answer)
    exchange.delivered(now(), answer)
  }
  const ends = client.lines.map((line) => JSON.parse(line) as { readonly [member: string]: Json })
  expect(ends.filter(({ type }) => type === 'fail').map(({ answered }) => answered)).toEqual([true, undefined])
})

test('a process becomes idle only once after an operation, even if its connection is reported as ended twice', () => {
  const { client, connection, now } = recording()
  const first = connection.beginWhole(now())
  first.called(asks(write(1)))
  first.forwarded(now())
  first.answered(now(), ok(1))
  first.delivered(now(), ok(1))
  for (let i = 0; i < 2; i++) first.ended(now(), 'the connection ended')
  for (const value of [2, 3]) connection.beginWhole(now()).called(asks(write(value)))
  expect(eventTexts(client)).toEqual([
    '0 invoke write x=1',
    '0 ok write x=1',
    '0 invoke write x=2',
    '1 invoke write x=3',
  ])
})

test('an operation gets a process that was idle when the operation began to arrive', () => {
  const ticks = new Ticks()
  let next = 0
  const lanes = new Lanes(() => next++, ticks, undefined)
  for (let i = 0; i < 3; i++) lanes.take()
  lanes.giveBack(2)
  lanes.giveBack(0)
  const moment = ticks.next()
  lanes.giveBack(1)
  expect([lanes.take(moment), lanes.take(moment), lanes.take(moment), lanes.take()]).toEqual([0, 2, 3, 1])
})

test('equal requests are listed as further examples only if their reasons differ', () => {
  const { recorder } = recording()
  for (const why of ['one', 'other', 'one']) recorder.notUnderstood('GET /', why, 'x')
  expect(recorder.counters.examples.notUnderstood).toEqual([
    { what: 'GET /', why: 'one' },
    { what: 'GET /', why: 'other' },
  ])
})

test('bytes that may contain a harmless request are counted as a forwarded request that does not write', () => {
  const { client, connection } = recording()
  connection.mayHaveRequested('GET /', 'nothing')
  expect(eventTexts(client)).toEqual(['passed-on: {"what":"GET /","count":1,"mayWrite":false}'])
})

test('a key is marked as changed outside the record at most once, and not after all keys are marked', () => {
  const { client, recorder } = recording()
  recorder.touched('a', 'b', { keys: ['x'] })
  recorder.touched('a', 'b', { keys: ['x', 'y'] })
  recorder.touched('a', 'b', 'everything')
  recorder.touched('a', 'b', { keys: ['z'] })
  expect(marks(client.lines)).toEqual(['touched x', 'touched y', 'touched'])
})

test('forwarded requests beyond 1,000 kinds are counted together as one more kind', () => {
  const { client, recorder } = recording()
  for (let kind = 0; kind < 1002; kind++) recorder.passedOn(`GET /${kind}`, 'nothing')
  recorder.passedOn('GET /0', 'nothing')
  const kinds = eventTexts(client).map((line) => line.replace(/^passed-on: /, ''))
  expect(kinds).toHaveLength(1001)
  expect(kinds.slice(-2)).toEqual([
    '{"what":"GET /999","count":1,"mayWrite":false}',
    expect.stringContaining('"count":1,"mayWrite":false'),
  ])
})
