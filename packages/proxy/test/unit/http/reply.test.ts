import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  editReply,
  editRequest,
  isEndless,
  makeUpReply,
  mayHaveContent,
  offsetInContent,
  type Reply,
  statusLine,
  withFields,
  withHost,
} from '../../../src/http/reply.ts'

const GET = { close: false, method: 'GET' }
const textOf = ({ raw }: { readonly raw: Buffer }): string => raw.toString('latin1')
const fieldsOf = (fields: { readonly [name: string]: string }) => ({ get: (name: string) => fields[name] })

/** Returns a response of a server. It is complete unless `more` sets `bodyFollows`. */
function replyOf(head: string, body: Buffer | string = '', more: Partial<Reply> = {}): Reply {
  const bytes = Buffer.from(body)
  const raw = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), bytes])
  const headLength = head.length + 4
  return {
    status: 200,
    headers: undefined,
    body: { bytes },
    kind: 'sized',
    raw,
    headLength,
    bodyFollows: false,
    ...more,
  }
}

test.each([
  [101, false],
  [199, false],
  [200, true],
  [204, false],
  [205, true],
  [304, false],
  [404, true],
])('a reply with the status %i may have content: %s', (status, may) => {
  expect(mayHaveContent(status)).toBe(may)
})

test.each([
  [200, 'hi', GET, 'HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi'],
  [200, '', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  [205, 'hi', GET, 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
  [204, 'hi', GET, 'HTTP/1.1 204 No Content\r\n\r\n'],
  [304, 'hi', { close: true, method: 'GET' }, 'HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n'],
  [
    503,
    'hi',
    { close: false, method: 'HEAD' },
    'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\n',
  ],
])('for the status %i, the text %j and the request %j, makeUpReply returns %j', (status, text, how, expected) => {
  const reply = makeUpReply(status, text, how)
  expect(textOf(reply)).toBe(expected)
  expect([reply.headLength, reply.bodyFollows]).toEqual([expected.indexOf('\r\n\r\n') + 4, false])
  expect(reply.body.bytes.toString()).toBe(expected.endsWith('hi') ? 'hi' : '')
})

test('a status line contains the standard reason phrase, or "Unknown" for an unknown status', () => {
  expect([statusLine(404), statusLine(799), statusLine(200, 'HTTP/1.0')]).toEqual([
    'HTTP/1.1 404 Not Found',
    'HTTP/1.1 799 Unknown',
    'HTTP/1.0 200 OK',
  ])
})

describe('an edited reply', () => {
  const served = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 3'
  test.each<readonly [Parameters<typeof editReply>[1], string, string]>([
    [{}, 'GET', `${served}\r\n\r\nabc`],
    [
      { headers: { 'x-a': '2', 'X-B': 3 } },
      'GET',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nx-a: 2\r\nX-B: 3\r\n\r\nabc',
    ],
    [{ headers: { 'X-A': null } }, 'GET', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'],
    [{ body: 'other' }, 'GET', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nother'],
    [{ body: '' }, 'GET', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n'],
    [{ status: 404 }, 'GET', 'HTTP/1.1 404 Not Found\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabc'],
    [{ status: 204 }, 'GET', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n'],
    [{ status: 205, body: 'x' }, 'GET', 'HTTP/1.1 205 Reset Content\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n'],
    [{ body: 'other' }, 'HEAD', `${served}\r\n\r\nabc`],
  ])('the edit %j of a reply to the method %s gives the reply %j', (edit, method, expected) => {
    const reply = editReply(replyOf(served, 'abc'), edit, method)
    expect(textOf(reply)).toBe(expected)
    expect([reply.headLength, reply.status]).toEqual([expected.indexOf('\r\n\r\n') + 4, edit.status ?? 200])
  })

  test('an edited reply without a body gets an empty body if its new status allows a body', () => {
    const reply = editReply(replyOf('HTTP/1.0 304 X', '', { status: 304 }), { status: 200 }, 'GET')
    expect(textOf(reply)).toBe('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')
  })

  test("an edited reply has the length of its new body, and the server's body is not forwarded after it", () => {
    const chunked = replyOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X', '', {
      kind: 'chunked',
      bodyFollows: true,
    })
    const edited = editReply(chunked, { body: 'new' }, 'GET')
    expect(textOf(edited)).toBe('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew')
    expect(edited).toMatchObject({ kind: 'sized', bodyFollows: false, body: { bytes: Buffer.from('new') } })
    expect(editReply(chunked, { headers: { a: 'b' } }, 'GET')).toMatchObject({ kind: 'chunked', bodyFollows: true })
  })

  test('an edited body has the coding of the old body, unless the edit names a coding or the coding cannot be applied', () => {
    const coded = (coding: string, headers?: { readonly [name: string]: string }) => {
      const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}`
      const reply = replyOf(head, gzipSync('old'), { headers: fieldsOf({ 'content-encoding': coding }) })
      return editReply(reply, { body: 'new', ...(headers === undefined ? {} : { headers }) }, 'GET')
    }
    expect(gunzipSync(coded('gzip').body.bytes).toString()).toBe('new')
    expect(textOf(coded('gzip'))).toContain('Content-Encoding: gzip\r\n')
    expect(textOf(coded('zstd'))).toBe('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew')
    expect(textOf(coded('gzip', { 'content-encoding': 'x' }))).toBe(
      'HTTP/1.1 200 OK\r\ncontent-encoding: x\r\nContent-Length: 3\r\n\r\nnew',
    )
  })

  test('the header fields of an edited reply include the edits', () => {
    const reply = replyOf('HTTP/1.1 200 OK\r\nA: 1', '', { headers: fieldsOf({ a: '1', b: '2' }) })
    const { headers } = editReply(reply, { headers: { A: '3', B: null } }, 'GET')
    expect([headers?.get('a'), headers?.get('b')]).toEqual(['3', undefined])
    expect(editReply(reply, {}, 'GET').headers).toBe(reply.headers)
    expect(withFields(reply, undefined)).toBe(reply)
    expect(textOf(withFields(reply, { A: '4' }))).toBe('HTTP/1.1 200 OK\r\nA: 4\r\n\r\n')
  })
})

test('an edited request keeps its first line, without the empty lines before it', () => {
  const message = { ...replyOf('\r\nPUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3', 'abc') }
  expect(textOf(editRequest(message, { body: 'x' }, undefined))).toBe(
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx',
  )
  expect(textOf(editRequest(message, { headers: { Host: 'b' } }, undefined))).toBe(
    'PUT / HTTP/1.1\r\nContent-Length: 3\r\nHost: b\r\n\r\nabc',
  )
  expect(withHost(Buffer.from('GET / HTTP/1.1\r\nX-Host: a\r\nhost: a:1\r\n\r\n'), 'b').toString()).toBe(
    'GET / HTTP/1.1\r\nX-Host: a\r\nHost: b\r\n\r\n',
  )
})

test.each<readonly [Reply['kind'], string, number, number | undefined]>([
  ['sized', 'abcdef', 0, 0],
  ['sized', 'abcdef', 5, 5],
  ['sized', 'abcdef', 6, undefined],
  ['chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', 0, 3],
  ['chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', 2, 5],
  ['chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', 3, 11],
  ['chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', 5, 13],
  ['chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', 6, undefined],
  ['none', '', 0, undefined],
])('in the %s body %j, the first %i bytes of content end at offset %s', (kind, body, contentBytes, offset) => {
  const reply = replyOf('HTTP/1.1 200 OK', body, { kind })
  expect(offsetInContent(reply, contentBytes)).toBe(offset === undefined ? undefined : reply.headLength + offset)
})

test.each([
  ['text/event-stream', true],
  ['Text/Event-Stream; charset=utf-8', true],
  ['multipart/x-mixed-replace; boundary=x', true],
  ['application/text/event-stream', false],
  [undefined, false],
])('a reply of the type %s is an endless stream: %s', (type, is) => {
  expect(isEndless(fieldsOf(type === undefined ? {} : { 'content-type': type }))).toBe(is)
})
