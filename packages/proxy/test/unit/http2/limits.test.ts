import { http2Family } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { compileMapping } from '../../../../recorder/src/routes/mapping/mapping.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { ManualClock } from '../../../../testing/src/sockets.ts'
import { dataFrame, FLAG, FRAME, PREFACE, resetStream, streamOf } from '../../../../wire/src/http2/frames.ts'
import { encodePlainly } from '../../../../wire/src/http2/plain-block.ts'
import { createHttp2Faults } from '../../../src/http2/http2-faults.ts'
import { Http2Recording } from '../../../src/http2/http2-recording.ts'
import { StreamNumbers } from '../../../src/http2/stream-numbers.ts'
import { textTable } from '../../http/live.ts'
import { frame } from '../../http2/frame.ts'
import { outlet } from '../../outlet.ts'

/** The stream of the nth request. */
const nth = (request: number): number => 2 * request - 1
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => nth(i + 1))

const blockOf = (fields: { readonly [name: string]: string }): Buffer =>
  encodePlainly(Object.entries(fields).map((field) => ({ field, isNeverIndexed: false })))
const REQUEST = blockOf({ ':method': 'PUT', ':path': '/a', ':scheme': 'http' })
const headers = (stream: number, block = REQUEST, flags = 0): Buffer =>
  frame(FRAME.headers, FLAG.endHeaders | flags, stream, block)

function recordingOf() {
  const [client, backend] = [new RecordedLines(), new RecordedLines()]
  const now = () => nanos(0)
  const recorder = createRecorder({ now, client, backend })
  const recording = new Http2Recording({
    recording: recorder.connection({ node: 'n1', client: '127.0.0.1' }),
    mapping: compileMapping(textTable),
    peer: { host: '127.0.0.1', port: 1 } as never,
    now,
  })
  const ask = (stream: number, method: string) =>
    recording.requestArrived(headers(stream), { method, target: `/kv/${stream}`, headers: { get: () => undefined } })
  return { client, backend, recording, ask }
}

test('a connection records up to 10,000 open HTTP/2 requests, and counts any further request as unreadable', () => {
  const { client, recording, ask } = recordingOf()
  for (const stream of numbers(10_000)) ask(stream, 'PUT')
  expect(client.remarks).toEqual([])
  ask(nth(10_001), 'PUT')
  expect(client.remarks).toContainEqual([
    'passed-on',
    { what: 'an HTTP/2 request that could not be read', count: 1, mayWrite: true },
  ])
  recording.requestArrived(resetStream(nth(1), 0), undefined)
  ask(nth(10_002), 'PUT')
  expect(client.remarks.filter((remark) => (remark as readonly unknown[])[0] === 'passed-on')).toHaveLength(1)
})

test('if more than 1,000 requests that a fault has reset wait for their responses, the oldest request ends', () => {
  const { backend, recording, ask } = recordingOf()
  const ended = () => backend.events.filter(({ type }) => type !== 'invoke').map(({ key }) => key)
  const lose = (stream: number) => {
    ask(stream, 'GET')
    recording.resetByFault(stream)
  }
  for (const stream of numbers(1000)) lose(stream)
  expect(ended()).toEqual([])
  lose(nth(1001))
  expect(ended()).toEqual(['1'])
})

/** A connection without sockets. */
function connected() {
  const faults = createHttp2Faults({ seed: 1, clock: new ManualClock() })
  const [there, here] = [outlet(), outlet()]
  const { requests, responses } = faults.intercept({ from: 'clients', to: 'n1' })({
    ...{ id: 1, client: { host: '127.0.0.1', port: 1 }, requests: there.exit, responses: here.exit },
    ...{ dial: () => undefined, abort: () => undefined, guard: (act) => act() },
  })
  const settings = frame(FRAME.settings, 0, 0)
  requests.receive(Buffer.concat([PREFACE, settings]))
  responses.receive(settings)
  const apply = (fault: object) => faults.apply(http2Family.parse({ links: ['clients>n1'], ...fault }, 'test'))
  /** Returns what reaches the client while the server sends a frame. */
  const answer = (bytes: Buffer) => {
    here.out.text = ''
    responses.receive(bytes)
    return here.out.text
  }
  return { apply, answer, ask: (stream: number) => requests.receive(headers(stream)) }
}

test('a fault acts on at most 10,000 open requests of an HTTP/2 connection', () => {
  const { apply, answer, ask } = connected()
  for (const stream of numbers(9_999)) ask(stream)
  const fault = apply({ kind: 'goaway' })
  ask(nth(10_000))
  expect(fault.hits).toBe(1)
  ask(nth(10_001))
  expect(fault.hits).toBe(1)
  answer(headers(nth(1), blockOf({ ':status': '200' }), FLAG.endStream))
  ask(nth(10_002))
  expect(fault.hits).toBe(2)
})

test('late frames of the server are dropped for the last 1,000 streams that a fault has reset', () => {
  const { apply, answer, ask } = connected()
  apply({ kind: 'reset-stream' })
  const late = (request: number) => answer(dataFrame(nth(request), Buffer.from('late'))).includes('late')
  for (const stream of numbers(1000)) ask(stream)
  expect(late(1)).toBe(false)
  ask(nth(1001))
  expect([late(1), late(2), late(1001)]).toEqual([true, false, false])
})

test('StreamNumbers translates the numbers of at most 10,000 reordered streams, and forgets the oldest first', () => {
  const streams = new StreamNumbers()
  const atServer = (stream: number) => streamOf(streams.toServer(headers(stream)))
  for (const stream of numbers(10_002)) streams.arrived(headers(stream))
  for (const stream of numbers(10_001).slice(1)) atServer(stream)
  const atClient = (stream: number) => streamOf(streams.toClient(resetStream(stream, 0)))
  expect([atServer(nth(2)), atClient(nth(1))]).toEqual([nth(1), nth(2)])
  atServer(nth(10_002))
  expect([atServer(nth(2)), atClient(nth(1))]).toEqual([nth(2), nth(1)])
  expect([atServer(nth(3)), atClient(nth(2))]).toEqual([nth(2), nth(3)])
})
