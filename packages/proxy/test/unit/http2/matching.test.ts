import { once } from 'node:events'
import { connect } from 'node:http2'
import { http2Family } from '@chaosproxy/faults'
import { millis, UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, eventually, links, network, Received, serve } from '../../../../testing/src/sockets.ts'
import { PREFACE } from '../../../../wire/src/http2/frames.ts'
import { createHttp2Faults } from '../../../src/http2/http2-faults.ts'
import { ask, service } from '../../http2/service.ts'

const { to, back } = links
const refuse = { kind: 'reset-stream', code: 'REFUSED_STREAM' } as const
const REFUSED = 'code 7'

describe('a fault of selected HTTP/2 requests', () => {
  test('an HTTP/2 fault selects the calls of one gRPC method', async () => {
    const { faults, session } = await service({
      answer(stream, path) {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(path)
      },
    })
    const call = (path: string) =>
      ask(session, path, '\0\0\0\0\x02hi', { 'content-type': 'application/grpc', te: 'trailers' })
    const applied = faults.apply({ ...refuse, links: to, match: { path: '/shop.Cart/Pay' } })
    const answers = await Promise.all(
      ['/shop.Cart/Add', '/shop.Cart/Pay', '/shop.Cart/PayLater', '/shop.Cart/Pay'].map(call),
    )
    expect(answers).toEqual(['/shop.Cart/Add', REFUSED, '/shop.Cart/PayLater', REFUSED])
    expect(applied).toMatchObject({ hits: 2, missed: 0 })
    applied.remove()
    expect(await call('/shop.Cart/Pay')).toBe('/shop.Cart/Pay')
  })

  test.each([
    [{ path: '/kv/{key}' }, '/kv/a?b=/c', '/kv/a/b'],
    [{ path: '/kv/*' }, '/kv/a/b', '/kw'],
    [{ method: 'PUT,POST' }, '/', 'GET'],
    [{ header: 'X-User' }, 'x-user: ann', 'x-admin: ann'],
    [{ header: 'x-user', headerValue: 'nn' }, 'x-user: ann', 'x-user: bob'],
    [{ client: '127.0.0.0/8', path: '/a' }, '/a', '/b'],
  ])('an HTTP/2 fault with the match %j selects %s, but not %s', async (match, hit, other) => {
    const { faults, session } = await service()
    const send = (what: string): Promise<string> => {
      const [name = '', value] = what.split(': ')
      if (value !== undefined) return ask(session, '/', '', { [name]: value })
      return name.startsWith('/') ? ask(session, name) : ask(session, '/', '', { ':method': name })
    }
    faults.apply({ ...refuse, links: to, match })
    expect(await send(other)).not.toBe(REFUSED)
    expect(await send(hit)).toBe(REFUSED)
  })

  test('an HTTP/2 fault counts only matching requests, even if it is added to a connection in use', async () => {
    const { faults, session } = await service()
    // Later requests refer to the header fields of these requests by their index in the header table.
    for (let i = 0; i < 20; i++) await ask(session, `/item/${i}`, '', { 'x-name': `name ${i}`, 'x-same': 'always' })
    const second = faults.apply({ ...refuse, links: to, match: { path: '/item/7' }, when: { nth: 2 } })
    const paths = ['/item/7', '/item/8', '/item/7', '/item/7']
    const answers = []
    for (const path of paths) answers.push(await ask(session, path, '', { 'x-name': 'name 7', 'x-same': 'always' }))
    expect(answers).toEqual(['/item/7 0', '/item/8 0', REFUSED, '/item/7 0'])
    expect(second.hits).toBe(1)
  })

  test('an HTTP/2 fault on responses selects them by the path of their requests', async () => {
    const { faults, session, asked } = await service()
    const late = faults.apply({
      kind: 'delay-stream',
      delayMs: millis(1e6),
      jitterMs: millis(0),
      links: back,
      match: { path: '/slow' },
    })
    const slow = ask(session, '/slow')
    await eventually(() => late.hits === 1)
    expect(asked).toEqual(['/slow'])
    late.remove()
    expect(await slow).toBe('/slow 0')
  })

  test('an HTTP/2 fault matches header fields in a CONTINUATION frame', async () => {
    const { faults, route } = await service()
    const session = connect(`http://127.0.0.1:${route.port}`, { maxSendHeaderBlockLength: 1 << 20 })
    session.on('error', () => undefined)
    cleanUp(() => session.destroy())
    faults.apply({ ...refuse, links: to, match: { header: 'x-last', headerValue: 'yes' } })
    const long = { 'x-long': 'z'.repeat(40_000) }
    const answers = [await ask(session, '/a', '', { ...long, 'x-last': 'no' })]
    answers.push(await ask(session, '/b', '', { ...long, 'x-last': 'yes' }), await ask(session, '/c', 'c', long))
    expect(answers).toEqual(['/a 0', REFUSED, '/c 1'])
  })

  test('an HTTP/2 fault does not match the trailers of a request as header fields', async () => {
    const { faults, session } = await service()
    const applied = faults.apply({ ...refuse, links: to, match: { header: 'x-check' } })
    const stream = session.request({ ':path': '/a', ':method': 'POST' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-check': 'sum' }))
    stream.on('error', () => undefined)
    stream.resume()
    stream.end('body')
    await once(stream, 'close')
    expect([stream.rstCode, applied.hits]).toEqual([0, 0])
    expect(await ask(session, '/b', '', { 'x-check': 'sum' })).toBe(REFUSED)
  })
})

test('an unreadable header block is forwarded, and the fault counts a miss', async () => {
  const faults = createHttp2Faults({ seed: 1 })
  const intercept = faults.intercept({ from: 'clients', to: 'n1' })
  const backend: Received[] = []
  const upstream = await serve((socket) => void backend.push(new Received(socket)))
  const route = await network().route({ from: 'clients', to: 'n1', upstream, intercept })
  const some = faults.apply({ ...refuse, links: to, match: { path: '/a' } })
  const any = faults.apply({ kind: 'delay-stream', delayMs: millis(0), jitterMs: millis(0), links: to })
  const client = await dial(route)
  const headers = (stream: number, block: readonly number[]) =>
    Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, stream, ...block])
  // The first block has an index beyond every table. After it, even valid blocks cannot be decoded.
  const sent = Buffer.concat([PREFACE, headers(1, [0xfe]), headers(3, [0x82, 0x84])])
  client.write(sent)
  await eventually(() => backend[0]?.length === sent.length)
  expect(backend[0]?.text).toBe(sent.toString('latin1'))
  expect([some.hits, some.missed, any.hits, any.missed]).toEqual([0, 2, 2, 0])
})

test('an unfinished header block is passed on when its connection ends', async () => {
  const faults = createHttp2Faults({ seed: 1 })
  const intercept = faults.intercept({ from: 'clients', to: 'n1' })
  const backend: Received[] = []
  const upstream = await serve((socket) => void backend.push(new Received(socket)))
  const route = await network().route({ from: 'clients', to: 'n1', upstream, intercept })
  const sent = Buffer.concat([PREFACE, Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82])])
  const client = await dial(route)
  client.end(sent)
  await eventually(() => backend[0]?.ended === true)
  expect(backend[0]?.text).toBe(sent.toString('latin1'))
})

test('a client condition that is neither an address nor a network is refused', async () => {
  const { faults } = await service()
  const fault = http2Family.parse({ kind: 'goaway', links: ['clients>n1'], match: { client: 'ann' } }, 'x')
  expect(() => faults.apply(fault)).toThrow(UserError)
})
