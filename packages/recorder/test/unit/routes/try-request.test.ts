import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  readHeader,
  readWrittenAnswer,
  readWrittenRequest,
  tryRequest,
} from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

type Table = { readonly routes: readonly object[]; readonly [member: string]: Json | readonly object[] }

/** Returns what is recorded of a request and its answer: the route, the client and the events. */
function tried(table: Table, request: string, answer: string): string {
  const { kind, route, session, events } = tryRequest(
    parseRouteTable(table, 'x'),
    readWrittenRequest(request, 'a'),
    readWrittenAnswer(answer, 'b'),
  )
  const texts = events.map(({ process, type, f, key, value, error, final, answered }) => {
    const about = key === undefined ? '' : ` ${key as string}`
    const told = error === undefined ? (value === undefined ? '' : `=${JSON.stringify(value)}`) : ` !${error as string}`
    const more = `${final === true ? ' final' : ''}${answered === true ? ' answered' : ''}`
    if (process === 'recorder') return `${f as string}${about}: ${(value as { readonly what?: string }).what}`
    return `${type as string} ${f as string}${about}${told}${more}`
  })
  return [kind, route, session, ...texts].filter((text) => text !== undefined).join('; ')
}

const BODY = 'Content-Type: application/json'
const read = { request: 'GET /kv/{key}', f: 'read', result: 'json.v' }
const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.v' }
const cas = { request: 'POST /kv/{key}', f: 'cas', value: ['json.old', 'json.new'] }
const KV: Table = { routes: [read, write, cas] }
const put = (body: string, path = '/kv/x') => `PUT ${path}\n${BODY}\n\n${body}`
const replied = (body: string, status = '200') => `${status}\n${BODY}\n\n${body}`
const CASES: readonly (readonly [table: Table, request: string, answer: string, recorded: string])[] = [
  [KV, 'GET /kv/x', replied('{"v":5}'), 'operations; 1; invoke read x=null; ok read x=5'],
  [KV, 'GET /kv/x', replied('{"v":"5"}'), 'operations; 1; invoke read x=null; ok read x="5"'],
  [
    KV,
    'GET /kv/x',
    replied('{}'),
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 200, and nothing at json.v',
  ],
  [
    KV,
    'GET /kv/x',
    replied('{'),
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 200, and nothing at json.v: its body is no JSON',
  ],
  [
    KV,
    'GET /kv/x',
    '200',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 200, and nothing at json.v: its body is no JSON',
  ],
  [
    KV,
    'GET /kv/x',
    '404',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [KV, 'GET /kv/x', '500', 'operations; 1; invoke read x=null; fail read x !status 500, which says nothing'],
  [
    KV,
    'GET /kv/x',
    '304',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 304: say in the route\'s "outcomes" whether 304 is "fail" (the check ignores the read) or "ok" (the result is in the headers of the answer)',
  ],
  [
    KV,
    'GET /kv/x',
    '204',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 204, and nothing at json.v: if an empty body means that there is no value, say so in the route: "missing": "absent"',
  ],
  [
    KV,
    'GET /kv/x',
    replied('{"v":5}', '300'),
    'operations; 1; invoke read x=null; fail read x !status 300, which says nothing',
  ],
  [KV, 'GET /kv/x', replied('{"v":5}', '299'), 'operations; 1; invoke read x=null; ok read x=5'],
  [KV, put('{"v":5}'), '200', 'operations; 2; invoke write x=5; ok write x=5'],
  [KV, put('{"v":5}'), '199', 'operations; 2; invoke write x=5; info write x !status 199'],
  [KV, put('{"v":5}'), '300', 'operations; 2; invoke write x=5; info write x !status 300'],
  [KV, put('{"v":5}'), '299', 'operations; 2; invoke write x=5; ok write x=5'],
  [KV, put('{"v":5}'), '202', 'operations; 2; invoke write x=5; info write x !status 202'],
  [KV, put('{"v":5}'), '400', 'operations; 2; invoke write x=5; fail write x !status 400'],
  [KV, put('{"v":5}'), '409', 'operations; 2; invoke write x=5; fail write x !status 409 answered'],
  [KV, put('{"v":5}'), '408', 'operations; 2; invoke write x=5; info write x !status 408'],
  [KV, put('{"v":5}'), '503', 'operations; 2; invoke write x=5; info write x !status 503'],
  [
    KV,
    put('{"v":5}'),
    replied('{"ok":false}'),
    'operations; 2; invoke write x=5; info write x !status 200: its body says "ok", which may be a refusal. Say what it means: "answers": [{"when": {"json.ok": false}, "outcome": "fail"}, {"when": {"json.ok": true}, "outcome": "ok"}]',
  ],
  [KV, put('{"v":null}'), '200', 'operations; 2; invoke write x=null; ok write x=null'],
  [KV, put('{}'), '200', 'not-understood; 2; touched x: PUT /kv/x'],
  [KV, put('5'), '200', 'not-understood; 2; touched x: PUT /kv/x'],
  [KV, put(''), '200', 'not-understood; 2; touched x: PUT /kv/x'],
  [
    KV,
    'POST /kv/x\nContent-Type: application/json\n\n{"old":1,"new":2}',
    '200',
    'operations; 3; invoke cas x=[1,2]; ok cas x=[1,2]',
  ],
  [
    KV,
    'POST /kv/x\nContent-Type: application/json\n\n{"old":1,"new":2}',
    '412',
    'operations; 3; invoke cas x=[1,2]; fail cas x !status 412 answered',
  ],
  [KV, 'POST /kv/x\nContent-Type: application/json\n\n{"new":2}', '200', 'not-understood; 3; touched x: POST /kv/x'],
  [KV, 'DELETE /kv/x', '200', 'passed-on; passed-on: DELETE /kv/x; touched: DELETE /kv/x'],
  [KV, 'GET /other', '200', 'passed-on; passed-on: GET /other'],
  [KV, 'HEAD /kv/x', '200', 'passed-on; passed-on: HEAD /kv/x'],
  [
    { ...KV, client: 'cookie.c' },
    'PUT /kv/x\nCookie: a=1; c=me\nContent-Type: application/json\n\n{"v":5}',
    '200',
    'operations; 2; sha256:2744ccd10c7533bd; invoke write x=5; ok write x=5',
  ],
  [
    { ...KV, client: 'cookie.c' },
    'PUT /kv/x\nCookie: =me; c = you\nContent-Type: application/json\n\n{"v":5}',
    '200',
    'operations; 2; sha256:225affe3c0c66513; invoke write x=5; ok write x=5',
  ],
  [{ ...KV, client: 'cookie.c' }, put('{"v":5}'), '200', 'operations; 2; invoke write x=5; ok write x=5'],
  [{ ...KV, client: 'header.X-Client' }, put('{"v":5}'), '200', 'operations; 2; invoke write x=5; ok write x=5'],
  [
    { ...KV, client: 'header.X-Client' },
    'GET /kv/x',
    '200',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 200, and nothing at json.v: its body is no JSON',
  ],
  [
    { ...KV, client: 'header.X-Client' },
    'GET /kv/x\nX-Client: me',
    '404',
    'operations; 1; me; invoke read x=null; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [
    { ...KV, client: 'connection' },
    'GET /kv/x',
    '404',
    'operations; 1; connection 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [
    { ...KV, client: 'peer.process' },
    'GET /kv/x',
    '404',
    'operations; 1; client 4711; invoke read x=null; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [
    { ...KV, client: 'peer.address' },
    'GET /kv/x',
    '404',
    'operations; 1; 127.0.0.1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [
    { ...KV, final: 'X-Final' },
    'GET /kv/x\nX-Final: true',
    '404',
    'operations; 1; invoke read x=null final; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [
    { ...KV, final: 'X-Final' },
    'GET /kv/x',
    '404',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 404: if 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}',
  ],
  [
    { routes: [{ ...read, missing: 'absent' }] },
    'GET /kv/x',
    replied('{}'),
    'operations; 1; invoke read x=null; ok read x=null',
  ],
  [
    { routes: [{ ...read, missing: 'absent' }] },
    'GET /kv/x',
    '200',
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 200, and nothing at json.v: its body is no JSON',
  ],
  [
    { routes: [{ ...read, missing: 'absent' }] },
    'GET /kv/x',
    replied('{'),
    'operations; 1; invoke read x=null; not-understood x: GET /kv/x; info read x !status 200, and nothing at json.v: its body is no JSON',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: 'header.X-V', missing: 'absent' }] },
    'GET /kv/x',
    '200',
    'operations; 1; invoke read x=null; ok read x=null',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: 'header.X-V' }] },
    'GET /kv/x',
    '200\nX-V: 5',
    'operations; 1; invoke read x=null; ok read x=5',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: 'body' }] },
    'GET /kv/x',
    '200\n\n5',
    'operations; 1; invoke read x=null; ok read x=5',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: { members: { a: 'json.a' } } }] },
    'GET /kv/x',
    replied('{"a":"5"}'),
    'operations; 1; invoke read x=null; ok read x={"a":"5"}',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: { const: '5' } }] },
    'GET /kv/x',
    '200',
    'operations; 1; invoke read x=null; ok read x="5"',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: { from: 'header.Location', match: '/v/{v}' } }] },
    'GET /kv/x',
    '200\nLocation: /v/5',
    'operations; 1; invoke read x=null; ok read x=5',
  ],
  [
    {
      routes: [
        {
          request: 'POST /kv',
          f: 'write',
          key: { from: 'answer.header.Location', match: '/kv/{id}' },
          value: 'json.v',
        },
      ],
    },
    'POST /kv\nContent-Type: application/json\n\n{"v":5}',
    '201\nLocation: /kv/7',
    'operations; 1; invoke write 7=5; ok write 7=5',
  ],
  [
    { routes: [{ request: 'POST /kv', f: 'write', key: 'answer.json.id', value: 'json.v' }] },
    'POST /kv\nContent-Type: application/json\n\n{"v":5}',
    replied('{"id":7}', '201'),
    'operations; 1; invoke write 7=5; ok write 7=5',
  ],
  [
    { routes: [{ request: 'POST /kv', f: 'write', key: 'answer.json.id', value: 'json.v' }] },
    'POST /kv\nContent-Type: application/json\n\n{"v":5}',
    replied('{}', '201'),
    'operations; 1',
  ],
  [
    { routes: [{ request: 'POST /kv', f: 'write', key: 'answer.json.id', value: 'json.v' }] },
    'POST /kv\nContent-Type: application/json\n\n{}',
    replied('{"id":7}', '201'),
    'not-understood; 1; touched: POST /kv',
  ],
  [
    { routes: [{ request: 'POST /kv', f: 'write', key: 'json.k', value: 'json.v' }] },
    'POST /kv\nContent-Type: application/json\n\n{"k":null,"v":5}',
    '200',
    'not-understood; 1; touched: POST /kv',
  ],
  [
    { routes: [{ request: 'POST /kv', f: 'write', key: 'json.k', value: 'json.v' }] },
    'POST /kv\nContent-Type: application/json\n\n{"k":{"b":1,"a":2},"v":5}',
    '200',
    'operations; 1; invoke write {"a":2,"b":1}=5; ok write {"a":2,"b":1}=5',
  ],
  [
    { routes: [{ request: 'POST /kv', f: 'write', key: ['json.k', 'json.l'], value: 'json.v' }] },
    'POST /kv\nContent-Type: application/json\n\n{"k":"a/b","l":"c","v":5}',
    '200',
    'operations; 1; invoke write "a/b"/c=5; ok write "a/b"/c=5',
  ],
  [
    { routes: [{ request: 'POST /all', each: 'json', f: 'write', key: 'name', value: 'item' }] },
    'POST /all\nContent-Type: application/json\n\n{"x":1,"y":2}',
    '200',
    'operations; 1; invoke write x=1; invoke write y=2; ok write x=1; ok write y=2',
  ],
  [
    { routes: [{ request: 'POST /all', each: 'json', f: 'write', key: 'item.k', value: 'item.v' }] },
    'POST /all\nContent-Type: application/json\n\n[{"k":"x","v":1},{"k":"y"}]',
    '200',
    'not-understood; 1; touched y: POST /all; touched x: POST /all',
  ],
  [
    { routes: [{ request: 'POST /all', each: 'json', f: 'write', key: 'item.k', value: 'item.v' }] },
    'POST /all\nContent-Type: application/json\n\n[]',
    '200',
    'passed-on; 1; passed-on: POST /all',
  ],
  [
    { routes: [{ request: 'POST /all', each: 'json', f: 'write', key: 'item.k', value: 'item.v' }] },
    'POST /all\nContent-Type: application/json\n\n7',
    '200',
    'not-understood; 1; touched: POST /all',
  ],
  [
    { routes: [{ request: 'GET /all', each: 'answer.json', f: 'read', key: 'item.k', result: 'item.v' }] },
    'GET /all',
    replied('[{"k":"x","v":1},{"k":"y","v":2}]'),
    'operations; 1; invoke read x=null; invoke read y=null; ok read x=1; ok read y=2',
  ],
  [
    { routes: [{ request: 'GET /all', each: 'answer.json', f: 'read', key: 'item.k', result: 'item.v' }] },
    'GET /all',
    replied('[{"k":"x"}]'),
    'operations; 1; not-understood: GET /all',
  ],
  [
    { routes: [{ request: 'GET /all', each: 'answer.json', f: 'read', key: 'name', result: 'item' }] },
    'GET /all',
    replied('7'),
    'operations; 1; not-understood: GET /all',
  ],
  [
    {
      routes: [
        {
          request: 'POST /two',
          operations: [
            { f: 'write', key: 'json.a', value: 'json.b' },
            { f: 'write', key: 'json.c', value: 'json.d' },
          ],
        },
      ],
    },
    'POST /two\nContent-Type: application/json\n\n{"a":"x","b":1,"c":"y","d":2}',
    '200',
    'operations; 1; invoke write x=1; invoke write y=2; ok write x=1; ok write y=2',
  ],
  [
    {
      routes: [
        {
          request: 'POST /two',
          operations: [
            { f: 'write', key: 'json.a', value: 'json.b' },
            { f: 'write', key: 'json.c', value: 'json.d' },
          ],
        },
      ],
    },
    'POST /two\nContent-Type: application/json\n\n{"a":"x","b":1,"c":"y"}',
    '200',
    'not-understood; 1; touched y: POST /two; touched x: POST /two',
  ],
  [
    {
      client: 'header.X-Client',
      routes: [
        {
          request: 'POST /two',
          operations: [
            { f: 'read', key: 'json.a', result: 'json.b' },
            { f: 'read', key: 'json.c', result: 'json.d' },
          ],
        },
      ],
    },
    'POST /two\nContent-Type: application/json\n\n{"a":"x","c":"y"}',
    '200',
    'operations; 1; invoke read x=null; invoke read y=null; not-understood x: POST /two; info read x !status 200, and nothing at json.b: its body is no JSON; not-understood y: POST /two; info read y !status 200, and nothing at json.d: its body is no JSON',
  ],
  [
    { routes: [{ ...write, when: { 'header.X-A': 'b' } }] },
    'PUT /kv/x\nX-A: b\nContent-Type: application/json\n\n{"v":5}',
    '200',
    'operations; 1; invoke write x=5; ok write x=5',
  ],
  [
    { routes: [{ ...write, when: { 'header.X-A': 'b' } }] },
    put('{"v":5}'),
    '200',
    'passed-on; passed-on: PUT /kv/x; touched: PUT /kv/x',
  ],
  [
    { routes: [{ ...write, when: { 'header.X-A': { there: true } } }] },
    put('{"v":5}'),
    '200',
    'passed-on; passed-on: PUT /kv/x; touched: PUT /kv/x',
  ],
  [
    { routes: [{ ...write, when: { 'header.X-A': { there: false } } }] },
    put('{"v":5}'),
    '200',
    'operations; 1; invoke write x=5; ok write x=5',
  ],
  [
    { routes: [{ ...write, when: { 'json.w': { there: true, a: 1 } } }] },
    put('{"v":5,"w":{"there":true,"a":1}}'),
    '200',
    'operations; 1; invoke write x=5; ok write x=5',
  ],
  [
    { routes: [{ ...write, when: { 'json.w': null } }] },
    put('{"v":5,"w":null}'),
    '200',
    'operations; 1; invoke write x=5; ok write x=5',
  ],
  [
    { routes: [{ ...write, when: { 'json.w': [1] } }] },
    put('{"v":5,"w":[1]}'),
    '200',
    'operations; 1; invoke write x=5; ok write x=5',
  ],
  [
    { routes: [{ request: 'PUT /kv/{key}', f: 'cas', value: ['header.If-Match', 'answer.header.ETag'] }] },
    'PUT /kv/x\nIf-Match: "1"',
    '200\nETag: "2"',
    'operations; 1; invoke cas x=["\\"1\\"",null]; ok cas x=["\\"1\\"","\\"2\\""]',
  ],
  [
    { routes: [{ request: 'PUT /kv/{key}', f: 'cas', value: ['header.If-Match', 'answer.header.ETag'] }] },
    'PUT /kv/x\nIf-Match: "1", "3"',
    '200\nETag: "2"',
    'not-understood; 1; touched x: PUT /kv/x',
  ],
  [
    { routes: [{ request: 'PUT /kv/{key}', f: 'cas', value: ['header.If-Match', 'answer.header.ETag'] }] },
    'PUT /kv/x',
    '200\nETag: "2"',
    'operations; 1; invoke cas x; touched x: PUT /kv/x; info cas x !status 200, and nothing at header.If-Match or header.ETag',
  ],
  [
    { routes: [{ request: 'PUT /kv/{key}', f: 'write', value: 'answer.header.ETag' }] },
    'PUT /kv/x',
    '200\nETag: "2"',
    'operations; 1; invoke write x; ok write x="\\"2\\""',
  ],
  [
    { routes: [{ request: 'PUT /kv/{key}', f: 'write', value: 'answer.header.ETag' }] },
    'PUT /kv/x',
    '500',
    'operations; 1; invoke write x; info write x !status 500',
  ],
  [
    { routes: [{ ...write, answers: [{ when: { 'json.ok': true }, outcome: 'ok' }] }] },
    put('{"v":5}'),
    replied('{"ok":false}'),
    'operations; 1; invoke write x=5; info write x !status 200: none of the cases in "answers" fits',
  ],
  [
    { routes: [{ ...write, request: 'PUT /kv', key: 'query.k' }] },
    put('{"v":5}', '/kv?k=x'),
    '200',
    'operations; 1; invoke write x=5; ok write x=5',
  ],
  [
    { routes: [{ ...write, request: 'PUT /kv', key: 'query.k' }] },
    put('{"v":5}', '/kv'),
    '200',
    'not-understood; 1; touched: PUT /kv',
  ],
  [
    { routes: [{ ...write, request: 'PUT /kv', key: 'query.k' }] },
    put('{"v":5}', '/kv?k=x&k=y'),
    '200',
    'not-understood; 1; touched: PUT /kv',
  ],
  [{ routes: [{ request: 'POST /ping', ignore: true }] }, 'POST /ping', '200', 'passed-on; 1; passed-on: POST /ping'],
  [
    { routes: [{ ...write, when: { 'json.w': { there: true, a: 1 } } }] },
    put('{"v":5,"w":{"a":1}}'),
    '200',
    'passed-on; passed-on: PUT /kv/x; touched: PUT /kv/x',
  ],
  [
    { routes: [{ request: 'GET /kv/{key}', f: 'read', result: { from: 'json.l', match: '/v/{v}' } }] },
    'GET /kv/x',
    replied('{"l":"/v/5"}'),
    'operations; 1; invoke read x=null; ok read x=5',
  ],
]

describe('a request that is tried with a route table', () => {
  test.each(CASES.map(([table, request, answer, recorded]) => [request, answer, table, recorded] as const))(
    'the request %j with the response %j is recorded by its route',
    (request, answer, table, recorded) => {
      expect(tried(table, request, answer)).toBe(recorded)
    },
  )

  test.each(['GET', 'get /kv/x', 'GET /kv/x HTTP/2', ''])('readWrittenRequest refuses the request %j', (text) => {
    expect(() => readWrittenRequest(text, 'a')).toThrow('a: the first line is ')
  })

  test.each(['600', '20', 'OK', 'HTTP/1.1'])('readWrittenAnswer refuses the response %j', (text) => {
    expect(() => readWrittenAnswer(text, 'b')).toThrow('b: the first line is ')
  })

  test('readHeader splits a header line into name and value, and refuses a line without a name or a colon', () => {
    expect(readHeader('X-A: b:c', 'a')).toEqual(['X-A', 'b:c'])
    expect(readHeader('X:', 'a')).toEqual(['X', ''])
    for (const line of [': b', 'b']) expect(() => readHeader(line, 'a')).toThrow('is not a header')
  })
})
