import { httpFamily } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'

const links = ['clients>n1']

test('an HTTP fault is parsed with the defaults of its kind', () => {
  expect(httpFamily.parse({ kind: 'error-status', links }, 'rules.json')).toEqual({
    kind: 'error-status',
    links: [{ from: 'clients', to: 'n1' }],
    status: 503,
    body: 'an injected error\n',
    after: 'nothing',
  })
})

test('an HTTP fault is parsed with its match and its trigger', () => {
  const fault = {
    kind: 'lose-reply',
    silence: 'hang',
    links,
    match: { method: 'PUT,POST', path: '/kv/{key}', status: '2xx', client: '10.0.0.0/8' },
    when: { nth: 3, untilMs: 1000 },
  }
  expect(httpFamily.parse(fault, 'rules.json')).toEqual({ ...fault, links: [{ from: 'clients', to: 'n1' }] })
})

test.each(httpFamily.kinds.map(({ kind }) => kind))('%s refuses an unknown parameter', (kind) => {
  expect(() => httpFamily.parse({ kind, links, nonsense: 1 }, 'x')).toThrow(`x: ${kind} has no parameter "nonsense"`)
})

test('an HTTP fault accepts numbers as a status, as the text of a body and as a header value', () => {
  const match = { status: 503, header: 'x', headerValue: 7, not: { body: 5 } }
  expect(httpFamily.parse({ kind: 'lose-reply', links, match }, 'x').match).toEqual({
    status: '503',
    header: 'x',
    headerValue: '7',
    not: { body: '5' },
  })
})

test.each([
  { kind: 'trickle-reply' },
  { kind: 'truncate-reply' },
  { kind: 'lose-reply' },
  { kind: 'delay-reply', delayMs: 1 },
  { kind: 'edit-reply', headers: { A: 'b' } },
])('$kind accepts a match on the status of the response', (fault) => {
  expect(httpFamily.parse({ ...fault, links, match: { status: '2xx' } }, 'x').match).toEqual({ status: '2xx' })
})

test.each([
  { kind: 'trickle-request' },
  { kind: 'duplicate-request' },
  { kind: 'delay-request', delayMs: 1 },
  { kind: 'edit-request', headers: { A: 'b' } },
])('$kind refuses a match on the status of the response', (fault) => {
  expect(() => httpFamily.parse({ ...fault, links, match: { status: '2xx' } }, 'x')).toThrow(
    '"status" selects responses',
  )
})

describe('an invalid HTTP fault', () => {
  test.each([
    [
      { kind: 'lose-request', links, match: { path: '/x?y=1' } },
      'no path can contain "?": a query or fragment is not part of the path. The nearest path is "/x".',
    ],
    [{ kind: 'lose-request', links, match: { path: '/caf\u00e9/{id}' } }, 'The nearest path is "/caf%C3%A9/{id}".'],
    [
      { kind: 'lose-request', links, match: { header: 'X-A: 1' } },
      'The nearest is "header" "X-A" with "headerValue" "1".',
    ],
    [{ kind: 'lose-reply', links, match: { status: 100 } }, 'The only interim response that faults act on is 101'],
    [{ kind: 'lose-request', links, when: { nth: 5, first: 3 } }, 'Give "first" 5 or more, or leave it out.'],
    [{ kind: 'lose-request', links, when: { nth: 5, first: 3 } }, '"first" is 3, less than "nth" 5'],
    [{ kind: 'lose-request', links, when: { every: 5, first: 3 } }, '"first" is 3, less than "every" 5'],
    [
      { kind: 'lose-request', links, when: { nth: 5, every: 2 } },
      'so no message meets both conditions. The nearest is "nth" 6.',
    ],
    [
      { kind: 'lose-request', links, match: { method: 'GET', not: { method: 'GET' } } },
      '"not" excludes everything that "match" selects',
    ],
    [{ kind: 'lose-request', links, match: { not: {} } }, '"not" without conditions excludes everything'],
    [{ kind: 'lose-request', links, match: { not: { path: 'x' } } }, 'A path begins with a slash'],
    [{ kind: 'lose-request', links, match: { not: { not: { path: '/x' } } } }, '"not" has no parameter "not"'],
    [3, 'x: 3 is not an object.'],
    [{ links }, 'x: "kind" is missing. Known: lose-request, crash-before-reply, '],
    [{ kind: 'explode', links }, 'x: there is no HTTP fault "explode". Known: lose-request, '],
    [{ kind: 'lose-reply' }, 'x: "links" must be a list of links, such as ["clients>n1"].'],
    [{ kind: 'lose-reply', links, silence: 'wait' }, 'x: lose-reply: "silence" is "wait". Give one of reset, hang.'],
    [{ kind: 'delay-reply', links }, 'x: delay-reply needs "delayMs" of milliseconds: the delay.'],
    [{ kind: 'delay-reply', links, delayMs: -1 }, 'x: delay-reply: "delayMs" is -1.'],
    [{ kind: 'error-status', links, status: 99 }, 'x: error-status: "status" is 99. Give a whole number, 200 to 599.'],
    [
      { kind: 'lose-reply', links, match: { method: 'GET PUT' } },
      'x: "match": "method" is "GET PUT". Write GET, or several',
    ],
    [{ kind: 'lose-reply', links, match: { path: 'kv' } }, 'x: "match": "path" is "kv". A path begins with a slash'],
    [{ kind: 'lose-reply', links, match: { path: '/{a}{b}' } }, 'in {a}{b}, no text separates the two names'],
    [{ kind: 'lose-reply', links, match: { headerValue: 'x' } }, 'Give "header" as well.'],
    [
      { kind: 'lose-reply', links, match: { status: '6xx' } },
      'x: "match": "status" is "6xx". Give a status, such as 503, or a class of statuses',
    ],
    [{ kind: 'lose-request', links, match: { status: '5xx' } }, 'x: lose-request: "status" selects responses'],
    [
      { kind: 'lose-reply', links, when: { fromMs: 5, untilMs: 5 } },
      'x: "when": "untilMs" is 5, which must be greater than',
    ],
    [{ kind: 'edit-reply', links }, 'x: edit-reply changes nothing. Give "headers" or "body".'],
    [
      { kind: 'edit-reply', links, headers: { 'a b': 'c' } },
      'x: edit-reply: "a b" is not a valid name of a header field.',
    ],
    [
      { kind: 'edit-reply', links, headers: { A: 'c\r\nd' } },
      'x: edit-reply: the value of A is "c\\r\\nd". Give a string of one',
    ],
    [
      { kind: 'edit-reply', links, headers: { 'Content-Length': '5' } },
      'x: edit-reply: only the proxy may set Content-Length',
    ],
  ])('an invalid HTTP fault is refused with advice: %j', (value, message) => {
    expect(() => httpFamily.parse(value, 'x')).toThrow(message)
  })
})
