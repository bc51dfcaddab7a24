import { HistoryBuilder } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { parseJsonLine } from '../../../../history/src/codecs/jsonl.ts'
import { UNSAID } from '../../../src/record/call.ts'
import { asks, eventTexts, ok, read, recording, write } from '../../record/in-memory.ts'

const script = { kind: 'passed-on', what: 'EVAL', touches: { keys: ['x', 'y'] } } as const
const why = 'the request may have written, and is not recorded as an operation'
const mark = (f: string, key: string | undefined, what: string, reason = why) =>
  `${f}${key === undefined ? '' : ` ${key}`}: ${JSON.stringify({ what, why: reason })}`
const passedOn = (what: string, count: number, mayWrite: boolean) =>
  `passed-on: ${JSON.stringify({ what, count, mayWrite })}`

describe('a request that is forwarded without being read', () => {
  test('the keys of an uninterpreted request are recorded as possibly changed when the proxy forwards the request', () => {
    const { client, backend, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(script)
    expect(eventTexts(client)).toEqual([passedOn('EVAL', 1, true)])
    exchange.forwarded(now())
    for (const view of [client, backend])
      expect(eventTexts(view)).toEqual([
        passedOn('EVAL', 1, true),
        mark('touched', 'x', 'EVAL'),
        mark('touched', 'y', 'EVAL'),
      ])
  })

  test('the keys of an uninterpreted request are not recorded as changed if the request was never forwarded', () => {
    const { client, backend, connection, now } = recording()
    const exchange = connection.begin(now())
    exchange.called(script)
    exchange.ended(now(), 'lost')
    expect([...eventTexts(client), ...eventTexts(backend)].filter((event) => event.startsWith('touched'))).toEqual([])
  })

  test('a possible change is recorded before a later read, even if its request is parsed only after the read', () => {
    const { client, backend, connection, connect, now } = recording()
    const slow = connection.begin(now())
    slow.forwarded(now())
    const reading = connect().beginWhole(now())
    reading.called(asks(read))
    reading.forwarded(now())
    reading.answered(now(), ok(7))
    reading.delivered(now(), ok(7))
    slow.called(script)
    for (const view of [client, backend])
      expect(eventTexts(view).slice(0, 4)).toEqual([
        mark('touched', 'x', 'EVAL'),
        mark('touched', 'y', 'EVAL'),
        '0 invoke read x=null',
        '0 ok read x=7',
      ])
  })

  test('the record names the queue of a dequeue whose reply is not understood', () => {
    const { client, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(asks({ f: 'dequeue', key: 'q', value: null }))
    exchange.forwarded(now())
    const misread = { type: 'not-understood', error: 'a body that is no JSON' } as const
    exchange.answered(now(), misread)
    exchange.delivered(now(), misread)
    expect(eventTexts(client)).toContain(mark('not-understood', 'q', 'dequeue of q', 'a body that is no JSON'))
  })

  test('repeated requests mark a key as possibly changed once; an earlier, slow request marks it once more', () => {
    const { client, connection, connect, now } = recording()
    const slow = connection.begin(now())
    slow.forwarded(now())
    for (let i = 0; i < 3; i++) {
      const exchange = connect().beginWhole(now())
      exchange.called(script)
      exchange.forwarded(now())
      exchange.settled(false)
    }
    slow.called({ ...script, touches: { keys: ['x'] } })
    expect(eventTexts(client).filter((event) => event.startsWith('touched'))).toEqual([
      mark('touched', 'x', 'EVAL'),
      mark('touched', 'x', 'EVAL'),
      mark('touched', 'y', 'EVAL'),
    ])
  })

  test('a refused request counts as no possible change, even if another request may change the same keys', () => {
    const { client, recorder, connect, now } = recording()
    const [refused, done] = [connect().beginWhole(now()), connect().beginWhole(now())]
    for (const exchange of [refused, done]) {
      exchange.called(script)
      exchange.forwarded(now())
    }
    refused.settled(true)
    expect(recorder.counters.touched).toBe(0)
    done.settled(false)
    expect(recorder.counters.touched).toBe(1)
    const builder = new HistoryBuilder({})
    for (const line of client.lines) {
      const parsed = parseJsonLine(line)
      if (parsed.kind === 'event') builder.event(parsed.event)
    }
    const { marks } = builder.build()
    expect(marks.map(({ key }) => key)).toEqual(['x', 'y'])
  })

  test('a request that may change more than 10,000 keys is recorded as possibly changing all keys', () => {
    const { client, recorder } = recording()
    const keys = Array.from({ length: 10_001 }, (_, i) => `k${i}`)
    recorder.touched('FLUSHALL', 'many', { keys })
    recorder.touched('EVAL', 'one more', { keys: ['another'] })
    expect(eventTexts(client)).toEqual([mark('touched', undefined, 'FLUSHALL', 'many')])
  })

  test('uninterpreted requests are counted by kind, and the first three kinds are listed as examples', () => {
    const { client, recorder } = recording()
    for (const what of ['GET /a', 'GET /b', 'GET /a', 'GET /c', 'GET /d']) recorder.passedOn(what, 'nothing')
    recorder.passedOn('POST /login', 'everything')
    recorder.finish()
    expect(eventTexts(client)).toEqual([
      passedOn('GET /a', 1, false),
      passedOn('GET /b', 1, false),
      passedOn('GET /c', 1, false),
      passedOn('GET /d', 1, false),
      passedOn('POST /login', 1, true),
      mark('touched', undefined, 'POST /login'),
      passedOn('GET /a', 2, false),
    ])
    expect(recorder.counters).toMatchObject({
      unmatched: 6,
      touched: 1,
      examples: {
        passedOn: [
          { what: 'GET /a', count: 2, mayWrite: false },
          { what: 'GET /b', count: 1, mayWrite: false },
          { what: 'GET /c', count: 1, mayWrite: false },
        ],
        touched: [{ what: 'POST /login', why }],
      },
    })
  })
})

describe('a request or reply that is not understood', () => {
  const error = 'status 200, and nothing at json.value'
  const answer = { type: 'not-understood', error } as const

  test('a read whose reply is not understood has an unknown outcome; its key is listed once as not understood', () => {
    const { client, backend, connection, recorder, now } = recording()
    for (let i = 0; i < 2; i++) {
      const exchange = connection.beginWhole(now())
      exchange.called(asks({ ...read, what: 'GET /kv/x' }))
      exchange.forwarded(now())
      exchange.answered(now(), answer)
      exchange.delivered(now(), answer)
    }
    for (const view of [client, backend])
      expect(eventTexts(view)).toEqual([
        '0 invoke read x=null',
        mark('not-understood', 'x', 'GET /kv/x', error),
        '0 info read x',
        '1 invoke read x=null',
        '1 info read x',
      ])
    expect(recorder.counters).toMatchObject({
      info: 2,
      fail: 0,
      notUnderstood: 2,
      examples: { notUnderstood: [{ what: 'GET /kv/x', why: error }] },
    })
  })

  test('a write whose reply is not understood has an unknown outcome', () => {
    const { client, connection, recorder, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(asks(write(1)))
    exchange.forwarded(now())
    exchange.answered(now(), answer)
    exchange.delivered(now(), answer)
    expect(eventTexts(client)).toEqual(['0 invoke write x=1', '0 info write x'])
    expect(recorder.counters.notUnderstood).toBe(1)
  })

  test('a key is marked as possibly changed if the written value was in a reply that is not understood', () => {
    const { client, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(asks(write(UNSAID)))
    exchange.forwarded(now())
    exchange.delivered(now(), answer)
    expect(eventTexts(client)).toEqual([
      '0 invoke write x',
      mark('touched', 'x', 'write of x', error),
      '0 info write x',
    ])
  })

  test('a request that is not understood is listed with the keys that it may write, or with the key that it reads', () => {
    const { client, recorder, connection, now } = recording()
    for (const touches of ['nothing', { keys: ['y'] }] as const) {
      const exchange = connection.beginWhole(now())
      exchange.called({ kind: 'not-understood', what: 'a request', why: 'no value', key: 'x', touches })
      exchange.forwarded(now())
    }
    expect(eventTexts(client)).toEqual([
      mark('not-understood', 'x', 'a request', 'no value'),
      mark('touched', 'y', 'a request', 'no value'),
    ])
    expect(recorder.counters.notUnderstood).toBe(2)
  })
})

test('all keys are recorded as possibly changed from the time of a request that took too long to arrive', () => {
  const { client, connection, connect, now } = recording({ maximumWaiting: 2 })
  const slow = connection.begin(now())
  const quick = connect().beginWhole(now())
  quick.called(asks(read))
  quick.forwarded(now())
  quick.delivered(now(), ok(1))
  slow.called(asks(write(2)))
  expect(eventTexts(client)).toEqual([
    expect.stringMatching(/^touched: .*too many events happened while a request arrived/),
    '0 invoke read x=null',
    '0 ok read x=1',
    '1 invoke write x=2',
  ])
})

describe('a request with several operations', () => {
  test('each operation of a request has its own process, and ends with its own result or with the common result', () => {
    const { client, backend, connection, now } = recording()
    const both = connection.beginWhole(now())
    both.called(asks(read, { ...read, key: 'y' }))
    both.forwarded(now())
    both.answered(now(), [ok(1), ok(2)])
    both.delivered(now(), [ok(1), ok(2)])
    const refused = connection.beginWhole(now())
    refused.called(asks(write(1), write(2, { key: 'y' })))
    refused.forwarded(now())
    refused.answered(now(), { type: 'fail', error: 'no' })
    refused.delivered(now(), { type: 'fail', error: 'no' })
    expect(eventTexts(client)).toEqual([
      '0 invoke read x=null',
      '1 invoke read y=null',
      '0 ok read x=1',
      '1 ok read y=2',
      '1 invoke write x=1',
      '0 invoke write y=2',
      '1 fail write x',
      '0 fail write y',
    ])
    expect(eventTexts(backend).slice(0, 2)).toEqual(['0 invoke read x=null', '1 invoke read y=null'])
  })

  test('all operations of a request that arrived slowly are recorded before the operations of later requests', () => {
    const { client, connection, connect, now } = recording()
    const slow = connection.begin(now())
    const quick = connect().beginWhole(now())
    quick.called(asks(read))
    slow.called(asks(write(1), write(2, { key: 'y' })))
    expect(eventTexts(client)).toEqual(['1 invoke write x=1', '2 invoke write y=2', '0 invoke read x=null'])
  })
})

describe('the reply to a recorded request', () => {
  test('the value of a write is recorded from the reply if the request does not contain the value', () => {
    const { client, connection, now } = recording()
    const exchange = connection.beginWhole(now())
    exchange.called(asks(write(UNSAID)))
    exchange.forwarded(now())
    exchange.delivered(now(), ok('v1'))
    expect(eventTexts(client)).toEqual(['0 invoke write x', '0 ok write x="v1"'])
  })

  test('the creation of an object whose key is only in the reply is recorded at the time of the request', () => {
    const { client, backend, connection, connect, now, recorder } = recording()
    const making = connection.beginWhole(now())
    making.called(asks(write('a', { key: UNSAID })))
    making.forwarded(now())
    const reading = connect().beginWhole(now())
    reading.called(asks(read))
    reading.forwarded(now())
    reading.answered(now(), ok(1))
    reading.delivered(now(), ok(1))
    const made = { type: 'ok', entries: [{ key: '17', value: 'a' }] } as const
    making.answered(now(), made)
    making.delivered(now(), made)
    for (const view of [client, backend])
      expect(eventTexts(view)).toEqual([
        '1 invoke write 17="a"',
        '0 invoke read x=null',
        '0 ok read x=1',
        '1 ok write 17="a"',
      ])
    expect(recorder.counters).toMatchObject({ operations: 2, open: 0, ok: 2, waiting: 0 })
  })

  test('a reply with a list is recorded as one read for each element of the list', () => {
    const { client, connection, now, recorder } = recording()
    const listing = connection.beginWhole(now())
    listing.called(asks({ ...read, key: UNSAID }))
    listing.forwarded(now())
    listing.delivered(now(), {
      type: 'ok',
      entries: [
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ],
    })
    expect(eventTexts(client)).toEqual([
      '0 invoke read a=null',
      '1 invoke read b=null',
      '0 ok read a=1',
      '1 ok read b=2',
    ])
    expect(recorder.counters).toMatchObject({ operations: 2, open: 0, ok: 2 })
  })

  test('if the reply with the key of a created object is lost, only keys that were read as absent are possibly changed', () => {
    const { client, connection, connect, now, recorder } = recording()
    const see = (key: string, value: number | null = null) => {
      const exchange = connect().beginWhole(now())
      exchange.called(asks({ ...read, key }))
      exchange.forwarded(now())
      exchange.delivered(now(), ok(value))
    }
    see('guessed')
    see('there', 7)
    const making = connection.beginWhole(now())
    making.called(asks(write('a', { key: UNSAID, what: 'POST /items' })))
    making.forwarded(now())
    making.ended(now(), 'reset')
    see('later')
    const reason = 'reset, so its key is unknown'
    expect(eventTexts(client)).toEqual([
      '0 invoke read guessed=null',
      '0 ok read guessed=null',
      '1 invoke read there=null',
      '1 ok read there=7',
      mark('touched', 'guessed', 'POST /items', reason),
      '2 invoke read later=null',
      mark('touched', 'later', 'POST /items', reason),
      '2 ok read later=null',
    ])
    expect(recorder.counters).toMatchObject({ operations: 4, info: 1, open: 0, waiting: 0 })
  })

  test('no operation is recorded for a creation that was never forwarded, or for a list whose reply was lost', () => {
    const { client, connection, now, recorder } = recording()
    const making = connection.beginWhole(now())
    making.called(asks(write('a', { key: UNSAID })))
    making.ended(now(), 'lost')
    const listing = connection.beginWhole(now())
    listing.called(asks({ ...read, key: UNSAID }))
    listing.forwarded(now())
    listing.ended(now(), 'reset')
    expect(eventTexts(client)).toEqual([])
    expect(recorder.counters).toMatchObject({ operations: 2, fail: 2, open: 0, waiting: 0 })
  })
})
