import { httpFamily } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'

const links = ['clients>n1']

test('a parsed HTTP fault has its defaults', () => {
  expect(httpFamily.parse({ kind: 'error-status', links }, 'rules.json')).toEqual({
    kind: 'error-status',
    links: [{ from: 'clients', to: 'n1' }],
    status: 503,
    body: 'an injected error\n',
    after: 'nothing',
  })
})

test('a parsed HTTP fault keeps its match and trigger', () => {
  const fault = {
    kind: 'lose-reply',
    silence: 'hang',
    links,
    match: { method: 'PUT,POST', path: '/kv/{key}', status: '2xx', client: '10.0.0.0/8' },
    when: { nth: 3, untilMs: 1000 },
  }
  expect(httpFamily.parse(fault, 'rules.json')).toEqual({ ...fault, links: [{ from: 'clients', to: 'n1' }] })
})

test.each(httpFamily.kinds.map(({ kind }) => kind))('every parameter of %s is checked', (kind) => {
  expect(() => httpFamily.parse({ kind, links, nonsense: 1 }, 'x')).toThrow(`x: ${kind} has no parameter "nonsense"`)
})

describe('a wrong HTTP fault', () => {
  test.each([
    [3, 'x: 3 is no object.'],
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
    [
      { kind: 'lose-reply', links, match: { path: '/{a}{b}' } },
      'nothing says where one name of {a}{b} ends and the next begins',
    ],
    [{ kind: 'lose-reply', links, match: { headerValue: 'x' } }, 'Give "header" as well.'],
    [{ kind: 'lose-reply', links, match: { status: '6xx' } }, 'x: "match": "status" is "6xx". Write 503, or a class'],
    [{ kind: 'lose-request', links, match: { status: '5xx' } }, 'x: lose-request: "status" selects responses'],
    [{ kind: 'lose-reply', links, when: { fromMs: 5, untilMs: 5 } }, 'x: "when": "untilMs" is 5, which is not after'],
    [{ kind: 'edit-reply', links }, 'x: edit-reply changes nothing. Give "headers" or "body".'],
    [{ kind: 'edit-reply', links, headers: { 'a b': 'c' } }, 'x: edit-reply: "a b" is not a name of a field.'],
    [
      { kind: 'edit-reply', links, headers: { A: 'c\r\nd' } },
      'x: edit-reply: the value of A is "c\\r\\nd". Give a text of one',
    ],
    [{ kind: 'edit-reply', links, headers: { 'Content-Length': '5' } }, 'x: edit-reply: Content-Length says where the'],
  ])('is refused: %j', (value, message) => {
    expect(() => httpFamily.parse(value, 'x')).toThrow(message)
  })
})
