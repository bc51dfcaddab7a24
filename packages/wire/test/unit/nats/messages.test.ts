import { describe, expect, test } from 'vitest'
import { firstPiece, publish } from '../../../src/nats/messages.ts'

describe('a line from a NATS server', () => {
  const plain = Buffer.from('MSG s 1 answers 5\r\nhello\r\n')
  const withHeaders = Buffer.from('HMSG s 2 32 34\r\nNATS/1.0 404 None\r\nA: b\r\nC:d\r\n\r\nhi\r\n')

  test('a line from a NATS server is read as a message once the whole payload has arrived', () => {
    for (let size = 0; size < plain.length; size++) expect(firstPiece(plain.subarray(0, size))).toBeUndefined()
    expect(firstPiece(Buffer.concat([plain, plain]))).toMatchObject({
      size: plain.length,
      isPing: false,
      found: { subject: 's', subscription: '1', reply: 'answers', status: undefined, payload: Buffer.from('hello') },
    })
  })

  test('a line from a NATS server is read as a message with its headers and status', () => {
    expect(firstPiece(withHeaders)).toMatchObject({
      size: withHeaders.length,
      found: {
        ...{ subject: 's', subscription: '2', reply: undefined, status: 404, description: 'None' },
        ...{ headers: new Map(Object.entries({ A: 'b', C: 'd' })), payload: Buffer.from('hi') },
      },
    })
  })

  test('a NATS line with PING or +OK yields no message, and only PING is recognised as a ping', () => {
    expect(firstPiece(Buffer.from('PING\r\n'))).toEqual({ size: 6, isPing: true, found: undefined })
    expect(firstPiece(Buffer.from('+OK\r\n'))).toEqual({ size: 5, isPing: false, found: undefined })
  })

  test.each(["-ERR 'No'", 'MSG s 1 x', 'HMSG s 1 5 4'])(
    'a line from a NATS server is returned as an error if it is an error or an invalid message: %s',
    (line) => {
      expect(firstPiece(Buffer.from(`${line}\r\n`))).toBe(line)
    },
  )
})

test('a NATS publication states the lengths of its headers and its payload', () => {
  expect(publish({ subject: 's', payload: 'ü' }, 'r').toString()).toBe('PUB s r 2\r\nü\r\n')
  const head = 'NATS/1.0\r\nA: b\r\n\r\n'
  expect(publish({ subject: 's', payload: 'hi', headers: { A: 'b' } }, 'r').toString()).toBe(
    `HPUB s r ${head.length} ${head.length + 2}\r\n${head}hi\r\n`,
  )
})

test('a line from a NATS server may be lower-case and separated by tabs, and its stated length delimits the headers', () => {
  expect(firstPiece(Buffer.from('msg\ts 1 0\r\n\r\n'))).toMatchObject({
    size: 13,
    found: { reply: undefined, payload: Buffer.alloc(0) },
  })
  expect(firstPiece(Buffer.from('HMSG s 2 r 12 12\r\nNATS/1.0\r\n\r\n\r\n'))).toMatchObject({
    found: { reply: 'r', status: undefined, description: '', headers: new Map(), payload: Buffer.alloc(0) },
  })
  expect(firstPiece(Buffer.from('INFO {}\r\n'))).toEqual({ size: 9, isPing: false, found: undefined })
  expect(firstPiece(Buffer.from('PONG\r\n'))).toEqual({ size: 6, isPing: false, found: undefined })
  expect(firstPiece(Buffer.from(`${'x'.repeat(90)}\r\n`))).toBe('x'.repeat(80))
  expect(firstPiece(Buffer.from('HMSG s 2 -1 4\r\n'))).toBe('HMSG s 2 -1 4')
  expect(firstPiece(Buffer.from('HMSG s 2 20 20\r\nNATS/1.0\r\n:x\r\nA:\r\n\r\n\r\n'))).toMatchObject({
    found: { headers: new Map([['A', '']]) },
  })
})
