import { once } from 'node:events'
import { expect, test } from 'vitest'
import { links } from '../../../../testing/src/sockets.ts'
import { MessageCount } from '../../../src/http2/withheld-reply.ts'
import { ask, service } from '../../http2/service.ts'

type Service = Awaited<ReturnType<typeof service>>

/** Makes a call. Returns its header fields and trailers, and the code with which its stream ended. */
async function call({ session }: Service, path: string) {
  const stream = session.request({ ':path': path, ':method': 'POST' })
  const got: { [name: string]: unknown } = {}
  stream.on('response', (headers) => Object.assign(got, headers))
  stream.on('trailers', (headers) => Object.assign(got, headers))
  stream.resume()
  stream.end('hello')
  await once(stream, 'close')
  return { status: got[':status'], grpc: got['grpc-status'], message: got['grpc-message'], code: stream.rstCode }
}

test('a call ends with the given gRPC status, and other calls of its connection continue', async () => {
  const world = await service()
  const fault = world.faults.apply({
    ...{ kind: 'grpc-status', status: 8, message: 'zu viel: 100 %, weg' },
    ...{ links: links.to, when: { nth: 2 } },
  })
  expect(await ask(world.session, '/a', 'xyz')).toBe('/a 3')
  expect(await call(world, '/b')).toEqual({ status: 200, grpc: '8', message: 'zu viel: 100 %25, weg', code: 0 })
  expect(await ask(world.session, '/c', 'xyz')).toBe('/c 3')
  expect(fault.hits).toBe(1)
})

test('a reply that has begun ends with the given gRPC status in its trailers', async () => {
  const world = await service()
  world.faults.apply({ kind: 'grpc-status', status: 14, message: 'gone', links: links.back })
  expect(await call(world, '/a')).toEqual({ status: 200, grpc: '14', message: 'gone', code: 0 })
  expect(await call(world, '/b')).toMatchObject({ grpc: '14' })
})

test('grpc-status leaves a reply that has neither body nor trailers unchanged, and counts it as missed', async () => {
  const world = await service({ answer: (stream) => stream.respond({ ':status': 204 }, { endStream: true }) })
  const fault = world.faults.apply({ kind: 'grpc-status', status: 14, message: 'gone', links: links.back })
  expect(await call(world, '/a')).toMatchObject({ status: 204, grpc: undefined })
  expect(fault).toMatchObject({ hits: 0, missed: 1 })
})

test.each([
  ['a ~%\u001f\u007fé', 'a ~%25%1F%7F%C3%A9'],
  ['  a b ', '%20 a b%20'],
])(
  'grpc-status percent-encodes the message %j as %s: outer spaces, percent signs and all but printable ASCII',
  async (message, sent) => {
    const world = await service()
    world.faults.apply({ kind: 'grpc-status', status: 8, message, links: links.to })
    expect(await call(world, '/a')).toMatchObject({ message: sent })
  },
)

test('with messages=0, grpc-status ends a call as soon as its reply has begun', async () => {
  const world = await service({ answer: (stream) => stream.respond({ ':status': 200 }) })
  const fault = world.faults.apply({ kind: 'grpc-status', status: 8, message: 'm', messages: 0, links: links.to })
  expect(await call(world, '/a')).toMatchObject({ status: 200, grpc: '8', message: 'm' })
  expect([fault.hits, fault.missed]).toEqual([1, 0])
})

test.each<readonly [number, readonly string[], readonly (number | undefined)[]]>([
  [0, ['', '00'], [0, 0]],
  [1, ['0000000000'], [5]],
  [1, ['0000000001', 'ff', 'ff'], [undefined, 1, 0]],
  [1, ['00000000', '02', 'ffffff'], [undefined, undefined, 2]],
  [2, ['000000000000000000', '00ff'], [undefined, 1]],
  [2, ['0000000001ff0000000001ff00'], [12]],
  [1, ['0000000100', 'ff'.repeat(255), 'ffff'], [undefined, undefined, 1]],
])('if %i messages arrive in the pieces %j, their end in each piece is at %j', (messages, pieces, ends) => {
  const count = new MessageCount(messages)
  expect(pieces.map((piece) => count.endIn(Buffer.from(piece, 'hex')))).toEqual(ends)
})
