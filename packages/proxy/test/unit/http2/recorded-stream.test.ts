import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { compileMapping } from '../../../../recorder/src/routes/mapping/mapping.ts'
import type { HpackFields } from '../../../../wire/src/http2/hpack/hpack-decoder.ts'
import { HttpTurn } from '../../../src/http/turn.ts'
import { RecordedStream } from '../../../src/http2/recorded-stream.ts'
import { textTable } from '../../http/live.ts'

type Fields = { readonly [name: string]: string }

const fieldsOf = (fields: Fields): HpackFields => new Map(Object.entries(fields)) as never

/**
 * Returns the recorded response to a read. In `blocks`, an object is a header block, and a string is a part of the
 * body.
 */
function answerOf(blocks: readonly (Fields | string)[], request: Fields = {}) {
  const head = { method: 'GET', target: '/kv/x', headers: fieldsOf(request) }
  const stream = new RecordedStream(1, head, new HttpTurn(undefined, nanos(0)), {
    routed: compileMapping(textTable).match(head),
    ...{ method: undefined, peer: { host: '127.0.0.1', port: 1 } as never, now: () => nanos(0) },
  })
  for (const block of blocks)
    if (typeof block === 'string') stream.answerData(Buffer.from(block))
    else stream.answerFields(fieldsOf(block))
  const { status, headers, body, ...rest } = stream.answerEnded()
  const text = body !== undefined && 'bytes' in body ? String(body.bytes) : undefined
  return { status, type: headers?.get('content-type'), text, isKept: stream.answer !== undefined, ...rest }
}

describe('a recorded answer over HTTP/2', () => {
  const whole = { status: 200, type: 'text/plain', text: 'abc', isKept: true }
  const headers = { ':status': '200', 'content-type': 'text/plain' }

  test.each<readonly [string, readonly (Fields | string)[]]>([
    ['its body in parts', [headers, 'a', 'bc']],
    ['trailers after its body', [headers, 'abc', { 'content-type': 'text/html', x: 'y' }]],
    ['trailers with a status', [headers, 'abc', { ':status': '500' }]],
    ['responses before it', [{ ':status': '100' }, { ':status': '103' }, { ':status': '199' }, headers, 'abc']],
  ])('an HTTP/2 answer is read correctly with %s', (_, blocks) => {
    expect(answerOf(blocks)).toEqual(whole)
  })

  test('an HTTP/2 answer without a status has the status 0', () => {
    expect(answerOf([])).toMatchObject({ status: 0, type: undefined })
  })
})

const UNKNOWN = 2

test.each<readonly [grpcStatus: number | undefined, readonly Fields[]]>([
  [5, [{ ':status': '200' }, { 'grpc-status': '5' }]],
  [0, [{ ':status': '200' }, { 'grpc-status': '0' }]],
  [999, [{ ':status': '200' }, { 'grpc-status': '999' }]],
  [UNKNOWN, [{ ':status': '200' }, { 'grpc-status': '1000' }]],
  [UNKNOWN, [{ ':status': '200' }, { 'grpc-status': '' }]],
  [UNKNOWN, [{ ':status': '200' }, { 'grpc-status': '-1' }]],
  [UNKNOWN, [{ ':status': '200' }, { x: 'y' }]],
  [7, [{ ':status': '200', 'grpc-status': '7' }]],
  [5, [{ ':status': '200', 'grpc-status': '7' }, { 'grpc-status': '5' }]],
  [7, [{ ':status': '503', 'grpc-status': '7' }]],
  [undefined, [{ ':status': '503' }]],
])('a gRPC call has the status %s if its answer has the header blocks %j', (grpcStatus, blocks) => {
  const answer = answerOf(blocks, { 'content-type': 'application/grpc' })
  expect(answer).toMatchObject({ status: Number(blocks[0]?.[':status']), grpcStatus })
})
