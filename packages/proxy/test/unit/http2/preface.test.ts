import { describe, expect, test } from 'vitest'
import { PREFACE } from '../../../../wire/src/http2/frames.ts'
import { byPreface } from '../../../src/http2/by-preface.ts'
import type { Conversation, Exit, Intercept } from '../../../src/interceptor/interceptor.ts'

const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])

/**
 * A connection without sockets. `toldSince` returns what happened since its last call: the version of HTTP whose
 * interceptor was created, and the calls to this interceptor.
 */
function connection() {
  const told: string[] = []
  const version =
    (name: string): Intercept =>
    () => {
      told.push(name)
      const stage = (direction: string) => ({
        receive(bytes: Buffer) {
          told.push(`${direction} ${bytes.toString('latin1')}`)
          return bytes.toString() !== 'kept'
        },
        end: () => void told.push(`${direction} END`),
        reset: () => void told.push(`${direction} RESET`),
        delivered: (totalBytes: number) => void told.push(`${direction} delivered ${totalBytes}`),
        altered: () => void told.push(`${direction} altered`),
      })
      return {
        ...{ isIdle: name === 'http1', requests: stage('asked'), responses: stage('answered') },
        closed: () => void told.push('closed'),
        failed: (error: unknown) => void told.push(`failed ${error}`),
      }
    }
  const exit = {} as Exit
  const conversation: Conversation = {
    ...{ id: 1, client: { host: '127.0.0.1', port: 1 }, requests: exit, responses: exit },
    dial: () => void told.push('dial'),
    abort: () => undefined,
    guard: (callback) => callback(),
  }
  const interceptor = byPreface({ http1: version('http1'), http2: version('http2') })(conversation)
  expect(told.splice(0)).toEqual(['dial'])
  return { interceptor, toldSince: () => told.splice(0) }
}

describe('a connection of an unknown version of HTTP', () => {
  test.each([1, 5, 23, 24, 30])(
    'a connection is HTTP/2 if its first 24 bytes are the preface, in pieces of %i bytes',
    (size) => {
      const { interceptor, toldSince } = connection()
      const bytes = Buffer.concat([PREFACE, SETTINGS])
      for (let at = 0; at < bytes.length; at += size) {
        expect(interceptor.isIdle).toBe(at === 0)
        expect(interceptor.requests.receive(bytes.subarray(at, at + size))).toBe(true)
      }
      const [version, ...asked] = toldSince()
      expect(version).toBe('http2')
      expect(asked.map((each) => each.slice('asked '.length)).join('')).toBe(bytes.toString('latin1'))
    },
  )

  test.each<readonly [readonly string[], readonly string[]]>([
    [['GET /'], ['asked GET /']],
    [['PRI * HTTP/1'], ['asked PRI * HTTP/1']],
    [
      ['PR', 'I * HTTP/2.0\r\n\r\nno'],
      ['asked PR', 'asked I * HTTP/2.0\r\n\r\nno'],
    ],
    [
      ['P', 'UT /'],
      ['asked P', 'asked UT /'],
    ],
  ])('a connection is HTTP/1 if its first bytes are %j', (pieces, asked) => {
    const { interceptor, toldSince } = connection()
    for (const piece of pieces) interceptor.requests.receive(Buffer.from(piece))
    expect(toldSince()).toEqual(['http1', ...asked])
    expect(interceptor.isIdle).toBe(true)
  })

  test('SETTINGS from the server are held until the HTTP version of the connection is known', () => {
    const { interceptor, toldSince } = connection()
    for (const byte of SETTINGS) expect(interceptor.responses.receive(Buffer.from([byte]))).toBe(true)
    expect(toldSince()).toEqual([])
    expect(interceptor.requests.receive(PREFACE)).toBe(true)
    const [version, asked, ...answered] = toldSince()
    expect([version, asked, answered.length]).toEqual(['http2', `asked ${PREFACE}`, 9])
    expect(interceptor.responses.receive(SETTINGS)).toBe(true)
    expect(interceptor.responses.receive(Buffer.from('kept'))).toBe(false)
    expect(toldSince()).toEqual([`answered ${SETTINGS.toString('latin1')}`, 'answered kept'])
  })

  test.each([
    ['other bytes', Buffer.from('HTTP/1.1 408')],
    ['SETTINGS of a stream', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 1])],
    ['more than 256 KiB', Buffer.concat([SETTINGS, Buffer.alloc(256 * 1024 - 8)])],
  ])('a connection is HTTP/1 if the server begins with %s', (_, bytes) => {
    const { interceptor, toldSince } = connection()
    interceptor.requests.receive(Buffer.from('PRI'))
    interceptor.responses.receive(bytes)
    expect(toldSince()).toEqual(['http1', 'asked PRI', expect.stringMatching(/^answered /)])
  })

  test('the proxy holds up to 256 KiB from the server until the HTTP version of the connection is known', () => {
    const { interceptor, toldSince } = connection()
    interceptor.responses.receive(Buffer.concat([SETTINGS, Buffer.alloc(256 * 1024 - 9)]))
    expect(toldSince()).toEqual([])
  })

  test.each([
    ['requests', 'asked'],
    ['responses', 'answered'],
  ] as const)('if its %s end before the HTTP version is known, a connection counts as HTTP/1', (direction, name) => {
    for (const ending of ['end', 'reset'] as const) {
      const { interceptor, toldSince } = connection()
      interceptor.requests.receive(Buffer.from('PRI'))
      interceptor[direction][ending]()
      expect(toldSince()).toEqual(['http1', 'asked PRI', `${name} ${ending.toUpperCase()}`])
    }
  })

  test('a connection is idle before its first byte, and later if the reader of its HTTP version is idle', () => {
    const { interceptor } = connection()
    expect(interceptor.isIdle).toBe(true)
    interceptor.requests.receive(Buffer.from('P'))
    expect(interceptor.isIdle).toBe(false)
    interceptor.requests.receive(Buffer.from('UT'))
    expect(interceptor.isIdle).toBe(true)
  })

  test('events of a connection are passed on to the reader of its HTTP version, once the version is known', () => {
    const { interceptor, toldSince } = connection()
    const events = () => {
      interceptor.requests.delivered(5)
      interceptor.responses.delivered(6)
      interceptor.requests.altered?.()
      interceptor.failed?.('why')
      interceptor.closed()
      return toldSince()
    }
    expect(events()).toEqual([])
    interceptor.requests.receive(Buffer.from('GET'))
    toldSince()
    expect(events()).toEqual(['asked delivered 5', 'answered delivered 6', 'asked altered', 'failed why', 'closed'])
  })
})
