import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, eventually, Received, serve, startDialling } from '../../../testing/src/sockets.ts'
import { carriedOver, resetSocket } from '../../src/socket/reset-socket.ts'
import { markUnix } from '../../src/socket/unix-socket.ts'

async function connected(): Promise<{ socket: Received; peer: Received }> {
  let peer: Received | undefined
  const server = await serve((accepted) => {
    peer = new Received(accepted)
  })
  const socket = new Received(await dial(server))
  await eventually(() => peer !== undefined)
  return { socket, peer: peer as Received }
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve))

describe('the peer of a reset socket', () => {
  const before: readonly (readonly [string, (socket: Socket) => void | Promise<void>])[] = [
    ['idle', () => undefined],
    ['writing more than the kernel takes', (socket) => void socket.write(Buffer.alloc(64 * 1024 * 1024))],
    ['about to end', (socket) => void socket.end()],
    [
      'sending its FIN',
      async (socket) => {
        socket.end()
        await nextTick()
      },
    ],
    [
      'half closed',
      async (socket) => {
        socket.end()
        await eventually(() => socket.writableFinished)
      },
    ],
  ]
  test.each(before)('resetSocket sends an RST to the peer even if the socket was %s', async (_, prepare) => {
    const { socket, peer } = await connected()
    await prepare(socket.socket)
    resetSocket(socket.socket)
    resetSocket(socket.socket)
    await socket.until((r) => r.closed)
    await peer.until((r) => r.closed || r.ended)
    // After a FIN, Node looks at the connection again only when it writes.
    while (!peer.closed) {
      peer.socket.write('anybody there?')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(peer.error).toMatch(/^(ECONNRESET|EPIPE)$/)
  })
})

test('resetting a socket that is still dialling destroys it', async () => {
  const socket = startDialling({ host: '192.0.2.1', port: 9 })
  const received = new Received(socket)
  resetSocket(socket)
  await received.until((r) => r.closed)
  expect(socket.destroyed).toBe(true)
})

test.runIf(process.platform !== 'win32').each([
  ['a Unix socket', (raw: Socket) => raw],
  [
    'TLS over a Unix socket',
    (raw: Socket) => {
      const secured = new TLSSocket(raw)
      carriedOver(secured, raw)
      return secured
    },
  ],
])('resetSocket destroys %s, which cannot send an RST', async (_, over) => {
  const directory = mkdtempSync(join(tmpdir(), 'reset-'))
  cleanUp(() => rmSync(directory, { recursive: true, force: true }))
  const server = createServer().listen(join(directory, 'server.sock'))
  cleanUp(() => void server.close())
  await once(server, 'listening')
  const raw = connect({ path: join(directory, 'server.sock') })
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(raw, 'connect')])) as [[Socket], unknown]
  const peer = new Received(accepted)
  const socket = over(markUnix(raw))
  resetSocket(socket)
  expect(socket.destroyed).toBe(true)
  await peer.until(({ ended, closed }) => ended || closed)
})
