import { describe, expect, test } from 'vitest'
import { readWrittenAnswer, readWrittenRequest, tryRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' }
const read = { request: 'GET /kv/{key}', f: 'read', result: 'json.data.value', missing: 'absent' }

/** Returns how the write or the read ended, given the body of its answer. */
function ended(route: { readonly request: string }, body: string, answer = 'HTTP/1.1 200 OK'): string {
  const request = `${route.request.replace('{key}', 'x')}\n\n{"value":1}`
  const table = parseRouteTable({ routes: [route] }, 'x')
  const asked = readWrittenRequest(request, 'request')
  const last = tryRequest(table, asked, readWrittenAnswer(`${answer}\n\n${body}`, 'answer')).events.at(-1)
  return `${last?.['type']}${last?.['error'] === undefined ? '' : ` ${last['error']}`}`.replace(/which may be.*/, '')
}

describe('a reply with status 200 that looks like a refusal', () => {
  test.each([
    ['{"errors":[{"message":"denied"}],"data":null}', 'info status 200: its body says "errors", '],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":-32000}}', 'info status 200: its body says "error", '],
    ['[{"id":1,"result":1},{"id":2,"error":{"code":-32000}}]', 'info status 200: its body says "error", '],
    ['{"error":1}', 'info status 200: its body says "error", '],
    ['{"error":true}', 'info status 200: its body says "error", '],
    ['{"ok":false}', 'info status 200: its body says "ok", '],
    ['{"success":false,"message":"read-only"}', 'info status 200: its body says "success", '],
    ['{"status":"error","message":"no leader"}', 'info status 200: its body says "status", '],
    ['{"status": "fail","data":{"value":"too long"}}', 'info status 200: its body says "status", '],
    [' false\n', 'info status 200: its body is false, '],
  ])('a reply with status 200 that looks like a refusal is not understood: %s', (body, expected) => {
    expect(ended(write, body)).toBe(expected)
  })

  test('a reply to a read that looks like a refusal is not understood, with or without a value', () => {
    expect(ended(read, '{"errors":["timeout"],"data":null}')).toContain('its body says "errors"')
    expect(ended(read, '{"errors":["partial"],"data":{"value":1}}')).toContain('its body says "errors"')
  })
})

describe('a reply that only mentions a refusal', () => {
  test.each([
    '{"errors":[],"error":null,"ok":true,"success":true}',
    '{"error":"","errors":{}}',
    '{"status":"success","data":{"status":"fail"}}',
    '{"status":"failed","attempts":3}',
    '{"error":false,"errors":0}',
    '{"value":{"error":"stored"}}',
    '"error"',
    'no JSON, and an "error"',
    '',
  ])('a reply with status 200 that only mentions a refusal is a success: %s', (body) => {
    expect(ended(write, body)).toBe('ok')
  })

  test('a reply with the member "error" is a success if the route reads this member as the value', () => {
    expect(ended({ ...read, result: 'json' } as never, '{"error":"stored"}')).toBe('ok')
    expect(ended({ ...read, result: 'json.error' } as never, '{"error":"stored"}')).toBe('ok')
    expect(ended({ ...read, result: 'json.status' } as never, '{"status":"fail"}')).toBe('ok')
  })
})

test('the member "answers" of a route decides whether a reply is a success or a failure', () => {
  const answers = [
    { when: { 'json.errors': { there: true } }, outcome: 'fail' },
    { when: { 'json.errors': { there: false } }, outcome: 'ok' },
  ]
  expect(ended({ ...write, answers } as never, '{"errors":["denied"]}')).toBe('fail status 200')
  expect(ended({ ...write, answers } as never, '{"error":"a value"}')).toBe('ok')
})

test('a reply with an error body gets the outcome fail for status 400, and info for status 503', () => {
  expect(ended(write, '{"error":"no"}', 'HTTP/1.1 400 Bad Request')).toBe('fail status 400')
  expect(ended(write, '{"error":"no"}', 'HTTP/1.1 503 Unavailable')).toBe('info status 503')
})
