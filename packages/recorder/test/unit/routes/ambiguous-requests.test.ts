import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compileMapping } from '../../../src/routes/mapping/mapping.ts'
import { tryRequest, type WrittenRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const document = { request: 'GET,HEAD /docs/{key}', f: 'read', result: 'header.ETag' }
const replace = {
  request: 'PUT /docs/{key}',
  when: { 'header.If-Match': { there: true } },
  f: 'cas',
  value: ['header.If-Match', 'answer.header.ETag'],
}
const table = (...routes: readonly object[]) => parseRouteTable({ routes }, 'routes.json')

interface Given {
  readonly headers?: WrittenRequest['headers']
  readonly body?: string
  readonly status?: number
  readonly answerHeaders?: WrittenRequest['headers']
  readonly answerBody?: string
}

/** Returns what is recorded of a request and its answer, without index, time and node. */
function recorded(route: object, request: string, given: Given = {}) {
  const [method = '', target = ''] = request.split(' ')
  const tried = tryRequest(
    table(route),
    { method, target, headers: given.headers ?? [], body: given.body ?? '' },
    { status: given.status ?? 200, headers: given.answerHeaders ?? [], body: given.answerBody ?? '' },
  )
  return tried.events
}

const completionOf = (...args: Parameters<typeof recorded>) => recorded(...args).at(-1)

describe('a cas with If-Match', () => {
  test.each(['*', '"1", "2"', '"1","2"'])(
    'a cas with If-Match is not recorded, and marks its key, if the tag %s is not a single version',
    (tag) => {
      const events = recorded(replace, 'PUT /docs/a', {
        headers: [['If-Match', tag]],
        answerHeaders: [['ETag', '"3"']],
      })
      expect(events.filter(({ type }) => type === 'invoke')).toEqual([])
      expect(events).toContainEqual(expect.objectContaining({ f: 'touched', key: 'a' }))
    },
  )

  test.each([
    ['"1"', '"1"'],
    ['"a,b"', '"a,b"'],
    ['"*"', '"*"'],
    ['17', 17],
  ])('a cas with If-Match expects the version of its single tag %s', (tag, version) => {
    const completion = completionOf(replace, 'PUT /docs/a', {
      headers: [['If-Match', tag]],
      answerHeaders: [['ETag', '"3"']],
    })
    expect(completion).toMatchObject({ type: 'ok', f: 'cas', value: [version, '"3"'] })
  })

  test('a cas with If-Match ignores the prefix W/ of a weak tag when it compares versions', () => {
    expect(completionOf(document, 'GET /docs/a', { answerHeaders: [['ETag', 'W/"1"']] })).toMatchObject({
      value: '"1"',
    })
    expect(
      completionOf(replace, 'PUT /docs/a', { headers: [['If-Match', 'W/"1"']], answerHeaders: [['ETag', '"2"']] }),
    ).toMatchObject({ value: ['"1"', '"2"'] })
  })
})

describe('a successful reply without a body', () => {
  const read = { request: 'GET,HEAD /kv/{key}', f: 'read', result: 'body', missing: 'absent', outcomes: { 304: 'ok' } }

  test('a successful reply without a body to a HEAD request leaves the outcome of the read unknown', () => {
    expect(completionOf(read, 'HEAD /kv/x')).toMatchObject({
      type: 'info',
      error: 'status 200, and nothing at body: its body is left out of an answer to HEAD',
    })
  })

  test('a reply with status 304 leaves the outcome of a read unknown', () => {
    expect(completionOf(read, 'GET /kv/x', { status: 304 })).toMatchObject({ type: 'info' })
  })

  test('a successful reply without a body has a value if the route reads the value from a header field', () => {
    expect(completionOf(document, 'HEAD /docs/a', { answerHeaders: [['ETag', '"1"']] })).toMatchObject({
      type: 'ok',
      value: '"1"',
    })
  })

  test('a successful reply without a body to a GET request means that the value is the empty text', () => {
    expect(completionOf(read, 'GET /kv/x')).toMatchObject({ type: 'ok', value: '' })
  })
})

describe('the recorded hash of a long body', () => {
  const text = 'a'.repeat(10_000)
  const read = { request: 'GET /kv/{key}', f: 'read', result: 'body' }
  const hashed = { sha256: '27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711', bytes: 10_000 }

  test('the recorded hash of a long body is equal for the compressed and the plain body', () => {
    const head = { method: 'GET', target: '/kv/x', headers: new Map<string, string>() }
    const peer = { connection: 1, address: '127.0.0.1', process: undefined }
    const { complete } = compileMapping(table(read)).match(head).understand(head, undefined, peer)
    const headers = new Map([['content-encoding', 'gzip']])
    expect(complete({ status: 200, headers, body: { bytes: gzipSync(text) } })).toEqual({ type: 'ok', value: hashed })
  })

  test('the hash of a long body is recorded even if the route also reads parts of the body', () => {
    const write = { request: 'PUT /kv/{key}', f: 'write', value: { members: { all: 'body', form: 'form.a' } } }
    expect(completionOf(write, 'PUT /kv/x', { body: `a=${text}` })).toMatchObject({
      value: { all: { bytes: 10_002 }, form: text },
    })
  })
})

describe('the recorded key of a request', () => {
  const read = {
    request: 'GET /tenants/{tenant}/users/{id}',
    f: 'read',
    key: ['path.tenant', 'path.id'],
    result: 'body',
  }

  test('the recorded keys of requests differ if any part differs, even if only a slash moves between the parts', () => {
    const key = (target: string) => completionOf(read, `GET ${target}`)?.['key']
    expect(key('/tenants/a/users/b')).toBe('a/b')
    expect(key('/tenants/a%2Fb/users/c')).not.toBe(key('/tenants/a/users/b%2Fc'))
    expect(key('/tenants/%22a%2Fb%22/users/c')).not.toBe(key('/tenants/a%2Fb/users/c'))
  })

  test('the recorded key of a request does not depend on the order of the members of an object', () => {
    const write = { request: 'POST /kv', f: 'write', key: 'json.id', value: 'json.v' }
    const key = (id: string) => completionOf(write, 'POST /kv', { body: `{"id":${id},"v":1}` })?.['key']
    expect(key('{"a":1,"b":2}')).toBe(key('{"b":2,"a":1}'))
  })

  test('the recorded key of a request is unknown if a parameter is repeated with different values', () => {
    const write = { request: 'PUT /kv', f: 'write', key: 'query.k', value: 'body' }
    const events = recorded(write, 'PUT /kv?k=a&k=b', { body: '1' })
    expect(events.map(({ f }) => f)).toContain('touched')
    expect(events.filter(({ type }) => type === 'invoke')).toEqual([])
    expect(completionOf(write, 'PUT /kv?k=a&k=a', { body: '1' })).toMatchObject({ type: 'ok', key: 'a' })
  })
})
