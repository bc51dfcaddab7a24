import { expect, test } from 'vitest'
import { dial, eventually, Received, serve } from '../../../testing/src/sockets.ts'
import { DirectWriter, hasSentAll, isSending, readDirectly } from '../../src/socket/direct-io.ts'
import { resetSocket } from '../../src/socket/reset-socket.ts'

const MORE_THAN_THE_KERNEL_TAKES = 64 * 1024 * 1024

async function connected(): Promise<{ socket: Received; peer: Received }> {
  let peer: Received | undefined
  const server = await serve((accepted) => {
    peer = new Received(accepted)
  })
  const socket = new Received(await dial(server))
  await eventually(() => peer !== undefined)
  return { socket, peer: peer as Received }
}

test('DirectWriter writes a few bytes to the socket immediately, and keeps the order of other writes', async () => {
  const { socket, peer } = await connected()
  const writer = new DirectWriter(socket.socket)
  expect(writer.write(Buffer.from('one '), () => undefined)).toBe(true)
  expect(hasSentAll(socket.socket)).toBe(true)
  socket.socket.write('two ')
  await eventually(() => hasSentAll(socket.socket))
  writer.write(Buffer.from('three'), () => undefined)
  await peer.until((r) => r.bytes.length === 13)
  expect(peer.bytes.toString()).toBe('one two three')
})

test('the bytes and the FIN of socket.end are sent after the bytes that DirectWriter is still sending', async () => {
  const { socket, peer } = await connected()
  peer.socket.pause()
  let sent = 0
  expect(
    new DirectWriter(socket.socket).write(Buffer.alloc(MORE_THAN_THE_KERNEL_TAKES, 'a'), () => {
      sent++
    }),
  ).toBe(false)
  expect(isSending(socket.socket)).toBe(true)
  socket.socket.end('z')
  expect(sent).toBe(0)
  peer.socket.resume()
  await peer.until((r) => r.ended)
  expect(peer.bytes.length).toBe(MORE_THAN_THE_KERNEL_TAKES + 1)
  expect(peer.bytes.indexOf('z')).toBe(MORE_THAN_THE_KERNEL_TAKES)
  await eventually(() => sent === 1)
  expect(hasSentAll(socket.socket)).toBe(true)
})

test('an RST is sent immediately even if bytes and a FIN are still waiting to be sent', async () => {
  const { socket, peer } = await connected()
  peer.socket.pause()
  const writer = new DirectWriter(socket.socket)
  expect(writer.write(Buffer.alloc(MORE_THAN_THE_KERNEL_TAKES), () => undefined)).toBe(false)
  socket.socket.end()
  await new Promise((resolve) => setImmediate(resolve))
  resetSocket(socket.socket)
  await socket.until((r) => r.closed)
  peer.socket.resume()
  await peer.until((r) => r.closed)
  expect(peer.error).toBe('ECONNRESET')
})

test('an RST from the peer closes the socket with an error, and completes a pending write of DirectWriter', async () => {
  const { socket, peer } = await connected()
  peer.socket.pause()
  let sent = 0
  new DirectWriter(socket.socket).write(Buffer.alloc(MORE_THAN_THE_KERNEL_TAKES), () => {
    sent++
  })
  peer.socket.resetAndDestroy()
  await socket.until((r) => r.closed)
  expect(socket.error).toMatch(/^(ECONNRESET|EPIPE)$/)
  await eventually(() => sent === 1)
})

test('bytes read directly stay in order even if the socket is paused between reads', async () => {
  const { socket, peer } = await connected()
  const read: string[] = []
  socket.socket.removeAllListeners('data')
  readDirectly(socket.socket, (bytes) => {
    read.push(bytes.toString())
    if (read.length % 2 === 1) {
      socket.socket.pause()
      setImmediate(() => socket.socket.resume())
    }
  })
  const sent = Array.from({ length: 200 }, (_, i) => `${i},`)
  for (const text of sent) {
    peer.socket.write(text)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually(() => read.join('').length >= sent.join('').length)
  expect(read.join('')).toBe(sent.join(''))
})
