import { createRandom } from '@chaosproxy/faults'
import { describe, expect, inject, test } from 'vitest'
import { HeaderBlock } from '../../../src/http/header-block.ts'
import { HeaderMemo } from '../../../src/http/header-memo.ts'
import { MessageParser } from '../../../src/http/message-parser.ts'
import { RequestHeadReader } from '../../../src/http/request-head.ts'
import { bodyOfResponse } from '../../../src/http/response-head.ts'
import { STEP } from '../../../src/http/syntax.ts'
import { badRequests, badResponses, goodRequests, goodResponses } from '../../http/corpus.ts'
import { bytesOf, cutAt, readRequests, readResponses, traceOf } from '../../http/feed.ts'
import { differencesOverSplits } from '../../http/splits.ts'

describe('the request parser', () => {
  test.each(Object.entries(goodRequests))('the request parser accepts the request: %s', (_, text) => {
    expect(readRequests([bytesOf(text)])).toMatchObject({ malformed: false })
  })

  test.each(Object.entries(badRequests))('the request parser refuses the request: %s', (_, text) => {
    const reading = readRequests([bytesOf(text)])
    expect(reading.malformed, 'malformed').toBe(true)
    expect(reading.reason).not.toBe('')
    // Nothing after the malformed request was read as a request.
    expect(reading.messages.filter((message) => message.complete)).toEqual([])
  })

  test('the request parser yields every message of a pipelined stream with its body', () => {
    const { messages } = readRequests([bytesOf(goodRequests['many, pipelined'] ?? '')])
    expect(messages.map(({ head, body }) => [head.method, body])).toEqual([
      ['GET', ''],
      ['PUT', 'hello'],
      ['GET', ''],
      ['POST', 'hello'],
      ['GET', ''],
    ])
  })

  test('the request parser keeps the order and spelling of field names, and looks them up case-insensitively', () => {
    const [message] = readRequests([bytesOf('GET / HTTP/1.1\r\nHOST: n1\r\nx-A:1\r\nX-a: 2 \r\n\r\n')]).messages
    expect(message?.head.headers.fields).toEqual([
      { name: 'HOST', value: 'n1' },
      { name: 'x-A', value: '1' },
      { name: 'X-a', value: '2' },
    ])
    expect(message?.head.headers.get('x-a')).toBe('1, 2')
    expect(message?.head.headers.get('x-b')).toBeUndefined()
  })

  test.each([
    ['Connection: keep-alive, Upgrade\r\nUpgrade: websocket', true],
    ['Upgrade: websocket', false],
    ['Connection: Upgrade', false],
    ['Connection: upgraded\r\nUpgrade: websocket', false],
  ])(
    'the request parser recognises an upgrade only if both Connection and Upgrade declare it: %s',
    (fields, upgrade) => {
      const [message] = readRequests([bytesOf(`GET / HTTP/1.1\r\n${fields}\r\n\r\n`)]).messages
      expect(message?.head.headers.upgrade).toBe(upgrade)
    },
  )

  test('the request parser accepts a header of 64 KiB and refuses a longer one, in any division of the bytes', () => {
    const head = (bytes: number) => `GET / HTTP/1.1\r\nX: ${'y'.repeat(bytes - 23)}\r\n\r\n`
    for (const pieceBytes of [1000, 100_000]) {
      const read = (text: string) => readRequests(pieces(bytesOf(text), pieceBytes))
      expect(read(head(65_536)).messages).toHaveLength(1)
      expect(read(head(65_537)).malformed).toBe(true)
    }
  })

  test.each([
    ['chunk extensions', (bytes: number) => `5;${'x'.repeat(bytes)}\r\nhello\r\n0\r\n\r\n`],
    ['trailers', (bytes: number) => `0\r\nX:${'x'.repeat(bytes - 1)}\r\n\r\n`],
    ['trailers with long names', (bytes: number) => `0\r\n${'x'.repeat(bytes)}:\r\n\r\n`],
  ])('the request parser accepts 64 KiB of %s in each message, and refuses more', (_, body) => {
    const post = (bytes: number) => `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body(bytes)}`
    expect(readRequests([bytesOf(post(65_536).repeat(2))]).messages.map(({ complete }) => complete)).toEqual([
      true,
      true,
    ])
    expect(readRequests([bytesOf(post(65_537))]).malformed).toBe(true)
  })

  test.each([
    ['', true],
    ['\r', true],
    ['\r\n', true],
    ['\r\n\r', true],
    ['\rG', false],
    ['\n', false],
    ['(', false],
    ['G', true],
    ['GET', true],
    ['GET ', true],
    ['GET(', false],
    [' ', false],
    ['\r\nGET', true],
    [`\r\n${'A'.repeat(32)}`, true],
    [`${'A'.repeat(32)} `, true],
    ['A'.repeat(33), false],
    [`${'A'.repeat(33)} `, false],
  ])('the request parser recognises whether a request may begin with the bytes %j: %s', (text, mayBegin) => {
    expect(new RequestHeadReader(new HeaderMemo()).mayBegin(bytesOf(text))).toBe(mayBegin)
  })

  test('the request parser accepts a method of 32 bytes and refuses a longer one', () => {
    const read = (bytes: number) => readRequests([bytesOf(`${'A'.repeat(bytes)} / HTTP/1.1\r\n\r\n`)])
    expect(read(32).messages[0]?.head.method).toBe('A'.repeat(32))
    expect(read(33).malformed).toBe(true)
  })

  test.each([
    ['no bytes', '', true],
    ['an empty line', '\r\n', true],
    ['the first byte of an empty line', '\r\n\r', true],
    ['the first byte of a head', '\r\nG', false],
    ['part of a head', 'GET', false],
    ['a line of a head', 'GET / HTTP/1.1\r\n', false],
  ])('the request parser reports whether it is between messages after %s', (_, text, isBetween) => {
    const parser = new MessageParser(new RequestHeadReader(new HeaderMemo()))
    parser.read(bytesOf(text), 0)
    expect(parser.betweenMessages).toBe(isBetween)
  })

  test('the request parser keeps the length of a header, and the bytes of a header that arrives in pieces', () => {
    const parser = new MessageParser(new RequestHeadReader(new HeaderMemo()))
    const head = bytesOf('GET / HTTP/1.1\r\nHost: n1\r\n\r\n')
    expect(parser.isCut).toBe(false)
    parser.read(Buffer.concat([bytesOf('G'), head]).subarray(1), 0)
    expect([parser.headLength, parser.isCut, parser.carried.length]).toEqual([head.length, false, 0])
    parser.frame('none')
    expect(parser.read(head, 0)).toBe(STEP.end)
    parser.read(head.subarray(0, 1), 0)
    expect([parser.isCut, parser.carried]).toEqual([true, head.subarray(0, 1)])
    parser.read(head.subarray(1, 20), 0)
    expect(parser.read(head.subarray(20), 0)).toBe(STEP.head)
    expect([parser.headLength, parser.isCut, parser.carried]).toEqual([head.length, false, head])
    parser.frame('none')
    parser.read(Buffer.alloc(0), 0)
    expect([parser.isCut, parser.carried.length]).toEqual([false, 0])
    parser.read(head.subarray(0, 3), 0)
    expect(parser.read(bytesOf('(\r\n\r\n'), 0)).toBe(STEP.malformed)
    expect([parser.earlier, parser.isCut]).toEqual([head.subarray(0, 3), false])
  })

  test('the request parser reads a long header whose bytes arrive one at a time', () => {
    const head = bytesOf(`GET / HTTP/1.1\r\nX: ${'y'.repeat(60_000)}\r\n\r\n`)
    expect(readRequests(pieces(head, 1)).messages).toHaveLength(1)
  })
})

describe('the response parser', () => {
  test.each(Object.entries(goodResponses))('the response parser accepts the response: %s', (_, { text, methods }) => {
    const reading = readResponses([bytesOf(text)], methods)
    expect(reading.malformed).toBe(false)
    if (!_.startsWith('cut off'))
      expect(reading.messages.map(({ complete }) => complete)).toEqual(methods.map(() => true))
  })

  test.each(Object.entries(badResponses))('the response parser refuses the response: %s', (_, { text, methods }) => {
    const reading = readResponses([bytesOf(text)], methods)
    expect(reading.malformed).toBe(true)
    expect(reading.messages.filter((message) => message.complete)).toEqual([])
  })
})

test.each([
  [100, 'none'],
  [199, 'none'],
  [200, 'none'],
  [299, 'none'],
  [300, 'sized'],
  [304, 'none'],
] as const)('a reply to CONNECT with the status %i has a body of the kind %s', (status, kind) => {
  const headers = new HeaderBlock(Buffer.alloc(0), { contentLength: 5, transferCoding: 'none', upgrade: false })
  expect(bodyOfResponse({ status, minorVersion: 1, headers }, 'CONNECT')).toBe(kind)
})

test('the response parser yields the same messages in any division of the bytes', () => {
  const { differences, splits } = differencesOverSplits({ pairsOfStreamsUpTo: 70, random: createRandom('splits') })
  expect(differences).toEqual([])
  expect(splits).toBeGreaterThan(60_000)
})

test('a request parser yields the same messages with and without a HeaderMemo', () => {
  const seed = `memo ${inject('seed')}`
  const random = createRandom(seed)
  const memo = new HeaderMemo()
  const texts = Object.values(goodRequests)
  for (let round = 0; round < 300; round++) {
    const bytes = bytesOf(Array.from({ length: 5 }, () => random.pick(texts)).join(''))
    const cuts = Array.from({ length: 3 }, () => random.integer(bytes.length)).sort((a, b) => a - b)
    const remembered = traceOf(readRequests(cutAt(bytes, cuts), memo))
    expect(remembered, seed).toBe(traceOf(readRequests(cutAt(bytes, cuts))))
  }
})

const pieces = (bytes: Buffer, size: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
