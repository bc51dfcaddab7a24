import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { compileMapping } from '../../../../recorder/src/routes/mapping/mapping.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { dataFrame, FLAG, FRAME, goaway, resetStream } from '../../../../wire/src/http2/frames.ts'
import { encodePlainly } from '../../../../wire/src/http2/plain-block.ts'
import { Http2Recording } from '../../../src/http2/http2-recording.ts'
import { textTable } from '../../http/live.ts'
import { frame } from '../../http2/frame.ts'

const OK = encodePlainly([{ field: [':status', '200'], isNeverIndexed: false }])
const headers = (stream: number, flags = 0) => frame(FRAME.headers, FLAG.endHeaders | flags, stream, OK)
const data = (stream: number, text: string, flags = 0) => frame(FRAME.data, flags, stream, Buffer.from(text))

/** The recording of one connection, step by step. */
function recorded() {
  const [client, backend] = [new RecordedLines(), new RecordedLines()]
  let time = 0
  const now = () => nanos(time)
  const recorder = createRecorder({ now, client, backend })
  const recording = new Http2Recording({
    recording: recorder.connection({ node: 'n1', client: '127.0.0.1' }),
    mapping: compileMapping(textTable),
    peer: { host: '127.0.0.1', port: 1 } as never,
    now,
  })
  const timesIn = (view: RecordedLines) => view.events.map(({ type, key, time: at }) => `${type} ${key} ${at}`)
  return {
    ...{ recording, recorder },
    at(next: number) {
      time = next
    },
    ask(stream: number, method = 'GET') {
      const head = { method, target: `/kv/${stream}`, headers: { get: () => undefined } }
      recording.requestArrived(headers(stream, method === 'GET' ? FLAG.endStream : 0), head)
    },
    /**
     * A complete response arrives from the server. If `endByte` is given, the proxy also passes the response on. It has
     * then passed on `endByte` bytes in total.
     */
    answer(stream: number, endByte?: number) {
      recording.answerArrived(headers(stream))
      recording.answerArrived(data(stream, 'value', FLAG.endStream))
      if (endByte !== undefined) recording.answerPassed(data(stream, 'value', FLAG.endStream), endByte)
    },
    told: () => timesIn(client),
    toldOfBackend: () => timesIn(backend),
    errors: () => client.events.flatMap(({ key, error }) => (error === undefined ? [] : [`${key}: ${error}`])),
  }
}

describe('a request over HTTP/2', () => {
  test('an HTTP/2 request counts as arrived as soon as the server has received the first byte of its head', () => {
    const { recording, ask, at, toldOfBackend } = recorded()
    for (const stream of [1, 3, 5]) ask(stream)
    recording.requestPassed(headers(1), 10)
    recording.requestPassed(data(1, 'x'), 15)
    recording.requestPassed(headers(3), 20)
    recording.requestPassed(headers(5), 30)
    for (const [time, totalBytes] of [
      [1, 10],
      [2, 11],
      [3, 20],
      [4, 31],
    ] as const) {
      at(time)
      recording.requestsDelivered(totalBytes)
    }
    expect(toldOfBackend()).toEqual(['invoke 1 2', 'invoke 3 4', 'invoke 5 4'])
  })

  test('an HTTP/2 request has the time of the chunk with which it arrived', () => {
    const { recording, ask, at, told } = recorded()
    at(5)
    recording.beginChunk()
    at(7)
    ask(1)
    recording.endChunk()
    ask(3)
    expect(told()).toEqual(['invoke 1 5', 'invoke 3 7'])
  })

  test('an HTTP/2 request keeps its place before later requests while its body arrives', () => {
    const { recording, ask, told } = recorded()
    recording.beginChunk()
    ask(1, 'PUT')
    recording.endChunk()
    ask(3)
    expect(told()).toEqual([])
    recording.requestArrived(data(1, 'v', FLAG.endStream), undefined)
    expect(told()).toEqual(['invoke 1 0', 'invoke 3 0'])
  })
})

describe('an answer over HTTP/2', () => {
  test('an HTTP/2 answer counts as delivered as soon as the client has received its last byte', () => {
    const { recording, ask, answer, at, told } = recorded()
    for (const [stream, endByte] of [
      [1, 10],
      [3, 20],
      [5, 30],
    ] as const) {
      ask(stream)
      answer(stream, endByte)
    }
    for (const [time, totalBytes] of [
      [1, 9],
      [2, 10],
      [3, 29],
      [4, 30],
    ] as const) {
      at(time)
      recording.answersDelivered(totalBytes)
    }
    expect(told().slice(3)).toEqual(['ok 1 2', 'ok 3 3', 'ok 5 4'])
  })

  test('an HTTP/2 request has an unknown outcome if the connection closes before its answer is delivered', () => {
    const { recording, ask, answer, errors, toldOfBackend } = recorded()
    for (const stream of [1, 3]) ask(stream, 'PUT')
    for (const stream of [1, 3]) {
      recording.requestArrived(data(stream, 'v', FLAG.endStream), undefined)
      recording.requestPassed(headers(stream), 0)
    }
    recording.requestsDelivered(1)
    answer(1, 10)
    recording.serverGone()
    expect(errors()).toEqual(['3: the connection ended before the answer was complete'])
    recording.closed()
    recording.closed()
    expect(errors()).toEqual([
      '3: the connection ended before the answer was complete',
      '1: the connection ended before the answer was complete',
    ])
    expect(toldOfBackend().filter((event) => event.startsWith('ok'))).toEqual(['ok 1 0'])
  })

  test('an HTTP/2 answer that cannot be decoded is not read, and no later answer is read', () => {
    const { recording, ask, answer, errors } = recorded()
    for (const stream of [1, 3]) ask(stream)
    recording.answerArrived(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.from([0x80])))
    answer(3, 10)
    recording.answersDelivered(10)
    const unparsable = 'unparsable: the answer is not valid HTTP'
    expect(errors()).toEqual([`1: ${unparsable}`, `3: ${unparsable}`])
  })
})

describe('a GOAWAY', () => {
  test('a GOAWAY refuses every unanswered request with a higher number, sent before or after the GOAWAY', () => {
    const { recording, ask, answer, errors } = recorded()
    for (const stream of [1, 3, 5]) ask(stream)
    answer(5)
    recording.answerArrived(goaway(1, 0))
    const refused = 'refused: the server had announced that it takes no more requests'
    expect(errors()).toEqual([`3: ${refused}`])
    ask(7)
    recording.requestArrived(resetStream(7, 0), undefined)
    expect(errors()).toEqual([`3: ${refused}`, `7: ${refused}`])
  })

  test('a GOAWAY cannot allow more streams than an earlier GOAWAY', () => {
    const { recording, ask, errors } = recorded()
    ask(1)
    recording.requestPassed(headers(1), 0)
    recording.requestsDelivered(1)
    recording.answerArrived(goaway(1, 0))
    recording.answerArrived(goaway(99, 0))
    ask(3)
    recording.closed()
    expect(errors().map((error) => error.slice(0, 10))).toEqual(['1: the con', '3: refused'])
  })
})

test('nothing is recorded of a connection after its reader has failed', () => {
  const { recording, ask, answer, told, recorder } = recorded()
  for (const stream of [1, 3]) ask(stream)
  answer(1, 10)
  recording.failed(new Error('a mistake'))
  expect(recorder.counters).toMatchObject({ opaqueConnections: 1, open: 0 })
  const before = told()
  recording.answersDelivered(10)
  answer(3, 20)
  recording.answersDelivered(20)
  recording.closed()
  expect(told()).toEqual(before)
})

test('a data frame of an unknown stream, or of no stream, is not recorded', () => {
  const { recording, told } = recorded()
  recording.requestArrived(dataFrame(9, Buffer.from('x')), undefined)
  recording.answerArrived(dataFrame(9, Buffer.from('x')))
  recording.resetByFault(9)
  recording.closed()
  expect(told()).toEqual([])
})
