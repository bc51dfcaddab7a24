import { type Json, nanos, printJsonLine } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { parseJsonLine } from '../../../../history/src/codecs/jsonl.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { eventLine, subjectText } from '../../../src/record/event-line.ts'
import { EventOrder } from '../../../src/record/event-order.ts'
import { createRecorder } from '../../../src/record/recorder.ts'
import { Retries } from '../../../src/record/retries.ts'
import { asks, asksAs, ok, read, recording, write } from '../../record/in-memory.ts'

const typesOf = (lines: RecordedLines) => lines.events.map(({ process, type }) => `${process} ${type}`)

describe('the events of a record', () => {
  test.each<Json>([
    null,
    7,
    -0,
    1.5,
    1e300,
    2 ** 53,
    'text',
    'quotes " and \\ and \n and \u0000',
    'ü 💥 \ud800',
    ['a', 1, null],
    { a: { b: [true] } },
  ])('events are written exactly as the history printer writes them: %j', (value) => {
    const { client, connection, now } = recording()
    const exchange = connection.begin(now())
    exchange.called(asks({ f: 'a "function"', key: 'ключ', value }))
    exchange.delivered(now(), ok(value))
    for (const line of client.lines) {
      const parsed = parseJsonLine(line.trimEnd())
      if (parsed.kind !== 'event') throw new Error('no event')
      expect(`${printJsonLine(parsed.event)}\n`).toBe(line)
    }
    expect(client.history.operations.length).toBe(1)
  })

  test('events contain the version of the fault rules as "epoch", and incomplete operations list the "edges" they crossed', () => {
    const { client, backend, recorder, connection, now } = recording()
    recorder.epoch = 4
    const answered = connection.begin(now())
    answered.called(asks(write(1)))
    answered.forwarded(now())
    answered.answered(now(), ok(1))
    answered.delivered(now(), ok(1))
    const lost = connection.begin(now())
    lost.called(asks(write(2)))
    recorder.epoch = 5
    lost.forwarded(now())
    lost.ended(now(), 'reset')
    expect(client.events.map(({ type, extra }) => [type, extra])).toEqual([
      ['invoke', { epoch: 4 }],
      ['ok', { epoch: 4 }],
      ['invoke', { epoch: 4 }],
      ['info', { epoch: 5, edges: ['client-in', 'backend-out'] }],
    ])
    // In the backend's view, the operation ended before the reply reached the client.
    expect(backend.events[1]?.extra).toEqual({ epoch: 4, edges: ['client-in', 'backend-out', 'backend-in'] })
  })

  test('each fault is an event in both the client view and the backend view', () => {
    const { client, backend, recorder } = recording()
    recorder.note('rules', { applied: 'lose-reply' })
    for (const view of [client, backend])
      expect(view.events).toMatchObject([
        { process: 'nemesis', type: 'info', f: 'rules', value: { applied: 'lose-reply' } },
      ])
  })
})

describe('the processes of a connection', () => {
  test('consecutive requests on a connection are recorded as one process', () => {
    const { client, connection, now } = recording()
    for (const value of [1, 2]) {
      const exchange = connection.begin(now())
      exchange.called(asks(write(value)))
      exchange.forwarded(now())
      exchange.answered(now(), ok(value))
      exchange.delivered(now(), ok(value))
    }
    expect(typesOf(client)).toEqual(['0 invoke', '0 ok', '0 invoke', '0 ok'])
  })

  test('concurrent requests on a connection are recorded as different processes', () => {
    const { client, connection, now } = recording()
    const exchanges = [1, 2].map((value) => {
      const exchange = connection.begin(now())
      exchange.called(asks(write(value)))
      return exchange
    })
    for (const exchange of exchanges) exchange.delivered(now(), ok(0))
    expect(typesOf(client)).toEqual(['0 invoke', '1 invoke', '0 ok', '1 ok'])
    expect(() => client.history).not.toThrow()
  })

  test('two requests on a connection are different processes if the second began to arrive before the first reply', () => {
    const { client, connection, now } = recording()
    const first = connection.begin(now())
    first.called(asks(write(1)))
    const slow = connection.begin(now())
    first.delivered(now(), ok(1))
    slow.called(asks(write(2)))
    expect(typesOf(client)).toEqual(['0 invoke', '1 invoke', '0 ok'])
    expect(() => client.history).not.toThrow()
  })

  test('a process is reused only after the backend has answered, and never after an unknown outcome', () => {
    const { client, connection, now } = recording()
    const lost = connection.begin(now())
    lost.called(asks(write(1)))
    lost.forwarded(now())
    lost.ended(now(), 'reset')
    const early = connection.begin(now())
    early.called(asks(write(2)))
    early.forwarded(now())
    // The client has an answer, but the operation has not ended at the backend. So its process is not free.
    early.delivered(now(), ok('made up'))
    const next = connection.begin(now())
    next.called(asks(write(3)))
    expect(typesOf(client)).toEqual(['0 invoke', '0 info', '1 invoke', '1 ok', '2 invoke'])
    early.answered(now(), ok(2))
    const after = connection.begin(now())
    after.called(asks(write(4)))
    expect(typesOf(client).at(-1)).toBe('1 invoke')
  })
})

describe('the order of events in a record', () => {
  test('later events wait in the record for a request that arrives slowly', () => {
    const { client, recorder, connection, now } = recording()
    const slow = connection.begin(now())
    const quick = connection.begin(now())
    quick.called(asks(read))
    quick.delivered(now(), ok(null))
    expect(client.lines).toEqual([])
    expect(recorder.counters.waiting).toBe(3)
    slow.called(asks(write(1)))
    expect(client.events.map(({ f, type, index }) => [index, f, type])).toEqual([
      [0, 'write', 'invoke'],
      [1, 'read', 'invoke'],
      [2, 'read', 'ok'],
    ])
    expect(client.events.map(({ time }) => time)).toEqual([1, 2, 3])
  })

  test('the record has no gap for a request that never arrives completely or is not recognised', () => {
    const { client, backend, recorder, connection, now } = recording()
    const cut = connection.begin(now())
    const strange = connection.begin(now())
    strange.called({ kind: 'passed-on', what: 'GET /', touches: 'nothing' })
    strange.forwarded(now())
    strange.answered(now(), ok(1))
    strange.ended(now(), 'closed')
    cut.forwarded(now())
    cut.ended(now(), 'closed')
    cut.ended(now(), 'closed')
    const exchange = connection.begin(now())
    exchange.called(asks(read))
    exchange.forwarded(now())
    expect(typesOf(client)).toEqual(['0 invoke'])
    expect(typesOf(backend)).toEqual(['0 invoke'])
    expect(recorder.counters).toMatchObject({ unmatched: 1, incomplete: 1, operations: 1, open: 1, waiting: 0 })
  })

  test('later events do not wait for a request that ended before the proxy forwarded it', () => {
    const { client, backend, recorder, connection, now } = recording()
    const refused = connection.begin(now())
    refused.ended(now(), 'the server serves no more')
    refused.forwarded(now())
    const next = connection.begin(now())
    next.called(asks(write(1)))
    next.forwarded(now())
    next.answered(now(), ok(1))
    next.delivered(now(), ok(1))
    expect(recorder.counters).toMatchObject({ incomplete: 1, waiting: 0 })
    for (const view of [client, backend]) expect(view.events.map(({ type }) => type)).toEqual(['invoke', 'ok'])
  })

  test('only a limited number of events wait for a slow request, which then counts as overtaken', () => {
    const sink = new RecordedLines()
    const order = new EventOrder(sink, 3)
    const place = order.reserve()
    const line = (f: string) =>
      eventLine({ index: 0, time: nanos(1), process: 0, type: 'invoke', f }, subjectText(f, undefined), '')
    for (const name of ['a', 'b', 'c', 'd']) order.append(line(name))
    order.fill(place, [line('late')])
    expect(sink.events.map(({ f, index }) => [index, f])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
      [3, 'd'],
      [4, 'late'],
    ])
    expect(order.overtaken).toBe(1)
  })
})

describe('the recorder of retries', () => {
  test('requests with equal ids count as attempts of one request', () => {
    const { client, recorder, connection, now } = recording()
    for (const id of ['a', 'a', 'b', 'a']) connection.begin(now()).called(asks(write(1, { requestId: id })))
    expect(client.events.map(({ extra }) => [extra?.['requestId'], extra?.['attempt']])).toEqual([
      ['a', undefined],
      ['a', 2],
      ['b', undefined],
      ['a', 3],
    ])
    expect(recorder.counters).toMatchObject({ keyedRetries: 2, blindRetries: 0 })
  })

  test('several operations of one request count as one attempt of their common request id', () => {
    const { client, connection, now } = recording()
    const calls = [write(1, { requestId: 'a' }), write(1, { requestId: 'a' })] as const
    for (let attempt = 1; attempt <= 2; attempt++)
      connection.begin(now()).called({ kind: 'operations', calls, session: undefined })
    expect(client.events.map(({ extra: { epoch: _, ...extra } = {} }) => extra)).toEqual([
      { requestId: 'a', part: '0' },
      { requestId: 'a', part: '1' },
      { requestId: 'a', attempt: 2, part: '0' },
      { requestId: 'a', attempt: 2, part: '1' },
    ])
  })

  test('a retry without an id is recognised only after an unanswered request of the same client', () => {
    const { client, recorder, connection, now } = recording()
    const done = connection.begin(now())
    done.called(asks(write(1)))
    done.delivered(now(), ok(1))
    connection.begin(now()).called(asks(write(1)))
    const lost = connection.begin(now())
    lost.called(asks(write(2)))
    lost.forwarded(now())
    lost.ended(now(), 'reset')
    recorder
      .connection({ node: 'n1', client: '10.0.0.2' })
      .begin(now())
      .called(asks(write(2)))
    connection.begin(now()).called(asks(write(3)))
    connection.begin(now()).called(asks(write(2)))
    const repeats = client.events.filter(({ type }) => type === 'invoke').map(({ extra }) => extra?.['repeats'])
    expect(repeats).toEqual([undefined, undefined, undefined, undefined, undefined, 1])
    expect(recorder.counters).toMatchObject({ blindRetries: 1, keyedRetries: 0 })
  })

  test('a retry is assigned to one unanswered operation, preferably of its own session', () => {
    const retries = new Retries()
    const call = write(1)
    const before = retries.forConnection({ client: 'c', repeatsFirst: true })
    for (const [process, session] of [
      ['7', 'a'],
      ['8', 'b'],
      ['9', 'a'],
    ] as const)
      before.unanswered(call, Number(process), session)
    const again = (session: string) =>
      retries.forConnection({ client: 'c', repeatsFirst: true }).correlate(call, session)
    expect([again('b'), again('a'), again('a'), again('a')]).toEqual([
      { repeats: 8, resent: true },
      { repeats: 7, resent: true },
      { repeats: 9, resent: true },
      undefined,
    ])
  })

  test('no retry is recognised on a connection that was in use before the first attempt was lost', () => {
    const retries = new Retries()
    const busy = retries.forConnection({ client: 'c', repeatsFirst: true })
    busy.correlate(write(2), undefined)
    busy.unanswered(write(1), 5, undefined)
    expect(busy.correlate(write(1), undefined)).toBeUndefined()
    const fresh = retries.forConnection({ client: 'c', repeatsFirst: true })
    expect(fresh.correlate(write(1), undefined)).toEqual({ repeats: 5, resent: true })
  })

  test('no retry is recognised if the client first sent another request after it reconnected', () => {
    const retries = new Retries()
    const open = () => retries.forConnection({ client: 'c', repeatsFirst: true })
    const [one, other] = [open(), open()]
    for (const connection of [one, other]) connection.correlate(write(0), undefined)
    one.unanswered(write(1), 5, undefined)
    one.ended()
    other.unanswered(write(2), 6, undefined)
    other.ended()
    const replaced = open()
    replaced.correlate(write(3), undefined)
    const again = open()
    expect(again.correlate(write(2), undefined), 'the other connection was still to be replaced').toEqual({
      repeats: 6,
      resent: true,
    })
    again.correlate(write(4), undefined)
    replaced.ended()
    open().correlate(write(5), undefined)
    again.ended()
    expect(open().correlate(write(1), undefined)).toBeUndefined()
  })

  test('a retry is recognised in the first request after a reconnection', () => {
    const { client, recorder, connection, now } = recording()
    for (const value of [1, 2]) {
      const lost = connection.begin(now())
      lost.called(asks(write(value)))
      lost.forwarded(now())
      lost.ended(now(), 'reset')
    }
    const again = recorder.connection({ node: 'n1', client: '10.0.0.1' })
    for (const value of [1, 3, 2]) again.begin(now()).called(asks(write(value)))
    const invoked = client.events.filter(({ type }) => type === 'invoke').slice(2)
    expect(invoked.map(({ extra }) => [extra?.['repeats'], extra?.['resent']])).toEqual([
      [0, true],
      [undefined, undefined],
      [1, undefined],
    ])
  })

  test('request ids are remembered only for the given number of recent operations', () => {
    const retries = new Retries(2).forConnection({ client: 'c', repeatsFirst: false })
    for (const requestId of ['a', 'b', 'c']) retries.correlate(write(1, { requestId }), undefined)
    expect(retries.correlate(write(1, { requestId: 'c' }), undefined)).toEqual({ requestId: 'c', attempt: 2 })
    expect(retries.correlate(write(1, { requestId: 'a' }), undefined)).toEqual({ requestId: 'a' })
  })
})

describe('a request that the proxy itself repeats', () => {
  test('a copy that the proxy sends has no client, and its success shows only that the server replied', () => {
    const { client, backend, recorder, connection, now } = recording()
    const original = connection.beginWhole(now())
    original.called(asksAs('alice', write(1)))
    original.forwarded(now())
    const copy = connection.duplicate(original, now())
    copy.forwarded(now())
    original.answered(now(), { type: 'fail', error: 'no' })
    copy.answered(now(), ok(1))
    original.delivered(now(), { type: 'fail', error: 'no' })
    expect(typesOf(client)).toEqual(['0 invoke', '0 info'])
    expect(backend.events.map(({ process, type, extra }) => [process, type, extra?.['duplicateOf']])).toEqual([
      ...([
        [0, 'invoke', undefined],
        [1, 'invoke', 0],
        [0, 'fail', undefined],
        [1, 'info', undefined],
      ] as const),
    ])
    expect(recorder.counters).toMatchObject({ duplicates: 1, operations: 1, answered: 2 })
  })

  test('the keys of a copied request remain possibly changed even if both copies were refused', () => {
    const { client, connection, now } = recording()
    const original = connection.beginWhole(now())
    original.called({ kind: 'passed-on', what: 'EVAL', touches: { keys: ['x'] } })
    original.forwarded(now())
    const copy = connection.duplicate(original, now())
    copy.forwarded(now())
    original.settled(true)
    copy.settled(true)
    expect(client.lines.join()).not.toContain('withdrawn')
    expect(client.lines.join()).toContain('touched')
  })
})

describe('the recorder', () => {
  test('the recorder lists every way in which clients are identified, and the common initial value of all keys', () => {
    const { recorder } = recording()
    expect([recorder.sessions, recorder.initial, recorder.mapping]).toEqual([
      { by: 'connection', named: false },
      'unknown',
      undefined,
    ])
    recorder.clientsBy({ by: 'a', named: true })
    recorder.clientsBy({ by: 'a', named: true })
    recorder.clientsBy({ by: 'b', named: true })
    recorder.clientsBy({ by: 'c', named: false })
    expect(recorder.sessions).toEqual({ by: 'a, b', named: true })
    recorder.startsWith({ value: { a: 1, b: 2 } })
    recorder.startsWith({ value: { b: 2, a: 1 } })
    expect(recorder.initial).toEqual({ b: 2, a: 1 })
    recorder.startsWith(undefined)
    expect(recorder.initial).toBe('unknown')
    recorder.readByRoutes()
    expect(recorder.mapping).toBe('routes')
  })

  test('the recorder counts keys that clients overwrote without having read the last write', () => {
    const { recorder, connection } = recording()
    expect(recorder.counters.overwrites).toEqual({ first: undefined, keys: 0, times: 0 })
    for (const key of ['x', 'y', 'x']) connection.overwrote(key)
    expect(recorder.counters.overwrites).toEqual({ first: 'x', keys: 2, times: 3 })
  })

  test('a request that is unreadable or altered by a fault records the keys that it may write as possibly changed', () => {
    const { client, recorder, connection } = recording()
    connection.mayHaveRequested('GET /', 'nothing')
    connection.mayHaveRequested('PUT /', { keys: ['x'] })
    connection.altered({ keys: ['y'] })
    connection.unmatchedAnswer()
    recorder.notUnderstood('GET /z', 'why', 'z')
    const marks = client.lines
      .map((line) => JSON.parse(line) as { f: string; key?: string })
      .map(({ f, key }) => [f, key])
    expect(marks).toEqual([
      ['passed-on', undefined],
      ['touched', 'x'],
      ['touched', 'y'],
      ['not-understood', 'z'],
    ])
    expect(recorder.counters).toMatchObject({ unmatched: 1, touched: 2, notUnderstood: 1, unmatchedAnswers: 1 })
  })

  test("a recorder writes only the clients' history unless it has a backend sink; it counts the events of all its histories", () => {
    const sink = new RecordedLines()
    let time = 0
    const alone = createRecorder({ client: sink, now: () => nanos(++time) })
    alone.note('rules', {})
    const exchange = alone.connection({ node: 'n1', client: 'c' }).beginWhole(nanos(1))
    exchange.called(asks(write(1)))
    exchange.forwarded(nanos(2))
    exchange.answered(nanos(3), ok(1))
    exchange.delivered(nanos(4), ok(1))
    alone.touched('a', 'b', { keys: ['x'] })
    alone.expiring('x').ended('ok')
    expect(
      sink.lines.map((line) => JSON.parse(line) as { type: string; f: string }).map(({ type, f }) => `${type} ${f}`),
    ).toEqual([...['info rules', 'invoke write', 'ok write', 'info touched', 'invoke write', 'ok write']])
    expect(alone.counters).toMatchObject({ events: 6, waiting: 0, operations: 1, ok: 1 })
    const { recorder } = recording()
    recorder.note('rules', {})
    expect(recorder.counters.events).toBe(2)
  })

  test('the recorder remembers at most 1,000 equal unanswered operations, and forgets the oldest first', () => {
    const retries = new Retries()
    const lost = retries.forConnection({ client: 'c', repeatsFirst: false })
    for (let process = 0; process <= 1000; process++) lost.unanswered(write(1), process, undefined)
    lost.unanswered(write(1), 5, undefined)
    expect(lost.correlate(write(1), undefined)).toEqual({ repeats: 1, resent: true })
    expect(lost.correlate(write(1, { harmless: true }), undefined)).toBeUndefined()
    expect(lost.correlate(write(1, { requestId: 'r' }), undefined)).toEqual({ requestId: 'r' })
  })
})

test('EventOrder removes thousands of cancelled places, and ignores the cancellation of an expired place', () => {
  const sink = new RecordedLines()
  const order = new EventOrder(sink, 3000)
  const line = (f: string) =>
    eventLine({ index: 0, time: nanos(1), process: 0, type: 'invoke', f }, subjectText(f, undefined), '')
  const places = Array.from({ length: 2500 }, () => order.reserve())
  for (const place of places.slice(0, 2000)) order.fill(place, [line('a')])
  expect([order.waiting, order.written]).toEqual([500, 2000])
  for (const place of places.slice(2000)) order.cancel(place)
  expect([order.waiting, order.written, order.overtaken]).toEqual([0, 2000, 0])
  const tight = new EventOrder(sink, 1)
  const [slow] = [tight.reserve(), tight.reserve()]
  expect(tight.overtaken).toBe(1)
  tight.cancel(slow)
  expect(tight.waiting).toBe(1)
})

/** Returns a list that is nested this many levels deep. */
const nested = (depth: number): Json => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`) as Json

describe('a value that no history can represent', () => {
  test('the keys of a request with a value that is nested too deeply are recorded as possibly changed', () => {
    const { client, backend, recorder, connection, now } = recording()
    const exchange = connection.begin(now())
    exchange.called(asks(write(nested(501)), write(1, { key: 'y' })))
    exchange.forwarded(now())
    exchange.answered(now(), ok(null))
    exchange.delivered(now(), ok(null))
    expect(recorder.counters.notUnderstood).toBe(1)
    for (const view of [client, backend])
      expect(view.remarks).toMatchObject([
        ['touched', 'x', { why: 'its value is nested deeper than 500 levels' }],
        ['touched', 'y', { why: 'its value is nested deeper than 500 levels' }],
      ])
  })

  test('a read has an unknown outcome if its reply contains a value that is nested too deeply', () => {
    const { client, recorder, connection, now } = recording()
    const exchange = connection.begin(now())
    exchange.called(asks(read))
    exchange.forwarded(now())
    exchange.answered(now(), ok(nested(501)))
    exchange.delivered(now(), ok(nested(501)))
    expect(recorder.counters.notUnderstood).toBe(1)
    expect(typesOf(client)).toEqual(['0 invoke', '0 info'])
  })

  test('a value of exactly 500 nested levels is recorded', () => {
    const { client, connection, now } = recording()
    const exchange = connection.begin(now())
    exchange.called(asks(write(nested(500))))
    exchange.forwarded(now())
    exchange.delivered(now(), ok(null))
    expect(typesOf(client)).toEqual(['0 invoke', '0 ok'])
  })
})
