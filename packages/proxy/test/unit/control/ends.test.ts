import { describe, expect, test } from 'vitest'
import { framings } from '../../../../wire/src/framings.ts'
import {
  type Carriage,
  carriageName,
  encryptionOf,
  framingOf,
  parseCarriage,
  recordedAs,
  recordedBy,
} from '../../../src/control/state/carriage.ts'
import { type End, parseEnd, tlsBetween, withAlpn } from '../../../src/control/state/ends.ts'

const [plain, secure, https] = [
  { isSecure: false, isHttps: false },
  { isSecure: true, isHttps: false },
  { isSecure: true, isHttps: true },
]

describe('an end of a proxy', () => {
  test.each<readonly [string, End, End]>([
    ['db:5432', { address: 'db:5432', ...plain }, { address: 'db:5432', ...plain }],
    ['tcp://db:5432', { address: 'db:5432', ...plain }, { address: 'db:5432', ...plain }],
    ['tls://db:5432', { address: 'db:5432', ...secure }, { address: 'db:5432', ...secure }],
    ['http://web', { address: 'web:80', ...plain }, { address: 'web:0', ...plain }],
    ['http://web:8080/', { address: 'web:8080', ...plain }, { address: 'web:8080', ...plain }],
    ['https://web', { address: 'web:443', ...https }, { address: 'web:0', ...https }],
    ['HTTPS://web:8443', { address: 'web:8443', ...https }, { address: 'web:8443', ...https }],
    ['https://[::1]', { address: '[::1]:443', ...https }, { address: '[::1]:0', ...https }],
    ['postgresql://db', { address: 'db:5432', ...plain }, { address: 'db:0', ...plain }],
    ['unix:/run/db.sock', { address: 'unix:/run/db.sock', ...plain }, { address: 'unix:/run/db.sock', ...plain }],
    ['unix:///run/db.sock', { address: 'unix:/run/db.sock', ...plain }, { address: 'unix:/run/db.sock', ...plain }],
  ])('the address %s is read as upstream %j and as listener %j', (typed, upstream, listen) => {
    expect(parseEnd('upstream', typed)).toEqual(upstream)
    expect(parseEnd('listen', typed)).toEqual(listen)
  })

  test.each([
    ['gopher://web', '--upstream gopher://web: this is not an address. Write host:port or an origin'],
    ['http://web/path', 'this is not an address'],
    ['http://web?a', 'this is not an address'],
    ['http://web#a', 'this is not an address'],
    ['http://me@web', 'this is not an address'],
    ['tcp://db', '--upstream tcp://db: missing port in address. Write host:port, such as 127.0.0.1:8080.'],
    ['db', '--upstream db: missing port in address. Write host:port, such as 127.0.0.1:8080.'],
    ['http://web:99999', '--upstream http://web:99999: invalid port "99999".'],
  ])('an upstream address is refused if it is %s', (typed, message) => {
    expect(() => parseEnd('upstream', typed)).toThrow(message)
  })

  test('the error for an invalid listen address says that port 0 is any free port', () => {
    expect(() => parseEnd('listen', 'x')).toThrow(
      '--listen x: missing port in address. Write host:port, such as 127.0.0.1:8080; port 0 is any free one.',
    )
    expect(() => parseEnd('listen', 'x', 'a.json: listen')).toThrow('a.json: listen x: missing port')
  })
})

describe('the TLS of a proxy', () => {
  const http2: Carriage = { kind: 'http2', table: undefined }
  const http: Carriage = { kind: 'http', table: undefined, websocket: false }
  const own = ['localhost', '127.0.0.1', '::1']

  test.each([
    ['127.0.0.1:80', false, false, undefined, undefined],
    ['127.0.0.1:80', true, false, undefined, { terminate: { names: own, alpn: undefined } }],
    ['web:80', true, false, http2, { terminate: { names: [...own, 'web'], alpn: ['h2'] } }],
    [':80', true, false, http, { terminate: { names: own, alpn: ['http/1.1'] } }],
    ['0.0.0.0:80', true, false, 'tcp', { terminate: { names: own, alpn: undefined } }],
    ['[::]:80', true, false, 'tcp', { terminate: { names: own, alpn: undefined } }],
    ['web:80', false, true, http, { originate: { verify: true, alpn: ['http/1.1'] } }],
    [
      'web:80',
      true,
      true,
      undefined,
      { terminate: { names: [...own, 'web'], alpn: undefined }, originate: { verify: true, alpn: undefined } },
    ],
  ] as const)(
    'a proxy on %s, with TLS of clients: %s and of the server: %s, gets the expected TLS options (case %#)',
    (...row) => {
      const [address, isListening, isUpstream, carries, tls] = row
      expect(tlsBetween({ address, isSecure: isListening }, { isSecure: isUpstream }, carries)).toEqual(tls)
    },
  )

  test('the proxy does not verify the server if NODE_TLS_REJECT_UNAUTHORIZED is 0', () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const tls = tlsBetween({ address: 'web:80', isSecure: false }, { isSecure: true }, undefined)
      expect(tls?.originate?.verify).toBe(false)
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    }
  })

  test('a proxy for HTTP/2 negotiates h2 by ALPN unless its TLS options name other protocols', () => {
    const [terminate, originate] = [{ names: ['a'] }, { verify: true }]
    expect(withAlpn({ terminate }, http2)).toEqual({ terminate: { names: ['a'], alpn: ['h2'] } })
    expect(withAlpn({ originate }, http2)).toEqual({ originate: { verify: true, alpn: ['h2'] } })
    expect(
      withAlpn({ terminate: { ...terminate, alpn: ['x'] }, originate: { ...originate, alpn: ['y'] } }, http2),
    ).toEqual({ terminate: { names: ['a'], alpn: ['x'] }, originate: { verify: true, alpn: ['y'] } })
    for (const carries of [http, 'tcp', undefined] as const)
      expect(withAlpn({ terminate, originate }, carries)).toEqual({ terminate, originate })
  })
})

describe('the protocol that a proxy carries', () => {
  const route = { request: 'GET /kv/{key}', f: 'read', result: 'body' }

  test('the protocol that a proxy carries is read from its name or its settings', () => {
    expect(parseCarriage('http', 'x')).toEqual({ kind: 'http', table: undefined, websocket: false })
    expect(parseCarriage({ kind: 'http', websocket: true }, 'x')).toMatchObject({ websocket: true, table: undefined })
    expect(parseCarriage({ kind: 'http', routes: [route] }, 'x')).toMatchObject({
      websocket: false,
      table: { routes: [{ f: 'read' }] },
    })
    expect(parseCarriage('http2', 'x')).toEqual({ kind: 'http2', table: undefined })
    expect(parseCarriage('resp', 'x').kind).toBe('spoken')
    expect(parseCarriage('postgresql', 'x').kind).toBe('messages')
    expect(parseCarriage({ kind: 'postgresql', tables: { accounts: { values: ['balance'] } } }, 'x').kind).toBe(
      'spoken',
    )
    expect(framingOf(parseCarriage('json-lines', 'x'))?.name).toBe('json-lines')
    expect(framingOf(parseCarriage({ kind: 'length-prefixed', lengthFieldLength: 2 }, 'x'))?.name).toBe(
      'length-prefixed',
    )
    expect(() => parseCarriage({ kind: 'http', websocket: 1 }, 'x')).toThrow('x: "websocket" is 1. Give true or false.')
    for (const unknown of ['soap', { kind: 7 }, {}])
      expect(() => parseCarriage(unknown, 'x')).toThrow('Known: http, http2')
  })

  test.each(framings.map(({ name }) => name))(
    'the protocol %s uses the framing of the same name, and the encryption that the framing declares',
    (name) => {
      const carries = parseCarriage(name, 'x')
      expect(framingOf(carries)?.name).toBe(name)
      expect(encryptionOf(carries)).toBe(framings.find((framing) => framing.name === name)?.encryption)
      expect(carriageName(carries)).toBe(carries.kind === 'spoken' ? name : 'messages')
      expect(recordedBy(carries)).toBe(carries.kind === 'spoken' ? carries.protocol : undefined)
    },
  )

  test('a proxy is recorded by its own routes, or by the routes of the recording if it has none', () => {
    const [http, http2, recorded] = [
      parseCarriage('http', 'x'),
      parseCarriage('http2', 'x'),
      parseCarriage({ kind: 'http', routes: [route] }, 'x'),
    ]
    const own = parseCarriage({ kind: 'http', websocket: true, routes: [{ ...route, request: 'GET /{key}' }] }, 'x')
    expect([recordedBy(undefined), recordedBy(http), recordedBy(recorded)]).toEqual([undefined, undefined, 'routes'])
    expect(recordedAs(undefined, recorded)).toBe(recorded)
    expect(recordedAs('tcp', recorded)).toBe('tcp')
    expect(recordedAs(own, recorded)).toBe(own)
    expect(recordedAs(http, recorded)).toEqual({ ...http, table: 'table' in recorded ? recorded.table : undefined })
    expect(recordedAs(http2, recorded)).toMatchObject({ kind: 'http2', table: { routes: [{ f: 'read' }] } })
    const messages = parseCarriage('json-lines', 'x')
    expect(recordedAs(messages, recorded)).toBe(messages)
    expect(recordedAs(http, messages)).toBe(http)
  })
})
