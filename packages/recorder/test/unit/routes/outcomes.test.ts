import type { Json } from '@chaosproxy/history'
import type { Captured } from '@chaosproxy/wire/http'
import { describe, expect, test } from 'vitest'
import { bodyTrouble, jsonOf, textOf, wholeTextOf } from '../../../src/routes/mapping/body-value.ts'
import { compileClient, peerOf } from '../../../src/routes/mapping/client-source.ts'
import { keptOfAnswer } from '../../../src/routes/mapping/kept-of-answer.ts'
import { compileMapping } from '../../../src/routes/mapping/mapping.ts'
import { Message, NO_PATH } from '../../../src/routes/mapping/message.ts'
import { readHeader, readWrittenAnswer, readWrittenRequest } from '../../../src/routes/mapping/try-request.ts'
import { partsOfKey } from '../../../src/routes/mapping/value-source.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { initialReadOf } from '../../../src/routes/table/initial-target.ts'

const fieldsOf = (fields: { readonly [name: string]: string }) => ({ get: (name: string) => fields[name] })
const NO_FIELDS = fieldsOf({})
const NOBODY = { connection: 0, address: '', process: undefined }
const read = { request: 'GET /kv/{key}', f: 'read', result: 'json.v' }
const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.v' }

interface Replied {
  readonly status?: number
  readonly grpcStatus?: number
  readonly body?: Captured | undefined
}

/** Returns the outcome of a route's only operation after this answer. */
function ended(route: object, { status = 200, grpcStatus, body }: Replied): string {
  const table = parseRouteTable({ routes: [route] }, 'x')
  const request = (route as { readonly request: string }).request.replace('{key}', 'x').split(' ')
  const head = { method: request[0] ?? '', target: request[1] ?? '', headers: NO_FIELDS }
  const { understanding, complete } = compileMapping(table)
    .match(head)
    .understand(head, { bytes: Buffer.from('{"v":1}') }, NOBODY)
  if (understanding.kind !== 'operations') return understanding.kind
  const made = complete({
    status,
    grpcStatus,
    headers: NO_FIELDS,
    body: body ?? { bytes: Buffer.from('{"v":7}') },
  } as never)
  const one = (Array.isArray(made) ? made[0] : made) as {
    type: string
    error?: string
    value?: Json
    answered?: boolean
  }
  const declined = one.answered === true ? ', by the object' : ''
  return one.type === 'ok' ? `ok ${JSON.stringify(one.value)}` : `${one.type} ${one.error}${declined}`
}

describe('the status of a reply', () => {
  test.each([
    [200, 'ok 1', 'ok 7'],
    [299, 'ok 1', 'ok 7'],
    [202, 'info status 202', /^not-understood .*whether 202 is "ok", "absent" or "fail"/],
    [206, /^not-understood .*whether 206 is "ok"/, /^not-understood .*whether 206 is/],
    [207, /^not-understood .*whether 207 is "ok"/, /^not-understood .*whether 207 is/],
    [301, 'info status 301', 'info status 301, which says nothing'],
    [304, 'info status 304', /^not-understood .*whether 304 is "fail" \(the check ignores the read\)/],
    [400, 'fail status 400', 'fail status 400'],
    [404, 'fail status 404', /^not-understood .*if 404 means that there is no value.*\{"404": "absent"\}/],
    [410, 'fail status 410', /^not-understood .*if 410 means/],
    [408, 'info status 408', 'info status 408, which says nothing'],
    [409, 'fail status 409, by the object', 'fail status 409, by the object'],
    [412, 'fail status 412, by the object', 'fail status 412, by the object'],
    [423, 'fail status 423, by the object', 'fail status 423, by the object'],
    [498, 'fail status 498', 'fail status 498'],
    [499, 'info status 499', 'info status 499, which says nothing'],
    [500, 'info status 500', 'info status 500, which says nothing'],
    [503, 'info status 503', 'info status 503, which says nothing'],
  ])('the status %i ends a write as %s, and a read as %s', (status, ofWrite, ofRead) => {
    for (const [route, expected] of [
      [write, ofWrite],
      [read, ofRead],
    ] as const)
      if (typeof expected === 'string') expect(ended(route, { status })).toBe(expected)
      else expect(ended(route, { status })).toMatch(expected)
  })

  test('the route table can assign an outcome to a status or to a class of statuses', () => {
    const outcomes = { 404: 'absent', '4xx': 'info', '5xx': 'fail' }
    expect(ended({ ...read, outcomes }, { status: 404 })).toBe('ok null')
    expect(ended({ ...write, outcomes }, { status: 409 })).toBe('info status 409')
    expect(ended({ ...write, outcomes }, { status: 500 })).toBe('fail status 500')
    expect(ended({ ...write, outcomes }, { status: 200 })).toBe('ok 1')
  })

  test.each([
    [0, 'ok 1', 'ok 7'],
    [2, 'info grpc 2 UNKNOWN', 'info grpc 2 UNKNOWN, which says nothing'],
    [3, 'fail grpc 3 INVALID_ARGUMENT', 'fail grpc 3 INVALID_ARGUMENT'],
    [5, 'fail grpc 5 NOT_FOUND', /^not-understood .*if grpc NOT_FOUND means that there is no value/],
    [8, 'info grpc 8 RESOURCE_EXHAUSTED', 'info grpc 8 RESOURCE_EXHAUSTED, which says nothing'],
  ])('the gRPC status %i gives a write the outcome %s, and a read %s', (grpcStatus, ofWrite, ofRead) => {
    expect(ended(write, { grpcStatus })).toBe(ofWrite)
    if (typeof ofRead === 'string') expect(ended(read, { grpcStatus })).toBe(ofRead)
    else expect(ended(read, { grpcStatus })).toMatch(ofRead)
  })

  test('the route table can assign an outcome to a gRPC status by number or name', () => {
    expect(ended({ ...read, outcomes: { 'grpc 5': 'absent' } }, { grpcStatus: 5 })).toBe('ok null')
    expect(ended({ ...read, outcomes: { 'grpc NOT_FOUND': 'absent' } }, { grpcStatus: 5 })).toBe('ok null')
  })

  test('a successful write is not understood if no case in "answers" matches the reply', () => {
    const answers = [{ when: { 'json.v': 8 }, outcome: 'ok' }]
    expect(ended({ ...write, answers }, {})).toBe('not-understood status 200: none of the cases in "answers" fits')
  })
})

describe('a request that no route records', () => {
  const outcomeOf = (status: number): string => {
    const head = { method: 'POST', target: '/other', headers: NO_FIELDS }
    const mapping = compileMapping(parseRouteTable({ routes: [read] }, 'x'))
    const made = mapping
      .match(head)
      .understand(head, undefined, NOBODY)
      .complete({ status, headers: NO_FIELDS, body: undefined })
    return (made as { readonly type: string }).type
  }

  test.each([
    [200, 'info'],
    [399, 'info'],
    [400, 'fail'],
    [404, 'fail'],
    [408, 'info'],
    [409, 'info'],
    [425, 'info'],
    [498, 'fail'],
    [499, 'info'],
    [500, 'info'],
  ])('a reply with status %i to a request without a route has the outcome %s', (status, type) => {
    expect(outcomeOf(status)).toBe(type)
  })
})

describe('a route with several operations', () => {
  const NO_BODY = { bytes: Buffer.from('') }
  const asked = (operations: readonly object[], body = '{}') => {
    const head = { method: 'POST', target: '/kv/x', headers: NO_FIELDS }
    const table = parseRouteTable({ routes: [{ request: 'POST /kv/{key}', operations }] }, 'x')
    return compileMapping(table)
      .match(head)
      .understand(head, { bytes: Buffer.from(body) }, NOBODY)
  }
  const one = { f: 'write', key: 'path.key', value: { const: 1 } }
  const other = { f: 'write', key: [{ const: 'a' }, 'path.key'], value: 'json.v' }
  const third = { f: 'write', key: [{ const: 'b' }, 'path.key'], value: 'json.w' }
  const reading = { f: 'read', key: [{ const: 'c' }, 'path.key'], result: 'json.v' }

  test('a route with several operations gives each operation its own outcome', () => {
    const { complete } = asked([one, reading])
    const types = (status: number) =>
      (complete({ status, headers: NO_FIELDS, body: NO_BODY }) as readonly { type: string }[]).map(({ type }) => type)
    expect(types(404)).toEqual(['fail', 'not-understood'])
    expect(types(503)).toEqual(['info', 'info'])
    expect(types(404)).toEqual(['fail', 'not-understood'])
  })

  test.each<readonly [string, readonly object[], string, object]>([
    ['the keys of all writes', [one, other], '{}', { touches: { keys: ['a/x', 'x'] } }],
    ['the keys of writes that are not understood', [other, third], '{}', { touches: { keys: ['a/x', 'b/x'] } }],
    ['no keys of reads', [reading, other], '{}', { touches: { keys: ['a/x'] } }],
    ['all keys if one is unknown', [{ ...one, key: 'json.id' }, other], '{}', { touches: 'everything' }],
  ])(
    'if one of several operations of a route is not understood, the request may change %s',
    (_, operations, body, expected) => {
      expect(asked(operations, body).understanding).toMatchObject({ kind: 'not-understood', ...expected })
    },
  )
})

describe('a list in a reply', () => {
  const list = { request: 'GET /kv', f: 'read', each: 'answer.json.items', key: 'item.id', result: 'item.v' }
  const entries = (body: string, more: object = {}) => {
    const head = { method: 'GET', target: '/kv', headers: NO_FIELDS }
    const { complete } = compileMapping(parseRouteTable({ routes: [{ ...list, ...more }] }, 'x'))
      .match(head)
      .understand(head, undefined, NOBODY)
    return complete({ status: 200, headers: NO_FIELDS, body: { bytes: Buffer.from(body) } })
  }

  test('a list in a reply is recorded as one read for each of its items', () => {
    expect(entries('{"items":[{"id":"a","v":1},{"id":"b","v":2}]}')).toEqual({
      type: 'ok',
      entries: [
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ],
    })
    expect(entries('{"items":[]}')).toEqual({ type: 'ok', entries: [] })
  })

  test.each([
    ['{}', 'answer.json.items'.replace('answer.', '')],
    ['{"items":7}', 'json.items'],
    ['{"items":[{"v":1}]}', 'item.id'],
    ['{"items":[{"id":"a"}]}', 'item.v'],
  ])('a list in a reply is not understood if it lacks a part: %s', (body, place) => {
    expect(entries(body)).toMatchObject({
      type: 'not-understood',
      error: expect.stringContaining(`nothing at ${place}`),
    })
  })

  test('an absent list in a reply is empty if the route declares "missing": "absent"', () => {
    expect(entries('{}', { missing: 'absent' })).toEqual({ type: 'ok', entries: [] })
  })
})

describe('a body', () => {
  const hash: Captured = { sha256: 'abc', length: 9 }
  const text: Captured = { bytes: Buffer.from('{"a":1}') }

  test('a body is recorded as text, as base64 if it is not UTF-8, or as its hash if it is too long', () => {
    expect(textOf(text, undefined)).toBe('{"a":1}')
    expect(textOf({ bytes: Buffer.from('\ufffd') }, undefined)).toBe('\ufffd')
    expect(textOf({ bytes: Buffer.from([0xff]) }, undefined)).toEqual({ base64: '/w==' })
    expect(textOf(hash, undefined)).toEqual({ sha256: 'abc', bytes: 9 })
    expect(textOf(hash, 'gzip')).toBeUndefined()
    expect(textOf({ json: [1] }, undefined)).toEqual([1])
    expect(textOf({ withheld: 'a 304' }, undefined)).toBeUndefined()
    expect(textOf(text, 'gzip')).toBeUndefined()
  })

  test('a body is parsed only if its text is JSON, and is plain text only if it is uncompressed UTF-8', () => {
    expect(jsonOf(text, undefined)).toEqual({ value: { a: 1 } })
    expect(jsonOf({ json: { b: 2 } }, undefined)).toEqual({ value: { b: 2 } })
    expect(jsonOf({ bytes: Buffer.from('a') }, undefined)).toEqual({ value: undefined })
    expect(jsonOf(hash, undefined)).toEqual({ value: undefined })
    expect(wholeTextOf(text, undefined)).toBe('{"a":1}')
    expect([wholeTextOf({ bytes: Buffer.from([0xff]) }, undefined), wholeTextOf(text, 'gzip')]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('a body with two equal names in one object is not read as JSON', () => {
    const of = (json: string) => jsonOf({ bytes: Buffer.from(json) }, undefined)
    const trouble = { value: undefined, trouble: 'names a member twice' }
    expect([of('{"a":1,"a":1}'), of('[{"b":{"a":1,"\\u0061" :2}}]')]).toEqual([trouble, trouble])
    expect(of('{"a":[{"b":1},{"b":":"}],"b":"\\"c\\":"}')).toEqual({ value: { a: [{ b: 1 }, { b: ':' }], b: '"c":' } })
  })

  test('an unreadable body is reported with the reason', () => {
    expect([bodyTrouble(text, undefined), bodyTrouble({ json: 1 }, undefined)]).toEqual([undefined, undefined])
    expect(bodyTrouble({ withheld: 'a 304' }, undefined)).toBe('is left out of a 304')
    expect(bodyTrouble(hash, undefined)).toBe('is 9 bytes long, too long to be kept')
    expect(bodyTrouble(text, 'gzip')).toBe('is compressed as "gzip", and cannot be unpacked')
  })

  test('a reply body is kept as far as the route reads it, and up to 64 KiB if it may be a JSON refusal', () => {
    const kept = (answerBytes: number, fields: { readonly [name: string]: string } | undefined, mayBeRefused = true) =>
      keptOfAnswer({ answerBytes, mayBeRefused }, fields && fieldsOf(fields))
    expect(kept(5, { 'content-type': 'application/json' })).toBe(65_536)
    expect(kept(5, { 'content-type': 'text/plain' })).toBe(5)
    expect(kept(5, { 'content-type': 'application/problem+JSON', 'content-length': '65536' })).toBe(65_536)
    expect(kept(5, { 'content-type': 'application/json', 'content-length': '65537' })).toBe(5)
    expect(kept(5, {})).toBe(65_536)
    expect(kept(5, undefined)).toBe(65_536)
    expect(kept(5, {}, false)).toBe(5)
    expect([kept(65_536, {}), kept(100_000, {})]).toEqual([65_536, 100_000])
  })
})

describe('the name of a client', () => {
  const peer = peerOf({ id: 7, client: { host: '10.0.0.1' }, peerProcess: 'shop 4711' })
  const name = (source: string | undefined, fields: { readonly [name: string]: string } = {}, body = '{}') =>
    compileClient(source)(new Message(fieldsOf(fields), { bytes: Buffer.from(body) }, NO_PATH, '/?who=eve'), peer)

  test('the name of a client is read from its connection, address, process, or a part of its requests', () => {
    expect(['connection', 'peer.address', 'peer.process'].map((source) => name(source))).toEqual([
      ...['connection 7', '10.0.0.1', 'shop 4711'],
    ])
    expect(name(undefined)).toBeUndefined()
    expect(name('header.X-Client', { 'x-client': 'eve' })).toBe('eve')
    expect(name('query.who')).toBe('eve')
    expect(name('json.who', {}, '{"who":{"id":1}}')).toBe('{"id":1}')
    for (const nothing of ['null', '""']) expect(name('json.who', {}, `{"who":${nothing}}`)).toBeUndefined()
    expect(name('header.X-Client')).toBeUndefined()
  })

  test('the name of a client is hashed if it comes from a secret such as a token or cookie', () => {
    expect(name('bearer', { authorization: 'Bearer t' })).toMatch(/^sha256:[0-9a-f]{16}$/)
    expect(name('bearer', { authorization: 'bearer  t ' })).toBe(name('bearer', { authorization: 'Bearer t' }))
    expect(name('bearer', { authorization: 'Basic t' })).toBeUndefined()
    expect(name('bearer')).toBeUndefined()
    for (const [source, fields] of [
      ['header.Authorization', { authorization: 'Basic x' }],
      ['header.cookie', { cookie: 'sid=x' }],
      ['cookie.sid', { cookie: 'sid=x' }],
    ] as const)
      expect(name(source, fields)).toMatch(/^sha256:[0-9a-f]{16}$/)
  })

  test('the name of a client is read from the cookie with exactly the given name', () => {
    const same = name('cookie.sid', { cookie: 'sid=x' })
    expect(name('cookie.sid', { cookie: 'a=1; sid=x;b' })).toBe(same)
    expect(name('cookie.sid', { cookie: 'asid=x' })).toBeUndefined()
    expect(name('cookie.sid', { cookie: '=x; sid' })).toBeUndefined()
    expect(name('cookie.sid')).toBeUndefined()
  })
})

describe('a request and its reply in a file', () => {
  test('a request and its reply in a file are parsed into method, target or status, header fields and body', () => {
    expect(readWrittenRequest('PUT /kv/x HTTP/1.1\r\nA: b:c\r\n\r\nbody\n', 'f')).toEqual({
      ...{ method: 'PUT', target: '/kv/x', headers: [['A', 'b:c']], body: 'body' },
    })
    expect(readWrittenRequest('GET /kv/x\n', 'f')).toEqual({ method: 'GET', target: '/kv/x', headers: [], body: '' })
    expect(readWrittenAnswer('200', 'f')).toEqual({ status: 200, headers: [], body: '' })
    expect(readWrittenAnswer('HTTP/1.1 404 Not Found\n\n{}\n\n', 'f')).toMatchObject({ status: 404, body: '{}\n' })
  })

  test('a request or reply in a file is refused with advice if its first line or a header field is malformed', () => {
    expect(() => readWrittenRequest('kv/x', 'f')).toThrow(
      'f: the first line is "kv/x". Write a method and a path: PUT /kv/x',
    )
    expect(() => readWrittenAnswer('OK', 'f')).toThrow('f: the first line is "OK". Write a status: HTTP/1.1 200 OK')
    expect(() => readWrittenAnswer('600', 'f')).toThrow('f: the first line is "600"')
    expect(readHeader('A:b:c', 'f')).toEqual(['A', 'b:c'])
    for (const line of ['x', ':x']) expect(() => readHeader(line, 'f')).toThrow(`f: "${line}" is not a header`)
  })
})

describe('a request whose body has not arrived', () => {
  const touches = (routes: readonly object[], method: string, target: string) => {
    const head = { method, target, headers: NO_FIELDS }
    return compileMapping(parseRouteTable({ routes }, 'x')).match(head).touches(head)
  }

  test('a request whose body is missing may change the keys in its header, or all keys if the key is in the body', () => {
    expect(touches([write, read], 'PUT', '/kv/x')).toEqual({ keys: ['x'] })
    expect(touches([write, read], 'GET', '/kv/x')).toBe('nothing')
    expect(touches([write], 'PUT', '/other')).toBe('everything')
    expect(touches([write], 'GET', '/other')).toBe('nothing')
    expect(touches([{ ...write, request: 'PUT /kv', key: 'json.id' }], 'PUT', '/kv')).toBe('everything')
    expect(touches([{ request: 'PUT /kv/{key}', ignore: true }], 'PUT', '/kv/x')).toBe('nothing')
    const several = {
      request: 'PUT /{a}/{b}',
      operations: [
        { f: 'write', key: 'path.a', value: 'json.v' },
        { f: 'write', key: 'path.b', value: 'json.v' },
      ],
    }
    expect(touches([several], 'PUT', '/x/y')).toEqual({ keys: ['x', 'y'] })
  })

  test('no bytes of a body are kept if the route does not read the body', () => {
    const bytes = (route: object) => {
      const head = { method: 'PUT', target: '/kv/x', headers: NO_FIELDS }
      const { bodyBytes, answerBytes, isKnown, isIgnored } = compileMapping(
        parseRouteTable({ routes: [route] }, 'x'),
      ).match(head)
      return [bodyBytes, answerBytes, isKnown, isIgnored]
    }
    expect(bytes({ ...write, value: 'query.v' })).toEqual([0, 0, true, false])
    expect(bytes({ ...write, value: 'body' })).toEqual([4096, 0, true, false])
    expect(bytes({ ...write, value: 'form.v' })).toEqual([1024 * 1024, 0, true, false])
    expect(bytes({ ...write, result: 'json.v' })).toEqual([1024 * 1024, 1024 * 1024, true, false])
    expect(bytes({ request: 'PUT /kv/{key}', ignore: true })).toEqual([0, 0, true, true])
    expect(bytes({ request: 'GET /kv/{key}', ignore: true })).toEqual([0, 0, false, false])
  })
})

test.each([
  ['a/b', 2, ['a', 'b']],
  ['a/b/c', 2, undefined],
  ['a', 2, undefined],
  ['"a/b"/c', 2, ['a/b', 'c']],
  ['"\\"a"/', 2, ['"a', '']],
  ['"a', 1, undefined],
  ['', 1, ['']],
] as const)('partsOfKey splits the key %s into %i parts as %j', (key, count, parts) => {
  expect(partsOfKey(key, count)).toEqual(parts)
})

test.each<readonly [object, string | undefined]>([
  [read, '/kv/a%20b%2F'],
  [{ ...read, request: 'GET /kv', key: 'query.the id' }, undefined],
  [{ ...read, request: 'GET /kv', key: 'query.id' }, '/kv?id=a%20b%2F'],
  [{ ...read, request: 'HEAD,GET /kv/{id}', key: 'path.id' }, '/kv/a%20b%2F'],
  [{ ...read, request: 'HEAD /kv/{key}' }, undefined],
  [{ ...read, when: { 'query.a': '1' } }, undefined],
  [{ ...read, request: 'GET /{t}/{key}', key: ['path.t', 'path.key'] }, undefined],
  [{ ...read, request: 'GET /*/{key}' }, undefined],
  [{ ...read, request: 'GET /kv', key: { const: 'x' } }, undefined],
  [{ ...read, f: 'dequeue' }, undefined],
  [{ ...read, request: 'GET /kv', key: 'header.id' }, undefined],
  [{ ...read, request: 'GET /*', key: 'query.id' }, undefined],
  [
    { request: 'GET /{key}/{other}', operations: [{ f: 'read', key: ['path.key', 'path.other'], result: 'body' }] },
    undefined,
  ],
  [
    {
      request: 'GET /kv/{key}',
      operations: [
        { f: 'read', key: 'path.key', result: 'body' },
        { f: 'read', key: [{ const: 'a' }, 'path.key'], result: 'body' },
      ],
    },
    undefined,
  ],
  [{ request: 'GET /kv', f: 'read', each: 'json.ids', key: 'item.id', result: undefined, value: undefined }, undefined],
])('with the route %j, the initial value of a key is read by %s', (route, target) => {
  const parsed = (() => {
    try {
      return parseRouteTable({ routes: [route] }, 'x')
    } catch {
      return undefined
    }
  })()
  expect(parsed === undefined ? undefined : initialReadOf(parsed)?.('a b/')).toBe(target)
})

test('a class of statuses in "outcomes" excludes statuses after which the request may still be executed', () => {
  const failing = { ...write, outcomes: { '5xx': 'fail', '4xx': 'fail', '2xx': 'ok' } }
  expect(ended(failing, { status: 503 })).toBe('fail status 503')
  for (const status of [202, 408, 499, 502, 504]) expect(ended(failing, { status })).toBe(`info status ${status}`)
  expect(ended({ ...write, outcomes: { 202: 'ok' } }, { status: 202 })).toBe('ok 1')
})

describe('a table whose outcomes contradict the statuses and methods', () => {
  const refusal = (...routes: readonly object[]): string => {
    try {
      parseRouteTable({ routes }, 'x')
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }

  test.each(['4xx', '5xx', '401', '429', '503'])(
    'a route table is refused if it declares that status %s means an absent value',
    (status) => {
      expect(refusal({ ...read, outcomes: { [status]: 'absent' } })).toMatch(
        new RegExp(`^x: route 1 .*"${status}" is "absent".*"404": "absent"`),
      )
    },
  )

  test('a route table may declare an absent value for a status after which there may be no value', () => {
    for (const status of ['200', '204', '400', '403', '404', '410', 'grpc NOT_FOUND'])
      expect(refusal({ ...read, outcomes: { [status]: 'absent' } })).toBe('')
  })

  test.each(['408', '504', 'grpc DEADLINE_EXCEEDED'])(
    'a route table is refused if it declares that a write with status %s failed',
    (status) => {
      expect(refusal({ ...write, outcomes: { [status]: 'fail' } })).toMatch(/certainly had no effect.*Write .*"info"/)
      expect(refusal({ ...read, outcomes: { [status]: 'fail' } })).toBe('')
    },
  )

  test('a route table is refused if it ignores the PUT or DELETE of a recorded path', () => {
    const removal = { request: 'DELETE /kv/{id}', ignore: true }
    expect(refusal(read, removal)).toMatch(/^x: route 2 .*changes by DELETE to the object of GET \/kv\/\{key\}, so/)
    expect(refusal(read, { request: 'PUT /kv/{key}', ignore: true })).toMatch(/hides changes by PUT/)
    expect(refusal(read, { ...removal, when: { 'query.dry': 'true' } })).toBe('')
    expect(refusal(read, { request: 'DELETE /cache/{key}', ignore: true })).toBe('')
    expect(refusal(read, { request: 'POST /kv/{key}', ignore: true })).toBe('')
  })
})
