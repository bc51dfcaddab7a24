import { describe, expect, test } from 'vitest'
import { compileMapping } from '../../../../recorder/src/routes/mapping/mapping.ts'
import { parseRouteTable } from '../../../../recorder/src/routes/parsing/parse-table.ts'
import { dial, eventually, Received } from '../../../../testing/src/sockets.ts'
import { OpaqueRequests } from '../../../src/http/opaque-requests.ts'
import { httpRouteTo, keyValueService, serveHttp } from '../../http/live.ts'

const table = parseRouteTable(
  {
    routes: [
      { request: 'GET /kv/{key}', f: 'read', result: 'body' },
      { request: 'PUT /kv/{key}', f: 'write', value: 'body' },
      { request: 'POST /named', f: 'write', key: 'json.key', value: 'json.value' },
      { request: 'POST /health', ignore: true },
    ],
  },
  'test',
)

/**
 * Returns the requests that a text may contain. Reads the text as a whole and in small pieces, with the same result.
 */
function found(text: string | Buffer) {
  const bytes = Buffer.from(text as string, 'latin1')
  const parts = (pieces: readonly Buffer[]) => {
    const requests = new OpaqueRequests(compileMapping(table))
    return [...pieces.flatMap((piece) => requests.read(piece)), ...requests.end()]
  }
  const whole = parts([bytes])
  const pieceBytes = bytes.length < 5_000 ? 1 : 97
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
    bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  )
  expect(parts(pieces)).toEqual(whole)
  return whole
}

const everything = (what: string) => [{ what, touches: 'everything' }]
const write = (key: string) => ({ what: `PUT /kv/${key}`, touches: { keys: [key] } })
const longestLine = 'PUT /kv/'.padEnd(16 * 1024, 'x')
const longestWrite = write(longestLine.slice('PUT /kv/'.length))

/**
 * Returns a text of `count` write requests, each with its own key, and these writes in the form that `found` returns.
 */
function requestsTo(count: number) {
  const keys = Array.from({ length: count }, (_, i) => String(i))
  return { text: keys.map((key) => `PUT /kv/${key}\n`).join(''), writes: keys.map(write) }
}

const CLIENT_HELLO = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(200, 7)])

describe('bytes that are not HTTP/1.1', () => {
  test.each<[string, string | Buffer, unknown]>([
    ['nothing if they are garbage', Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * i * 31) % 251)), []],
    ['nothing if they only mention requests', 'we PUT the thing in /kv/x, and GET it', []],
    ['nothing if they are a read', 'GET /kv/x HTTP/1.1\r\nBad Header\r\n\r\n', []],
    ['nothing if the table ignores the request', 'POST /health HTTP/1.1\nHost: x\n\n', []],
    ['nothing if the server does not reply to TLS', CLIENT_HELLO, []],
    [
      'a write of one key',
      'PUT /kv/x HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc',
      [{ what: 'PUT /kv/x', touches: { keys: ['x'] } }],
    ],
    [
      'each smuggled request',
      'PUT /kv/x HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nput\t /kv/y?a=b HTTP/1.1\n\nDELETE\0http://h/kv/z\v',
      [
        { what: 'PUT /kv/x', touches: { keys: ['x'] } },
        { what: 'PUT /kv/y', touches: { keys: ['y'] } },
        { what: 'DELETE /kv/z', touches: 'everything' },
      ],
    ],
    ['any key if the body has the key', 'POST /named HTTP/1.1\n\n', everything('POST /named')],
    ['any key if no route matches', 'PATCH /other HTTP/1.1\n\n', everything('PATCH /other')],
    ['any key if they are HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', everything('HTTP/2')],
    ['a write of one key if the request line has 16 KiB', longestLine, [longestWrite]],
    ['any key if the request line is longer', `${longestLine}x`, everything('a request with an endless path')],
    ['single keys if they contain 1,000 requests', requestsTo(1_000).text, requestsTo(1_000).writes],
    [
      'any key from the request after the first 1,000',
      requestsTo(1_001).text,
      [...requestsTo(1_000).writes, ...everything('many requests')],
    ],
  ])('bytes that are not HTTP/1.1 are recorded as requests for %s', (_, bytes, requests) => {
    expect(found(bytes)).toEqual(requests)
  })

  test('the search for requests in bytes that are not HTTP/1.1 stops at a request that may change any key', () => {
    const requests = new OpaqueRequests(compileMapping(table))
    expect(requests.read(CLIENT_HELLO)).toEqual([])
    expect(requests.read(Buffer.from('\nPATCH /other HTTP/1.1\n\n'))).toEqual(everything('PATCH /other'))
    expect([...requests.read(Buffer.from('PUT /kv/x HTTP/1.1\n\n')), ...requests.end()]).toEqual([])
    expect(requests.answered(Buffer.of(0x16, 3, 3))).toEqual([])
  })

  test('a TLS handshake counts as a request for any key if the server accepts TLS, or if bytes follow the TLS hello', () => {
    const requests = new OpaqueRequests(compileMapping(table))
    expect(requests.read(CLIENT_HELLO)).toEqual([])
    expect(requests.answered(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toEqual([])
    expect(requests.answered(Buffer.of(0x15, 3, 1))).toEqual([])
    expect(requests.answered(Buffer.of(0x16, 3, 3))).toEqual(everything('TLS'))
    expect(found(Buffer.concat([CLIENT_HELLO, Buffer.from('002a0000', 'hex')]))).toEqual(everything('TLS'))
  })
})

/** Returns the keys that are marked as possibly changed. */
const touchedIn = (remarks: readonly unknown[]) =>
  remarks.flatMap((remark) => (Array.isArray(remark) && remark[0] === 'touched' ? [remark[1]] : []))

describe('a client that does not send HTTP/1.1', () => {
  test('TLS or invalid bytes from a client mark no key as possibly written, and the connection is counted as opaque', async () => {
    const { route, client, recorder } = await httpRouteTo(await serveHttp((_, reply) => reply.end()))
    for (const bytes of [CLIENT_HELLO, Buffer.from('\x00\x01garbage\r\n\r\n')]) {
      const asking = new Received(await dial(route))
      asking.socket.write(bytes)
      await asking.until(({ ended, closed }) => ended || closed)
    }
    expect(recorder.counters.opaqueConnections).toBe(2)
    expect(recorder.counters.examples.passedOn).toEqual([
      { what: 'bytes that are not HTTP/1.1', count: 2, mayWrite: false },
    ])
    expect(touchedIn(client.remarks)).toEqual([])
  })

  test('a malformed HTTP/1.1 request marks the key in its path as possibly written', async () => {
    const { route, client } = await httpRouteTo(await keyValueService())
    const asking = await dial(route)
    asking.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length : 1\r\n\r\n5')
    await eventually(() => client.remarks.length > 1)
    expect(client.remarks).toEqual([
      ['passed-on', { what: 'bytes that are not HTTP/1.1', count: 1, mayWrite: false }],
      ['touched', 'x', { what: 'PUT /kv/x', why: 'bytes that are not HTTP/1.1 may contain this request' }],
    ])
  })

  test('a malformed chunked request and the request after it mark their keys as possibly written', async () => {
    const { route, client } = await httpRouteTo(await keyValueService())
    const asking = await dial(route)
    asking.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\n')
    asking.write('+3\r\nabc\r\n0\r\n\r\nPUT /kv/y HTTP/1.1\r\n\r\n')
    asking.end()
    await eventually(() => client.remarks.length > 2)
    expect(touchedIn(client.remarks).sort()).toEqual(['x', 'y'])
  })
})
