import { describe, expect, test } from 'vitest'
import { readLaxly } from '../../../src/http/lax-head.ts'
import { decodeSegment, encodeSegment, pathOf } from '../../../src/http/path-pattern.ts'
import { createReplyReader } from '../../../src/http/reply-reader.ts'
import { bodyOfRequest, expectsContinue, wantsClose } from '../../../src/http/request-head.ts'
import { bytesOf, readRequests } from '../../http/feed.ts'

/** Reads a reply in these pieces, and then the end of the connection. Returns the results of all these steps. */
function replied(pieces: readonly string[], { method = 'GET', keep = 100 } = {}) {
  const reader = createReplyReader()
  reader.expect(method, keep)
  const read = pieces.map((piece) => reader.read(bytesOf(piece)))
  const last = read.at(-1)
  const replyText = (reply: typeof last) =>
    reply?.type === 'answer'
      ? {
          status: reply.answer.status,
          body:
            reply.answer.body && 'bytes' in reply.answer.body ? reply.answer.body.bytes.toString() : reply.answer.body,
          reusable: reply.reusable,
        }
      : reply?.type === 'unreadable'
        ? reply.why
        : reply?.type
  return { earlier: read.slice(0, -1).map(({ type }) => type), last: replyText(last), end: replyText(reader.end()) }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n'
const HELLO = { status: 200, body: 'hello', reusable: true }

describe('a reply', () => {
  test('a reply is complete with the last byte of its body, in any division of the bytes', () => {
    expect(replied([`${OK}\r\nhello`])).toEqual({ earlier: [], last: HELLO, end: 'incomplete' })
    const bytes = [...`${OK}\r\nhello`]
    expect(replied(bytes)).toEqual({ earlier: bytes.slice(1).map(() => 'incomplete'), last: HELLO, end: 'incomplete' })
    expect(replied(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n']).last).toEqual(
      HELLO,
    )
    expect(replied(['HTTP/1.1 204 No Content\r\n\r\n']).last).toEqual({ status: 204, body: '', reusable: true })
    expect(replied([`${OK}\r\n`], { method: 'HEAD' }).last).toEqual({ status: 200, body: '', reusable: true })
  })

  test('the reply to a request is the first final reply after interim replies', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    expect(replied([interim, `${interim}${OK}\r\nhello`])).toMatchObject({ earlier: ['incomplete'], last: HELLO })
  })

  test('a reply without a stated length ends at the end of the connection', () => {
    const { last, end } = replied(['HTTP/1.1 200 OK\r\n\r\nhel', 'lo'])
    expect([last, end]).toEqual(['incomplete', { ...HELLO, reusable: false }])
    expect(replied([`${OK}\r\nhel`]).end).toBe('incomplete')
    expect(replied(['']).end).toBe('incomplete')
  })

  test('a connection is reusable after a reply, unless its header forbids it or more bytes follow', () => {
    const isReusable = (text: string) => (replied([text]).last as { readonly reusable: boolean }).reusable
    expect(isReusable(`${OK}Connection: keep-alive\r\n\r\nhello`)).toBe(true)
    expect(isReusable(`${OK}Connection: Close\r\n\r\nhello`)).toBe(false)
    expect(isReusable(`${OK}\r\nhelloHTTP`)).toBe(false)
    expect(isReusable(`${OK.replace('1.1', '1.0')}\r\nhello`)).toBe(false)
    expect(isReusable(`${OK.replace('1.1', '1.0')}Connection: Keep-Alive\r\n\r\nhello`)).toBe(true)
  })

  test('a reply keeps its body only if the body fits the given limit', () => {
    expect(replied([`${OK}\r\nhello`], { keep: 0 }).last).toEqual({ ...HELLO, body: undefined })
    expect(replied([`${OK}\r\nhello`], { keep: 4 }).last).toMatchObject({ body: { length: 5 } })
    expect(replied([`${OK}\r\nhello`], { keep: 5 }).last).toEqual(HELLO)
  })

  test('a reply is read after an earlier reply on the same connection', () => {
    const reader = createReplyReader()
    for (const word of ['hello', 'world']) {
      reader.expect('GET', 10)
      const read = reader.read(bytesOf(`${OK}\r\n${word}`))
      expect(read.type === 'answer' && read.answer.body).toEqual({ bytes: Buffer.from(word) })
    }
  })

  test('a reply is unreadable if its first line is not HTTP', () => {
    expect(replied(['SSH-2.0-x\r\n'])).toMatchObject({ last: 'this is not HTTP/1.1' })
    expect(replied(['HTTP/1.1 20x OK\r\n\r\n'])).toMatchObject({ last: 'no status of three digits' })
  })
})

describe('a request', () => {
  const [head] = [(text: string) => readRequests([bytesOf(`${text}\r\n\r\n`)]).messages[0]!.head]

  test.each([
    ['GET / HTTP/1.1', false],
    ['GET / HTTP/1.1\r\nConnection: close', true],
    ['GET / HTTP/1.1\r\nConnection: upgrade , CLOSE', true],
    ['GET / HTTP/1.1\r\nConnection: closed', false],
    ['GET / HTTP/1.0', true],
    ['GET / HTTP/1.0\r\nConnection: Keep-Alive', false],
    ['GET / HTTP/1.0\r\nConnection: keep-alive, close', true],
  ])('a request with the head %j asks to close its connection: %s', (text, isClosed) => {
    expect(wantsClose(head(text))).toBe(isClosed)
  })

  test.each([
    ['PUT / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue', true],
    ['PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: x, 100-Continue ', true],
    ['PUT / HTTP/1.1\r\nContent-Length: 1', false],
    ['PUT / HTTP/1.1\r\nContent-Length: 0\r\nExpect: 100-continue', false],
    ['PUT / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue', false],
    ['PUT / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 101-continue', false],
  ])('a request with the head %j may wait for 100 Continue: %s', (text, waits) => {
    expect(expectsContinue(head(text))).toBe(waits)
  })

  test('a request has a body only if it has a length above 0 or chunked encoding', () => {
    const kinds = ['', 'Content-Length: 0', 'Content-Length: 1', 'Transfer-Encoding: chunked'].map((field) =>
      bodyOfRequest(head(`PUT / HTTP/1.1\r\nHost: x${field === '' ? '' : `\r\n${field}`}`)),
    )
    expect(kinds).toEqual(['none', 'none', 'sized', 'chunked'])
  })

  test('a malformed request is read leniently, as most servers read it', () => {
    const lax = (text: string) => {
      const { method, target, headers } = readLaxly(bytesOf(text))
      return [method, target, headers.get('x-a'), headers.get('x b')]
    }
    expect(lax('PUT /kv HTTP/1.1\nX-A: 1\nx b:2\nX-A:  3 \n\nX-A: 4')).toEqual(['PUT', '/kv', '1, 3', '2'])
    expect(lax('PUT /kv HTTP/1.1\r\nX-A: 1\r\n\tfolded\r\n\r\n')).toEqual(['PUT', '/kv', '1\r\n\tfolded', undefined])
    expect(lax('')).toEqual(['', '', undefined, undefined])
    const long = `PUT /kv HTTP/1.1\nX: ${'y'.repeat(64 * 1024)}\nX-A: 1`
    expect(lax(long)[2]).toBeUndefined()
    const fits = `PUT /kv HTTP/1.1\nX: ${'y'.repeat(64 * 1024 - 21 - 7)}\nX-A: 1`
    expect([fits.length, lax(fits)[2]]).toEqual([64 * 1024 - 1, '1'])
  })
})

test.each([
  ['/kv/x', '/kv/x'],
  ['/kv/x?a=/b', '/kv/x'],
  ['http://host/kv/x?a', '/kv/x'],
  ['http://host', 'http://host'],
  ['http://host?a=/b', 'http://host'],
  ['*', '*'],
  ['host:443', 'host:443'],
  ['a/b', 'a/b'],
  ['?a=/b', ''],
  ['/proxy/http://host/kv', '/proxy/http://host/kv'],
  ['http:///kv', '/kv'],
])('pathOf(%s) returns %s', (target, path) => {
  expect(pathOf(target)).toBe(path)
})

test.each([
  ['abc', 'abc'],
  ['a%20b', 'a b'],
  ['a%2Fb', 'a/b'],
  ['\u00c3\u00a9', 'é'],
  ['%C3%A9', 'é'],
  ['%', '%'],
  ['%ff', '%ff'],
  ['\u00ff', '\u00ff'],
])('decodeSegment turns %j into %j', (segment, text) => {
  expect(decodeSegment(segment)).toBe(text)
})

test.each([
  ['a b', 'a%20b'],
  ['a/b?c#d%', 'a%2Fb%3Fc%23d%25'],
  ["-._~!$&'()*+,;=:@", "-._~!$&'()*+,;=:@"],
  ['.', '%2E'],
  ['..', '%2E%2E'],
  ['.a', '.a'],
  ['é', '%C3%A9'],
])('encodeSegment turns %j into %j', (text, segment) => {
  expect(encodeSegment(text)).toBe(segment)
  expect(decodeSegment(segment)).toBe(text)
})
