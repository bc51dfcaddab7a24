import { describe, expect, test } from 'vitest'
import { httpWorld } from '../../http/world.ts'

const GET = 'GET /kv/x HTTP/1.1\r\nHost: a\r\n\r\n'
const replyOf = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const endless = 'HTTP/1.1 200 OK\r\n\r\nabc'

describe('a response of unknown length', () => {
  test('a fault waits at most 5 s for the end of a response of unknown length, and then passes the response on', () => {
    const { ask, answer, apply, clock, here, connection } = httpWorld()
    const fault = apply({ kind: 'stale-reply' })
    ask(GET)
    answer(endless)
    clock.advance(4_999)
    expect([here.text, clock.armed]).toEqual(['', 1])
    clock.advance(1)
    expect([here.text, clock.armed]).toEqual([endless, 0])
    expect(fault).toMatchObject({ hits: 0, missed: 1, missedBecause: 'the reply had not ended after 5 s' })
    answer('d')
    connection.responses.end()
    expect([here.text, here.ended]).toEqual([`${endless}d`, true])
  })

  test.each(['reset', 'hang'])(
    'lose-reply with silence %s treats a response of unknown length as complete after 5 s',
    (silence) => {
      const { ask, answer, apply, clock, here, ending, client } = httpWorld()
      apply({ kind: 'lose-reply', silence })
      ask(GET)
      answer(endless)
      clock.advance(4_999)
      expect([client.events.map(({ type }) => type), ending.aborted]).toEqual([['invoke'], false])
      clock.advance(1)
      expect([client.events.map(({ type }) => type), ending.aborted]).toEqual([['invoke', 'fail'], silence === 'reset'])
      answer('more')
      expect(here.text).toBe('')
    },
  )

  test('a connection ends 5 s after edit-reply has replaced a response of unknown length', () => {
    const { ask, answer, apply, clock, here, there } = httpWorld()
    apply({ kind: 'edit-reply', body: 'other' })
    ask(GET)
    answer(endless)
    expect(here.text).toMatch(/\r\n\r\nother$/)
    clock.advance(4_999)
    expect([here.ended, there.ended]).toEqual([false, false])
    clock.advance(1)
    expect([here.ended, there.ended]).toEqual([true, true])
  })

  test('edit-reply ends the connection of an event stream as soon as the replacement is sent', () => {
    const { ask, answer, apply, clock, here, there } = httpWorld()
    apply({ kind: 'edit-reply', body: 'other' })
    apply({ kind: 'trickle-reply', pieceBytes: 3, pauseMs: 10 })
    ask(GET)
    answer('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    clock.advance(19)
    expect([here.text.endsWith('\r\n\r\noth'), here.ended]).toEqual([true, false])
    clock.advance(1)
    expect([here.text.endsWith('\r\n\r\nother'), here.ended, there.ended]).toEqual([true, true, true])
  })

  test('the timer for a response of unknown length is cancelled when the response ends', () => {
    const { ask, answer, apply, clock, connection } = httpWorld()
    apply({ kind: 'lose-reply' })
    ask(GET)
    answer(endless)
    connection.responses.end()
    expect(clock.armed).toBe(0)
  })
})

test('the proxy waits for a response of known length without a time limit', () => {
  const { ask, answer, apply, clock, here, client } = httpWorld()
  apply({ kind: 'lose-reply' })
  ask(GET)
  answer(replyOf('abc').slice(0, -1))
  expect(clock.armed).toBe(0)
  clock.advance(60_000)
  answer('c')
  expect([here.text, client.events.map(({ type }) => type)]).toEqual(['', ['invoke', 'fail']])
})

test('a client whose request is refused is disconnected 5 s after the error response', () => {
  const { ask, clock, here, there, ending, apply, counters } = httpWorld()
  apply({ kind: 'lose-reply' })
  ask('GET nonsense\r\n\r\n')
  expect(here.text).toMatch(/^HTTP\/1\.1 400 .*Connection: close\r\n.*bad request: /s)
  expect([here.ended, there.ended, there.text, ending.aborted]).toEqual([true, true, '', false])
  clock.advance(4_999)
  expect(ending.aborted).toBe(false)
  clock.advance(1)
  expect(ending.aborted).toBe(true)
  expect(counters()).toMatchObject({ refused: 1, malformed: 0, requests: 0 })
})

describe('a client that sends requests before it gets responses', () => {
  test('a client that pipelines requests is paused at 10,000 unanswered requests until one is answered', () => {
    const { ask, answer, there } = httpWorld({ isRecorded: false })
    ask(GET.repeat(9_999))
    expect(there.reading).toBe(true)
    ask(GET)
    expect(there.reading).toBe(false)
    answer(replyOf('abc'))
    expect(there.reading).toBe(true)
  })

  test('a pipelining client is paused while the recording has a backlog', () => {
    const { ask, there, queue, relieved } = httpWorld()
    queue.congested = true
    ask(GET)
    expect([there.reading, there.text]).toEqual([false, GET])
    queue.congested = false
    for (const callback of relieved) callback()
    expect(there.reading).toBe(true)
    ask(GET)
    expect([there.reading, relieved.length]).toEqual([true, 1])
  })

  test('a pipelining client is paused while it does not read the responses of the proxy', () => {
    const { ask, apply, here, there, deliver } = httpWorld()
    apply({ kind: 'error-status' })
    here.congested = true
    ask(GET)
    expect([there.reading, there.text]).toEqual([false, ''])
    deliver()
    expect(there.reading).toBe(false)
    here.congested = false
    deliver()
    expect(there.reading).toBe(true)
  })
})

test('an HTTP connection counts as idle between its requests, but not after bytes that are not HTTP', () => {
  const { ask, answer, connection } = httpWorld()
  const idle = () => connection.isIdle
  expect(idle()).toBe(true)
  ask(GET.slice(0, 9))
  expect(idle()).toBe(false)
  ask(GET.slice(9))
  expect(idle()).toBe(false)
  answer(replyOf('abc').slice(0, -1))
  expect(idle()).toBe(false)
  answer('c')
  expect(idle()).toBe(true)
  ask('nonsense\r\n\r\n')
  expect(idle()).toBe(false)
})

test('the proxy counts requests and responses, and adds up the times from request to response', () => {
  const { ask, answer, clock, counters } = httpWorld()
  ask(GET + GET)
  clock.advance(7)
  answer('HTTP/1.1 103 Early Hints\r\n\r\n')
  clock.advance(3)
  answer(replyOf('abc'))
  expect(counters()).toMatchObject({ requests: 2, replies: 1, waitedMs: 10 })
  clock.advance(5)
  answer(replyOf('abc'))
  expect(counters()).toMatchObject({ requests: 2, replies: 2, waitedMs: 25 })
})

test.each([
  [399, true],
  [400, false],
])('a response with status %i without a request is reported as unmatched: %s', (status, isReported) => {
  const { answer, here, recorder, counters } = httpWorld()
  const reply = `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`
  answer(reply)
  expect([here.text, recorder.counters.unmatchedAnswers === 1]).toEqual([reply, isReported])
  expect(counters()).toMatchObject({ replies: 1, waitedMs: 0 })
})

describe('a fault on a response', () => {
  test('a fault on a response does not affect the next response', () => {
    const { ask, answer, apply, here, connection } = httpWorld()
    for (const kind of ['edit-reply', 'stale-reply', 'lose-reply'] as const)
      apply({
        kind,
        when: { nth: 1 },
        ...(kind === 'edit-reply' ? { body: 'other' } : {}),
        match: { path: `/${kind}` },
      })
    for (const kind of ['edit-reply', 'stale-reply']) {
      ask(GET.replace('/kv/x', `/${kind}`) + GET)
      answer(replyOf('abc') + replyOf('def'))
      expect(here.text.endsWith(replyOf('def'))).toBe(true)
    }
    expect(connection.isIdle).toBe(true)
  })

  test.each([1, 2, 3, 6])(
    'truncate-reply passes exactly the given number of body bytes, even if they arrive in chunks of %i',
    (chunkBytes) => {
      const { ask, answer, apply, here, ending, clock } = httpWorld()
      const fault = apply({ kind: 'truncate-reply', bytes: 4 })
      ask(GET)
      const reply = replyOf('abcdef')
      answer(reply.slice(0, -6))
      for (let at = 0; at < 6; at += chunkBytes) answer('abcdef'.slice(at, at + chunkBytes))
      expect([here.text, fault.hits]).toEqual([reply.slice(0, -2), 1])
      clock.advance(100)
      expect(ending.aborted).toBe(true)
    },
  )

  test('a reordered response lets one later response of another connection overtake it, and counts one hit', async () => {
    const { ask, answer, apply, here, clock, connect } = httpWorld()
    const fault = apply({ kind: 'reorder-replies', withinMs: 50, when: { nth: 1 } })
    const other = connect()
    ask(GET)
    other.ask(GET + GET)
    answer(replyOf('abc'))
    expect([here.text, clock.armed]).toEqual(['', 1])
    other.answer(replyOf('def') + replyOf('ghi'))
    expect([other.here.text, here.text, fault.hits]).toEqual([replyOf('def') + replyOf('ghi'), '', 1])
    await Promise.resolve()
    expect([here.text, clock.armed, fault.hits]).toEqual([replyOf('abc'), 0, 1])
  })

  test('a reordered response is sent after the given time if no response overtakes it, and counts no hit', () => {
    const { ask, answer, apply, here, clock } = httpWorld()
    const fault = apply({ kind: 'reorder-replies', withinMs: 50 })
    ask(GET + GET)
    answer(replyOf('abc') + replyOf('def'))
    clock.advance(49)
    expect(here.text).toBe('')
    clock.advance(1)
    expect([here.text, fault.hits]).toEqual([replyOf('abc'), 0])
    clock.advance(50)
    expect([here.text, fault.hits]).toEqual([replyOf('abc') + replyOf('def'), 0])
  })

  test('a held response is passed on as far as it arrived if the server ends it early', () => {
    const { ask, answer, apply, here, connection } = httpWorld()
    const fault = apply({ kind: 'stale-reply' })
    ask(GET)
    const part = replyOf('abc').slice(0, -1)
    answer(part)
    expect(here.text).toBe('')
    connection.responses.end()
    expect([here.text, here.ended]).toEqual([part, true])
    expect(fault).toMatchObject({ missed: 1, missedBecause: 'the reply was cut off' })
  })

  test.each(['end', 'reset'] as const)('a fault that delays a response also delays the %s of the connection', (how) => {
    const { ask, answer, apply, here, connection, clock } = httpWorld()
    apply({ kind: 'delay-reply', delayMs: 10 })
    ask(GET)
    answer(replyOf('abc'))
    connection.responses[how]()
    clock.advance(9)
    expect(here).toMatchObject({ text: '', ended: false, reset: false })
    clock.advance(1)
    expect(here).toMatchObject({ text: replyOf('abc'), ended: how === 'end', reset: how === 'reset' })
  })
})

test('a response is lost for its client if the connection ends before the response is delivered', () => {
  const { ask, clock, client, connection } = httpWorld()
  ask('PUT /kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nv')
  connection.responses.receive(Buffer.from(replyOf('abc')))
  expect(client.events.map(({ type }) => type)).toEqual(['invoke'])
  connection.closed()
  expect(client.events.map(({ type, error }) => [type, error])).toEqual([
    ['invoke', undefined],
    ['info', 'the connection ended before the answer was complete'],
  ])
  expect(clock.armed).toBe(0)
})

test('a request that passes a rate limit is forwarded unchanged, in any division into chunks', () => {
  const { ask, apply, there } = httpWorld()
  apply({ kind: 'rate-limit', requestsPerSecond: 1, burst: 9 })
  const request = 'PUT /kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab'
  ask(request)
  for (const at of [9, request.length - 2, request.length - 1]) {
    ask(request.slice(0, at))
    ask(request.slice(at))
  }
  expect(there.text).toBe(request.repeat(4))
})

describe('bytes that are not HTTP', () => {
  test('bytes from a client that are not HTTP are passed on, and the responses to earlier requests are still read', () => {
    const { ask, answer, there, here, client, recorder, counters, connection } = httpWorld()
    ask(GET)
    ask('nonsense\r\n\r\n')
    ask('more')
    expect(there.text).toBe(`${GET}nonsense\r\n\r\nmore`)
    expect(counters()).toMatchObject({ malformed: 1, refused: 0 })
    answer(replyOf('abc'))
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'ok'])
    answer(replyOf('def'))
    expect(here.text).toBe(replyOf('abc') + replyOf('def'))
    // The recorder reads only the responses to the requests before the malformed bytes. `def` comes after these
    // responses, so the recorder does not read it.
    expect([counters()?.replies, recorder.counters.unmatchedAnswers]).toEqual([1, 0])
    connection.requests.end()
    connection.responses.end()
    expect([there.ended, here.ended]).toEqual([true, true])
  })

  test('bytes from a server that are not HTTP are passed on, and end the open operations', () => {
    const { ask, answer, there, here, client, counters } = httpWorld()
    ask(GET + GET)
    answer('nonsense\r\n\r\n')
    answer('more')
    expect(here.text).toBe('nonsense\r\n\r\nmore')
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'invoke', 'info', 'info'])
    ask(GET)
    expect([there.text, counters()]).toMatchObject([GET.repeat(3), { requests: 2, malformed: 1 }])
  })

  test.each<readonly [object, string]>([
    [{ kind: 'stale-reply' }, 'nonsense\r\n\r\nmore'],
    [{ kind: 'lose-reply', silence: 'hang' }, ''],
  ])('under %j, bytes that are not HTTP share the fate of the response that they follow', (fault, rest) => {
    const { ask, answer, apply, here, ending } = httpWorld()
    apply(fault as Parameters<typeof apply>[0])
    ask(GET)
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'
    answer(head)
    answer('nonsense\r\n\r\n')
    answer('more')
    expect([here.text, ending.aborted]).toEqual([rest === '' ? '' : head + rest, false])
  })
})

describe('a change of protocol', () => {
  const upgrade = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'
  const switching = 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'

  test('after an upgrade request, bytes of the client wait for the response; then both directions are passed on', () => {
    const { ask, answer, there, here, counters, connection } = httpWorld()
    ask(upgrade)
    ask('hello')
    expect(there.text).toBe(upgrade)
    answer(`${switching}welcome`)
    expect([there.text, here.text]).toEqual([`${upgrade}hello`, `${switching}welcome`])
    answer('and more')
    expect(here.text).toBe(`${switching}welcomeand more`)
    expect([counters(), connection.isIdle]).toMatchObject([{ replies: 1, switched: 1 }, false])
  })

  test('after a refused change of protocol, the waiting bytes are read as requests', () => {
    const { ask, answer, there, here, counters } = httpWorld()
    ask(upgrade)
    ask(GET)
    answer(replyOf('abc'))
    expect([there.text, here.text]).toEqual([upgrade + GET, replyOf('abc')])
    expect(counters()).toMatchObject({ requests: 2, replies: 1, switched: 0 })
  })

  test('a fault that delays a change of protocol also delays the bytes that follow it', () => {
    const { ask, answer, apply, there, here, clock } = httpWorld()
    apply({ kind: 'delay-reply', delayMs: 10 })
    ask(upgrade)
    answer(`${switching}welcome`)
    answer('and more')
    clock.advance(9)
    expect([here.text, there.text]).toEqual(['', upgrade])
    clock.advance(1)
    expect(here.text).toBe(`${switching}welcomeand more`)
  })

  test.each(['hang', 'reset'])(
    'lose-reply with silence %s also drops all bytes after the response to an upgrade',
    (silence) => {
      const { ask, answer, apply, there, here, ending } = httpWorld()
      apply({ kind: 'lose-reply', silence })
      ask(upgrade)
      ask('hello')
      answer(`${switching}welcome`)
      if (silence === 'hang') answer('and more')
      expect([here.text, there.text, ending.aborted]).toEqual(['', upgrade, silence === 'reset'])
    },
  )
})

describe('a request that waits for 100 Continue', () => {
  const head = 'PUT /kv/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n'

  test.each<readonly [Parameters<ReturnType<typeof httpWorld>['apply']>[0], string]>([
    [{ kind: 'error-status' }, 'status 503'],
    [{ kind: 'lose-request', silence: 'hang' }, 'never forwarded: the request was lost'],
  ])(
    'if %j keeps a request with Expect: 100-continue from the server, the request fails once its body arrives',
    (fault, error) => {
      const { ask, apply, there, here, ending, client } = httpWorld()
      apply(fault)
      ask(head)
      const given = here.text
      expect([there.text, client.events]).toEqual(['', []])
      ask('v')
      expect([there.text, here.text, ending.aborted]).toEqual(['', given, false])
      expect(client.events.at(-1)).toMatchObject({ type: 'fail', error })
    },
  )
})
