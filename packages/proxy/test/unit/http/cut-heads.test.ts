import { describe, expect, test } from 'vitest'
import { httpWorld } from '../../http/world.ts'

const GET = 'GET /kv/x HTTP/1.1\r\nHost: a\r\n\r\n'
const REPLY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const [START, REST] = [REPLY.slice(0, 20), REPLY.slice(20)]

describe('the start of a response head', () => {
  test('the start of a response head is passed on at once if no fault can act on the response', () => {
    const { ask, answer, apply, here } = httpWorld()
    ask(GET)
    answer(START)
    expect(here.text).toBe(START)
    answer(REST)
    apply({ kind: 'edit-reply', body: 'other', match: { path: '/other' } })
    ask(GET)
    answer(START)
    expect(here.text).toBe(REPLY + START)
    answer(REST)
    answer(START)
    expect(here.text).toBe(REPLY + REPLY + START)
  })

  test.each([{ kind: 'edit-reply', body: 'other' }, { kind: 'crash-before-reply' }] as const)(
    'the start of a response head waits for the rest if a fault may act on the response: %j',
    (fault) => {
      const { ask, answer, apply, here } = httpWorld()
      apply(fault)
      ask(GET)
      answer(START)
      expect(here.text).toBe('')
    },
  )

  test('a client gets no part of the response to a duplicate request, not even the start of its head', () => {
    const { ask, answer, apply, here } = httpWorld()
    apply({ kind: 'duplicate-request', copies: 1 })
    ask(GET)
    answer(REPLY)
    answer(START)
    answer(REST)
    expect(here.text).toBe(REPLY)
  })

  test('a client whose earlier response was withheld does not get the start of the next response head', () => {
    const { ask, answer, apply, here } = httpWorld()
    apply({ kind: 'lose-reply', silence: 'hang', when: { nth: 1 } })
    ask(GET + GET)
    answer(REPLY)
    answer(START)
    answer(REST)
    expect(here.text).toBe('')
  })

  test('the start of a response head that waits is passed on when the connection ends', () => {
    const { ask, answer, apply, here, connection } = httpWorld()
    apply({ kind: 'edit-reply', body: 'other' })
    ask(GET)
    answer(START)
    connection.responses.end()
    expect([here.text, here.ended]).toEqual([START, true])
  })
})

describe('the start of a request head', () => {
  const [start, rest] = [GET.slice(0, 9), GET.slice(9)]

  test('the start of a request head is passed on at once if there is no fault', () => {
    const { ask, there } = httpWorld()
    ask(start)
    expect(there.text).toBe(start)
    ask(rest)
    expect(there.text).toBe(GET)
  })

  test('the start of a request head waits for the rest if any fault is active, even a fault that does not match', () => {
    const { ask, apply, there } = httpWorld()
    apply({ kind: 'lose-request', match: { path: '/other' } })
    ask(start)
    expect(there.text).toBe('')
    ask(rest)
    expect(there.text).toBe(GET)
  })

  test('a fault that is added after the start of a request head was passed on does not act on the request', () => {
    const { ask, apply, there } = httpWorld()
    ask(start)
    const fault = apply({ kind: 'lose-request' })
    ask(rest)
    expect([there.text, fault.hits]).toEqual([GET, 0])
    ask(GET)
    expect([there.text, fault.hits]).toEqual([GET, 1])
  })

  test('empty lines before a request are forwarded together with the request', () => {
    const { ask, there, client } = httpWorld()
    ask('\r\n')
    expect([there.text, client.events]).toEqual(['', []])
    ask(GET)
    expect(there.text).toBe(`\r\n${GET}`)
  })
})
