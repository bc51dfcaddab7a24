import type { Input, Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { answered, answerText, bodyText, fieldsOf, requestText } from '../../../src/routes/making/made-text.ts'
import { RequestDraft } from '../../../src/routes/making/request-draft.ts'
import { compileRequestMaker } from '../../../src/routes/making/request-maker.ts'
import { requireRequests } from '../../../src/routes/making/required-requests.ts'
import { createVersions } from '../../../src/routes/making/versions.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const asker = { session: 'process-7', requestId: 'process-7-1', final: false }
const makerOf = (...routes: readonly object[]) => compileRequestMaker(parseRouteTable({ routes }, 'r.json'), 'r.json')
const madeBy = (input: Input, ...routes: readonly object[]) => {
  const made = makerOf(...routes).make(input, asker)
  if (made.type === 'impossible') throw new Error(made.why)
  return made
}
const read = { request: 'GET /kv/{key}', f: 'read', result: 'json.v' }
const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.v' }
const one = { request: 'GET /one', f: 'read', key: { const: 'one' }, result: 'json.v' }

describe('the text of a made request', () => {
  test('a generated request contains the host and the body, and Content-Length for POST, PUT and PATCH', () => {
    expect(requestText(madeBy({ f: 'write', key: 'x', value: 'ü' }, write), 'h:80')).toBe(
      'PUT /kv/x HTTP/1.1\r\nHost: h:80\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"v":"ü"}',
    )
    expect(requestText(madeBy({ f: 'read', key: 'x', value: null }, read), 'h:80')).toBe(
      'GET /kv/x HTTP/1.1\r\nHost: h:80\r\n\r\n',
    )
    const fields = (method: string, body = '') =>
      fieldsOf({ request: { method, target: '/', headers: [], body } }, 'h').map(([name]) => name)
    for (const method of ['POST', 'PUT', 'PATCH']) expect(fields(method)).toEqual(['Host', 'Content-Length'])
    expect([fields('DELETE'), fields('DELETE', 'x')]).toEqual([['Host'], ['Host', 'Content-Length']])
    const own = { request: { method: 'GET', target: '/', headers: [['HOST', 'other']] as const, body: '' } }
    expect(fieldsOf(own, 'h')).toEqual([['HOST', 'other']])
  })

  test('an unclear reply leaves the outcome of a generated write unknown, but makes a request without side effects fail', () => {
    const made = madeBy({ f: 'write', key: 'x', value: 1 }, write)
    const by = (status: number, harmless = false) =>
      answered(made, { status, headers: { get: () => undefined }, body: undefined }, harmless)
    expect(by(200)).toEqual({ type: 'ok', value: 1 })
    expect(by(409)).toMatchObject({ type: 'fail' })
    expect([by(500).type, by(500, true).type]).toEqual(['info', 'fail'])
    expect([by(207).type, by(207, true).type]).toEqual(['info', 'fail'])
  })
})

describe('the error of a reply to a generated request', () => {
  const errorOf = (status: number, body: string, harmless = false) => {
    const made = harmless
      ? madeBy({ f: 'read', key: 'x', value: null }, read)
      : madeBy({ f: 'write', key: 'x', value: 1 }, write)
    const answer = { status, headers: { get: () => undefined }, body: { bytes: Buffer.from(body) } }
    const completion = answered(made, answer, harmless)
    return completion.type === 'ok' ? undefined : completion.error
  }

  test.each([
    [400, 'no such\nthing', 'status 400 no such\\nthing'],
    [409, '', 'status 409'],
    [503, 'busy', 'status 503 busy'],
    [302, 'elsewhere', 'status 302'],
  ])('the error of a reply with status %i and body %j is: %s', (status, body, error) => {
    expect(errorOf(status, body)).toBe(error)
  })

  test('the error of a reply contains the body, even if the refused request is a read', () => {
    expect(errorOf(503, 'busy', true)).toBe('status 503 busy')
    expect(errorOf(302, 'elsewhere', true)).toBe('status 302, which says nothing')
    expect(errorOf(200, 'text', true)).toContain('status 200, and nothing at json.v')
  })

  test('the error of a reply contains at most 120 characters of the body', () => {
    const text = `b${'a'.repeat(119)}`
    expect([bodyText(''), bodyText(text), bodyText(`${text}c`)]).toEqual(['', ` ${text}`, ` ${text}…`])
    const headers = { get: () => undefined }
    expect(answerText({ status: 404, headers, body: { json: [1] } })).toBe('404 [1]')
    expect(answerText({ status: 404, headers, body: { sha256: 'a', length: 9 } })).toBe('404')
    expect(answerText({ status: 404, headers, body: undefined })).toBe('404')
  })
})

describe('a draft of a request', () => {
  const drafted = (...all: readonly (readonly [place: string, value: Json])[]) => {
    const draft = new RequestDraft()
    const troubles = all.map(([place, value]) => draft.put(place, value))
    return { troubles, made: draft.finish('POST', '/kv/{a}') }
  }

  test('a draft of a request puts each value into its path, query, header, cookie or body', () => {
    const { troubles, made } = drafted(
      ...([
        ['path.a', 'x y'],
        ['query.q', 'a&b'],
        ['query.r', true],
        ['header.X-A', 7],
      ] as const),
      ...([
        ['cookie.sid', 's'],
        ['cookie.t', 'u'],
        ['form.f', 'a b'],
        ['form.g', 1],
      ] as const),
    )
    expect(troubles.every((trouble) => trouble === undefined)).toBe(true)
    expect(made).toEqual({
      method: 'POST',
      target: '/kv/x%20y?q=a%26b&r=true',
      headers: [
        ['X-A', '7'],
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Cookie', 'sid=s; t=u'],
      ],
      body: 'f=a%20b&g=1',
    })
  })

  test.each<readonly [string, readonly (readonly [place: string, value: Json])[], string]>([
    ['an empty segment', [['path.a', '']], 'path.a cannot be empty'],
    [
      'two texts in a segment',
      [
        ['path.a', 'x'],
        ['path.a', 'y'],
      ],
      'path.a would have to be "x" and "y" at once',
    ],
    [
      'two texts in a parameter',
      [
        ['query.q', 'x'],
        ['query.q', 'y'],
      ],
      'query.q would have to be "x" and "y" at once',
    ],
    [
      'two texts in a field',
      [
        ['header.A', 'x'],
        ['header.a', 'y'],
      ],
      'header.a would have to be "x" and "y" at once',
    ],
    [
      'two texts in a cookie',
      [
        ['cookie.a', 'x'],
        ['cookie.a', 'y'],
      ],
      'cookie.a would have to be "x" and "y" at once',
    ],
    [
      'two texts in a form',
      [
        ['form.a', 'x'],
        ['form.a', 'y'],
      ],
      'form.a would have to be "x" and "y" at once',
    ],
    [
      'two bodies',
      [
        ['body', 'x'],
        ['body', 'y'],
      ],
      'body would have to be "x" and "y" at once',
    ],
    [
      'two values in a member',
      [
        ['json.a', 1],
        ['json.a', 2],
      ],
      'json.a is taken by something else',
    ],
    [
      'a member of a value',
      [
        ['json.a', 1],
        ['json.a.b', 2],
      ],
      'json.a.b is taken by something else',
    ],
    [
      'a member of null',
      [
        ['json.a', null],
        ['json.a.b', 2],
      ],
      'json.a.b is taken by something else',
    ],
    ['an item after a gap', [['json.a.1', 1]], 'json.a.1 is taken by something else'],
    [
      'a member of a list',
      [
        ['json.a.0', 1],
        ['json.a.b', 1],
      ],
      'json.a.b is taken by something else',
    ],
    ['a line break in a field', [['header.A', 'a\nb']], 'header.A cannot hold "a\\nb"'],
    ['a space at the end of a field', [['header.A', 'a ']], 'header.A cannot hold "a "'],
    ['a semicolon in a cookie', [['cookie.a', 'x;y']], 'cookie.a cannot hold "x;y"'],
    ['a list in a text', [['query.q', [1]]], 'query.q holds a text, so it cannot hold [1]'],
    ['null in a text', [['query.q', null]], 'query.q holds a text, so it cannot hold null'],
    ['no place', [['nowhere', 1]], 'nowhere is not a place in a request'],
  ])('refuses %s', (_, all, trouble) => {
    expect(drafted(...all).troubles.at(-1)).toBe(trouble)
  })

  test('RequestDraft builds nested JSON from paths like "json.l.0.a", and accepts an equal value at a used path', () => {
    const { troubles, made } = drafted(
      ['path.a', 'x'],
      ['path.a', 'x'],
      ['json.l.0.a', 1],
      ['json.l.0.a', 1],
      ['json.l.0.b', 2],
      ['json.l.1', 3],
      ['json.toString', 4],
    )
    expect(troubles.filter((trouble) => trouble !== undefined)).toEqual([])
    expect(made).toMatchObject({ body: '{"l":[{"a":1,"b":2},3],"toString":4}' })
  })

  test('a draft of a request is refused if its path is incomplete, it has several bodies, or its method allows no body', () => {
    const finished = (method: string, pattern: string, ...all: readonly (readonly [string, Json])[]) => {
      const draft = new RequestDraft()
      for (const [place, value] of all) draft.put(place, value)
      const made = draft.finish(method, pattern)
      return 'why' in made ? made.why : made.target
    }
    expect(finished('GET', '/kv/{a}/{b}', ['path.a', 'x'])).toBe('no value is given for {b} in its path')
    expect(finished('GET', '/kv/*')).toContain('no value is given for * in its path')
    expect(finished('POST', '/kv', ['json.a', 1], ['form.a', '1'], ['body', 'x'])).toBe(
      'its body would be JSON and a form and a text at once',
    )
    for (const method of ['GET', 'HEAD', 'TRACE', 'OPTIONS'])
      expect(finished(method, '/kv', ['body', 'x'])).toBe(`a ${method} has no body`)
    expect(finished('DELETE', '/kv', ['body', 'x'])).toBe('/kv')
  })

  test('a draft of a request keeps a given Content-Type', () => {
    const draft = new RequestDraft()
    draft.put('header.content-type', 'text/x')
    draft.put('body', 'x')
    expect(draft.finish('PUT', '/kv')).toMatchObject({ headers: [['content-type', 'text/x']], body: 'x' })
  })
})

describe('the routes that a workload requires', () => {
  const required = (functions: readonly string[], before: readonly string[], ...routes: readonly object[]) =>
    requireRequests(
      makerOf(...routes),
      { functions, before: before.map((key) => ({ f: 'read', key, value: null })) },
      'r.json',
    )

  test('the routes of a workload refer to one object only if they share a fixed key and clients use a single key', () => {
    expect(required(['read', 'write'], ['x'], read, write)).toBe(false)
    const put = { ...write, request: 'PUT /one', key: { const: 'one' } }
    expect(required(['read', 'write'], ['one'], one, put)).toBe(true)
    expect(required(['read', 'write'], [], one, put)).toBe(false)
    expect(required(['read', 'watch'], ['x'], read)).toBe(false)
  })

  test('a workload is refused if a route has a fixed key, and clients or other routes use other keys', () => {
    const put = { ...write, request: 'PUT /one', key: { const: 'one' } }
    expect(() => required(['read', 'write'], ['a', 'b'], one, put)).toThrow('it has no place for a key')
    expect(() => required(['read', 'write'], ['a'], one, write)).toThrow(
      'r.json: the routes of read have a fixed "key" or none, but not all routes have the same "key".',
    )
    const other = { ...put, key: { const: 'other' } }
    expect(() => required(['read', 'write'], ['a'], one, other)).toThrow(
      'the routes of read and write have a fixed "key" or none',
    )
    expect(() => required(['read', 'write'], ['a'], one)).toThrow('r.json has no route for write.')
  })

  test.each(['append', 'cas', 'add', 'subtract', 'remove', 'contains', 'enqueue', 'dequeue', 'put', 'get'])(
    'a workload is refused if the route table has no route for %s',
    (f) => {
      expect(() => required([f], ['x'], read)).toThrow(`r.json has no route for ${f}.`)
    },
  )
})

describe('the versions that a client has seen', () => {
  const ofVersions = {
    request: 'PUT /docs/{key}',
    f: 'cas',
    value: ['header.If-Match', 'answer.header.ETag'],
    sends: { body: '{value}' },
  }
  const ofValues = { request: 'PUT /docs/{key}', f: 'cas', value: ['json.old', 'json.new'] }
  const cas = (key: string): Input => ({ f: 'cas', key, value: [1, 2] })

  test('a cas of a client expects the latest version of the key that this client has seen', () => {
    const versions = createVersions(makerOf(ofVersions))
    expect(versions.named(cas('x'))).toBe('a cas needs the version of x, and this client has seen none yet')
    versions.learned({ f: 'read', key: 'x', value: null }, { type: 'ok', value: 'v1' })
    expect(versions.named(cas('x'))).toEqual({ f: 'cas', key: 'x', value: ['v1', 2] })
    expect(versions.named({ f: 'cas', key: 'x', value: 5 })).toEqual({ f: 'cas', key: 'x', value: ['v1', 5] })
    versions.learned(cas('x'), { type: 'ok', value: ['v1', 'v2'] })
    versions.learned(cas('x'), { type: 'fail', error: 'no' })
    expect(versions.named(cas('x'))).toMatchObject({ value: ['v2', 2] })
    expect(typeof versions.named(cas('y'))).toBe('string')
    versions.learned({ f: 'read', key: 'x', value: null }, { type: 'ok', value: null })
    expect(typeof versions.named(cas('x'))).toBe('string')
  })

  test('createVersions changes neither a write nor a cas whose route compares values', () => {
    const write: Input = { f: 'write', key: 'x', value: 1 }
    expect(createVersions(makerOf(ofVersions)).named(write)).toBe(write)
    const input = cas('x')
    expect(createVersions(makerOf(ofValues)).named(input)).toBe(input)
    expect([makerOf(ofVersions), makerOf(ofValues)].map((maker) => maker.speaksVersions('cas'))).toEqual([true, false])
    expect(makerOf(ofVersions).speaksVersions('read')).toBe(false)
  })
})

test('bodyText removes the tags of an HTML page, but not of other text', () => {
  const page =
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<title>Error</title>\n</head>\n<body>\n<pre>Error: connect ECONNREFUSED 127.0.0.1:5432<br> &nbsp; &nbsp;at main'
  expect(bodyText(page)).toBe(' Error: connect ECONNREFUSED 127.0.0.1:5432 at main')
  expect(bodyText('<b>kept</b>')).toBe(' <b>kept</b>')
})
