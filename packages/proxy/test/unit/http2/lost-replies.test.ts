import { once } from 'node:events'
import { expect, test } from 'vitest'
import { eventually, links } from '../../../../testing/src/sockets.ts'
import { ask, service } from '../../http2/service.ts'

type Service = Awaited<ReturnType<typeof service>>

const INTERNAL_ERROR = 2

/** Makes a call. Returns what the client gets. */
async function call({ session }: Service, path: string) {
  const stream = session.request({ ':path': path, ':method': 'POST' })
  const got: { [name: string]: unknown } = {}
  let bytes = Buffer.alloc(0)
  stream.on('error', () => undefined)
  stream.on('response', (headers) => Object.assign(got, headers))
  stream.on('trailers', (headers) => Object.assign(got, headers))
  stream.on('data', (part: Buffer) => {
    bytes = Buffer.concat([bytes, part])
  })
  stream.end('hello')
  await once(stream, 'close').catch(() => undefined)
  return { status: got[':status'], grpc: got['grpc-status'], path: got['x-path'], bytes, code: stream.rstCode }
}

const message = (text: string) => {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(text.length, 1)
  return Buffer.concat([prefix, Buffer.from(text)])
}

test('lose-reply resets the stream after the server has replied, and the client gets no part of the reply', async () => {
  const world = await service()
  const fault = world.faults.apply({ kind: 'lose-reply', silence: 'reset', links: links.to, when: { nth: 2 } })
  expect(await ask(world.session, '/a', 'xyz')).toBe('/a 3')
  expect(await call(world, '/b')).toMatchObject({ status: undefined, path: undefined, code: INTERNAL_ERROR })
  // The lost reply changed the server's header table (HPACK), but the client never got this reply. The client can still
  // decode the header blocks of later replies.
  expect(await call(world, '/c')).toMatchObject({ status: 200, path: '/c', code: 0 })
  expect(world.asked).toEqual(['/a', '/b', '/c'])
  expect(fault.hits).toBe(1)
})

test('lose-reply can lose a reply longer than every flow-control window', async () => {
  const world = await service({
    answer(stream, path) {
      stream.respond({ ':status': 200, 'x-path': path })
      stream.end(path === '/big' ? Buffer.alloc(3_000_000) : path)
    },
  })
  const fault = world.faults.apply({ kind: 'lose-reply', silence: 'reset', links: links.to, match: { path: '/big' } })
  expect(await call(world, '/big')).toMatchObject({ status: undefined, code: INTERNAL_ERROR })
  expect(await call(world, '/big')).toMatchObject({ status: undefined, code: INTERNAL_ERROR })
  expect(await ask(world.session, '/a')).toBe('/a')
  expect(fault.hits).toBe(2)
})

test('the fault lose-reply with silence=hang leaves the stream open, and other streams continue', async () => {
  const world = await service()
  const fault = world.faults.apply({ kind: 'lose-reply', silence: 'hang', links: links.to, match: { path: '/b' } })
  const stream = world.session.request({ ':path': '/b', ':method': 'POST' })
  let hasReply = false
  stream.on('response', () => {
    hasReply = true
  })
  stream.end()
  await eventually(() => fault.hits === 1)
  expect(await ask(world.session, '/c', 'xyz')).toBe('/c 3')
  expect(hasReply).toBe(false)
  expect(stream.closed).toBe(false)
})

test('the fault crash-before-reply ends the connection after the server has executed the request', async () => {
  const world = await service()
  const fault = world.faults.apply({ kind: 'crash-before-reply', links: links.to })
  expect(await call(world, '/a')).toMatchObject({ status: undefined })
  await eventually(() => world.session.destroyed)
  expect(world.asked).toEqual(['/a'])
  expect(fault.hits).toBe(1)
})

test('grpc-status with after=forwarding replaces the reply to a call that the server executed', async () => {
  const world = await service()
  const fault = world.faults.apply({
    ...{ kind: 'grpc-status', status: 14, message: 'gone', after: 'forwarding' },
    links: links.to,
  })
  expect(await call(world, '/a')).toMatchObject({ status: 200, grpc: '14', path: undefined, code: 0 })
  expect(world).toMatchObject({ asked: ['/a'], aborted: [] })
  expect(fault.hits).toBe(1)
})

test.each([0, 1, 3])(
  'grpc-status replaces the rest of a stream after %d messages in any division into chunks',
  async (messages) => {
    const sent = Array.from({ length: 5 }, (_, i) => message(`message ${i}`))
    const world = await service({
      answer(stream) {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
        const all = Buffer.concat(sent)
        stream.write(all.subarray(0, 17))
        stream.write(all.subarray(17))
      },
    })
    const fault = world.faults.apply({ kind: 'grpc-status', status: 8, message: 'enough', messages, links: links.to })
    const got = await call(world, '/a')
    expect(got).toMatchObject({ status: 200, grpc: '8', code: 0 })
    expect(got.bytes.toString()).toBe(Buffer.concat(sent.slice(0, messages)).toString())
    expect(fault.hits).toBe(1)
  },
)

test('a fault with a condition that HTTP/2 cannot match is refused, and the error names the condition', async () => {
  const { faults } = await service()
  expect(() =>
    faults.apply({ kind: 'lose-reply', silence: 'reset', links: links.to, match: { statement: 'COMMIT' } }),
  ).toThrow('lose-reply on clients>n1: "statement" cannot be matched in HTTP/2.')
})

test('the server receives the whole request even if it replies early and lose-reply withholds its reply', async () => {
  let receivedBytes = 0
  const world = await service({
    begun(stream) {
      stream.respond({ ':status': 200 })
      stream.on('data', (part: Buffer) => {
        receivedBytes += part.length
      })
    },
  })
  world.faults.apply({ kind: 'lose-reply', silence: 'hang', links: links.to })
  const stream = world.session.request({ ':path': '/b', ':method': 'POST' })
  stream.on('error', () => undefined)
  stream.end(Buffer.alloc(3_000_000))
  await eventually(() => receivedBytes === 3_000_000)
})
