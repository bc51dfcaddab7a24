import { once } from 'node:events'
import { connect, createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Http2Fault, http2Family } from '@chaosproxy/faults'
import { millis, UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cleanUp,
  dial,
  echo,
  eventually,
  links,
  ManualClock,
  network,
  Received,
  serve,
} from '../../../../testing/src/sockets.ts'
import { FrameReader } from '../../../../wire/src/framing/frame-reader.ts'
import { goaway, PREFACE, resetStream, windowUpdate } from '../../../../wire/src/http2/frames.ts'
import { createHttp2Scanner } from '../../../../wire/src/http2/http2-scanner.ts'
import { createHttp2Faults } from '../../../src/http2/http2-faults.ts'
import { createAuthority } from '../../../src/tls/authority.ts'
import { ask, service } from '../../http2/service.ts'

describe('HTTP/2 without a fault', () => {
  test('a proxy for HTTP/2 carries requests and large bodies in both directions simultaneously', async () => {
    const { session } = await service({
      answer(stream, _path, body) {
        stream.respond({ ':status': 200 })
        stream.end(body)
      },
    })
    const bodies = Array.from({ length: 8 }, (_, i) => String(i).repeat(200_000))
    const answers = await Promise.all(bodies.map((body, i) => ask(session, `/${i}`, body)))
    expect(answers.map((answer, i) => answer === bodies[i])).toEqual(bodies.map(() => true))
  })

  test('a proxy for HTTP/2 passes on bytes of other protocols unchanged and immediately', async () => {
    const faults = createHttp2Faults({ seed: 1 })
    const intercept = faults.intercept({ from: 'clients', to: 'n1' })
    const route = await network().route({ from: 'clients', to: 'n1', upstream: await echo(), intercept })
    for (const text of ['GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nno', '\xff\xff\xff\xff']) {
      const client = new Received(await dial(route))
      client.socket.write(Buffer.from(text, 'latin1'))
      await client.until((received) => received.text === text)
      client.socket.end('more')
      await client.until((received) => received.ended)
      expect(client.text).toBe(`${text}more`)
    }
    const greeter = await serve((socket) => socket.write('220 I speak first, and no HTTP/2\r\n'))
    const other = await network().route({ from: 'clients', to: 'n1', upstream: greeter, intercept })
    const greeted = new Received(await dial(other))
    await greeted.until((received) => received.text.endsWith('\r\n'))
  })
})

describe('an HTTP/2 request under faults', () => {
  test('an HTTP/2 request is reset even if it is the first on its connection and the server has sent nothing', async () => {
    const { faults, session } = await service()
    faults.apply({ kind: 'reset-stream', code: 'CANCEL', links: links.to, when: { nth: 1 } })
    expect([await ask(session, '/a'), await ask(session, '/b')]).toEqual(['code 8', '/b 0'])
  })

  test('an HTTP/2 request is reset with a code at both ends, and other requests of its connection continue', async () => {
    const { faults, session, asked, aborted } = await service()
    const fault = faults.apply({ kind: 'reset-stream', code: 'ENHANCE_YOUR_CALM', links: links.to, when: { nth: 2 } })
    const answers = []
    for (const path of ['/a', '/b', '/c']) answers.push(await ask(session, path, 'xyz'))
    expect(answers).toEqual(['/a 3', 'code 11', '/c 3'])
    expect(fault.hits).toBe(1)
    await eventually(() => aborted.includes('/b') || !asked.includes('/b'))
  })

  test('an HTTP/2 request is reset after its response has begun, and the rest of the response is dropped', async () => {
    const { faults, session } = await service({
      answer(stream) {
        stream.respond({ ':status': 200 })
        stream.end('z'.repeat(300_000))
      },
    })
    faults.apply({ kind: 'reset-stream', code: 'INTERNAL_ERROR', links: links.back, when: { every: 2 } })
    // Together, the responses exceed the connection's flow-control window. The connection would stall if the credit for
    // the discarded bytes were not returned.
    const answers = []
    for (let i = 0; i < 12; i++) answers.push(await ask(session, `/${i}`))
    expect(answers.map((answer) => (answer.startsWith('code') ? answer : answer.length))).toEqual(
      Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 300_000 : 'code 2')),
    )
  })

  test('an HTTP/2 request is delayed without delaying open streams', async () => {
    const clock = new ManualClock()
    const { faults, session, asked } = await service({ clock })
    const slow = session.request({ ':path': '/slow', ':method': 'POST' })
    await eventually(() => asked.length === 1)
    const delay = faults.apply({
      kind: 'delay-stream',
      delayMs: millis(80),
      jitterMs: millis(0),
      links: links.to,
      when: { nth: 1 },
    })
    const late = ask(session, '/late', 'body')
    await eventually(() => delay.hits === 1)
    // This request is sent after the delayed request, but does not wait for it.
    expect(await ask(session, '/behind')).toBe('/behind 0')
    let text = ''
    slow.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    slow.end('done')
    await once(slow, 'close')
    clock.advance(79)
    expect([text, asked]).toEqual(['/slow 4', ['/slow', '/behind']])
    clock.advance(1)
    expect(await late).toBe('/late 4')
    expect([asked, delay.hits]).toEqual([['/slow', '/behind', '/late'], 1])
  })

  test.each(['to', 'back', 'both'] as const)(
    'other requests on the connection overtake an HTTP/2 request if a fault allows it (links: %s)',
    async (way) => {
      const { faults, session } = await service({
        answer: (stream, path, body) => {
          stream.respond({
            ':status': 200,
            'x-path': path,
            'x-same': 'the same for all',
            'set-cookie': [`a=${path}`, 'b=2'],
          })
          stream.end(`${path} ${body}`)
        },
      })
      const one = async (path: string) => {
        const fields = { 'x-same': 'a field that is compressed', 'x-path': path, authorization: 'secret' }
        const stream = session.request({ ':path': path, ':method': 'POST', ...fields })
        stream.end(path)
        const [[answered], said] = await Promise.all([once(stream, 'response'), text(stream)])
        return [said, answered['x-path'], answered['x-same'], answered['set-cookie']]
      }
      const right = (path: string) => [`${path} ${path}`, path, 'the same for all', [`a=${path}`, 'b=2']]
      const before = await Promise.all(['/1', '/2', '/3'].map(one))
      expect(before).toEqual(['/1', '/2', '/3'].map(right))
      const delay = faults.apply({
        kind: 'delay-stream',
        delayMs: millis(1e6),
        jitterMs: millis(0),
        links: links[way],
        match: { path: '/slow*' },
      })
      const slow = [one('/slow1'), one('/slow2')]
      const others = Array.from({ length: 20 }, (_, i) => `/other${i}`)
      expect(await Promise.all(others.map(one))).toEqual(others.map(right))
      const later = one('/slow3')
      expect(await one('/last')).toEqual(right('/last'))
      delay.remove()
      expect(await Promise.all([...slow, later])).toEqual(['/slow1', '/slow2', '/slow3'].map(right))
      expect(await one('/after')).toEqual(right('/after'))
    },
  )

  test('a removed fault immediately releases the HTTP/2 request that it delays', async () => {
    const { faults, session, asked } = await service()
    const delay = faults.apply({ kind: 'delay-stream', delayMs: millis(1e6), jitterMs: millis(0), links: links.both })
    const answer = ask(session, '/late', 'body')
    await eventually(() => delay.hits === 1)
    expect(asked).toEqual([])
    delay.remove()
    expect(await answer).toBe('/late 4')
  })
})

test('HTTP/2 faults act on requests under TLS if the proxy terminates and originates TLS', async () => {
  const authority = createAuthority()
  const identity = authority.issue(['localhost', '127.0.0.1'])
  const server = createSecureServer({ cert: identity.certificate, key: identity.key })
  server.on('session', (session) => session.on('error', () => undefined))
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    stream.end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => void server.close())
  const faults = createHttp2Faults({ seed: 1 })
  const route = await network().route({
    from: 'clients',
    to: 'n1',
    upstream: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    intercept: faults.intercept({ from: 'clients', to: 'n1' }),
    tls: { terminate: { identity, alpn: ['h2'] }, originate: { authorities: authority.certificate } },
  })
  faults.apply({ kind: 'reset-stream', code: 'REFUSED_STREAM', links: links.to, when: { nth: 2 } })
  const session = connect(`https://localhost:${route.port}`, { ca: authority.certificate })
  session.on('error', () => undefined)
  cleanUp(() => session.destroy())
  expect([await ask(session, '/a'), await ask(session, '/b'), await ask(session, '/c')]).toEqual([
    'hello',
    'code 7',
    'hello',
  ])
})

test('a client gets GOAWAY after a request, and still gets the response', async () => {
  const { faults, session } = await service()
  const told = once(session, 'goaway')
  faults.apply({ kind: 'goaway', code: 'NO_ERROR', links: links.to, when: { nth: 2 } })
  expect(await ask(session, '/a')).toBe('/a 0')
  const last = ask(session, '/b')
  const [code, lastStream] = await told
  expect([code, lastStream]).toEqual([0, 3])
  expect(await last).toBe('/b 0')
  await eventually(() => session.closed)
})

test('the HTTP/2 reader finds frames after the preface in any division into chunks', () => {
  const frames = [resetStream(1, 8), windowUpdate(70_000), goaway(3, 0), Buffer.from('\0\0\0\x04\0\0\0\0\0', 'latin1')]
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...frames), { maxLength: 10 }),
      fc.integer({ min: 1, max: 40 }),
      (sent, size) => {
        for (const [direction, expected] of [
          ['requests', [PREFACE, ...sent]],
          ['responses', sent],
        ] as const) {
          const reader = new FrameReader({ scanner: createHttp2Scanner(direction), maxFrameBytes: 1000 })
          const found: string[] = []
          const sink = {
            frame: (bytes: Buffer) => void found.push(bytes.toString('hex')),
            loose: () => void found.push('loose'),
          }
          const stream = Buffer.concat(expected)
          for (let at = 0; at < stream.length; at += size) reader.read(stream.subarray(at, at + size), sink)
          expect(found).toEqual(expected.map((frame) => frame.toString('hex')))
        }
      },
    ),
    { numRuns: 50 },
  )
})

describe('an impossible fault of HTTP/2', () => {
  test.each([
    [
      { kind: 'drop-stream', links: ['a>b'] },
      'there is no fault of HTTP/2 "drop-stream". Known: delay-stream, reset-stream',
    ],
    [{ kind: 'reset-stream', links: ['a>b'], code: 'NOPE' }, '"code" is "NOPE". Give one of NO_ERROR, PROTOCOL_ERROR'],
    [{ kind: 'delay-stream', links: ['a>b'] }, 'delay-stream needs "delayMs"'],
    [{ kind: 'goaway', links: [] }, '"links" must be a list of links'],
    [{ kind: 'goaway', links: ['a>b'], when: { afterMessages: 1 } }, '"when" has no parameter "afterMessages"'],
    [{ kind: 'goaway', links: ['a>b'], match: { body: 'x' } }, '"match" has no parameter "body"'],
    [{ kind: 'goaway', links: ['a>b'], match: { path: 'x' } }, 'A path begins with a slash'],
  ])('is refused: %j', (json, message) => {
    expect(() => http2Family.parse(json, 'x')).toThrow(UserError)
    expect(() => http2Family.parse(json, 'x')).toThrow(message)
  })

  test('a fault of HTTP/2 is refused on a link that is not declared to carry HTTP/2', () => {
    const fault: Http2Fault = http2Family.parse({ kind: 'goaway', links: ['n1>n2'] }, 'x')
    expect(() => createHttp2Faults({ seed: 1 }).apply(fault)).toThrow('no HTTP/2 route uses this link')
  })
})
