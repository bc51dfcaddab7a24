import { once } from 'node:events'
import { type ConnectionOptions, connect } from 'node:tls'
import { postgresql } from '@chaosproxy/wire'
import { describe, expect, test } from 'vitest'
import { cleanUp, dial, echo, network, Received } from '../../../testing/src/sockets.ts'
import { createAuthority } from '../../src/tls/authority.ts'
import type { TlsOptions } from '../../src/tls/tls-options.ts'

// Protocols whose clients ask for TLS before they say anything else, such as PostgreSQL.

const authority = createAuthority()
const TLS_REQUEST = Buffer.from('0000000804d2162f', 'hex')
const GSS_REQUEST = Buffer.from('0000000804d21630', 'hex')
/** The first message of a connection in plaintext. */
const STARTUP = Buffer.from('0000000800030000', 'hex')

async function client(tls?: TlsOptions) {
  const made = network()
  const { encryption } = postgresql
  const troubles: string[] = []
  made.onTrouble(({ type }) => troubles.push(type))
  const upstream = await echo()
  const route = await made.route({ ...{ from: 'clients', to: 'n1', upstream, encryption }, ...(tls && { tls }) })
  const socket = await dial(route)
  return { socket, received: new Received(socket), troubles }
}

/** Starts TLS on a connection, and exchanges a message. */
async function secured(options: ConnectionOptions): Promise<void> {
  const socket = connect({ ca: authority.certificate, servername: 'localhost', ...options })
  cleanUp(() => void socket.destroy())
  await once(socket, 'secureConnect')
  const received = new Received(socket)
  socket.write('hello')
  await received.until(({ text }) => text === 'hello')
}

describe('a proxy with TLS negotiation', () => {
  test('a proxy without a certificate declines a request for TLS, and forwards the later bytes', async () => {
    const { socket, received, troubles } = await client()
    for (const byte of [...GSS_REQUEST, ...TLS_REQUEST]) socket.write(Buffer.from([byte]))
    await received.until(({ text }) => text === 'NN')
    socket.write(STARTUP)
    socket.write('and more')
    await received.until(({ text }) => text.endsWith('and more'))
    expect(received.bytes).toEqual(Buffer.concat([Buffer.from('NN'), STARTUP, Buffer.from('and more')]))
    socket.end()
    await received.until(({ ended }) => ended)
    expect(troubles).toEqual([])
  })

  test('of the clients that disconnect, the proxy reports only a client whose request for TLS was declined', async () => {
    for (const [asks, expected] of [
      [TLS_REQUEST, ['tls-missing']],
      [GSS_REQUEST, []],
      [Buffer.alloc(0), []],
    ] as const) {
      const { socket, received, troubles } = await client()
      socket.write(asks)
      if (asks.length > 0) await received.until(({ text }) => text === 'N')
      socket.end()
      await received.until(({ ended, closed }) => ended || closed)
      expect(troubles).toEqual(expected)
    }
  })

  test('a proxy uses TLS with clients that ask for TLS first, and with clients that start TLS directly', async () => {
    const asking = await client({ terminate: { authority } })
    asking.socket.write(GSS_REQUEST)
    asking.socket.write(TLS_REQUEST)
    await asking.received.until(({ text }) => text === 'NS')
    asking.socket.removeAllListeners('data')
    await secured({ socket: asking.socket })
    const direct = await client({ terminate: { authority } })
    direct.socket.removeAllListeners('data')
    await secured({ socket: direct.socket, ALPNProtocols: ['postgresql'] })
  })

  test('a proxy with TLS negotiation accepts a plaintext client, but no plaintext after a request for TLS', async () => {
    const plain = await client({ terminate: { authority } })
    plain.socket.write(STARTUP)
    await plain.received.until(({ bytes }) => bytes.equals(STARTUP))
    const injected = await client({ terminate: { authority } })
    injected.socket.write(Buffer.concat([TLS_REQUEST, STARTUP]))
    await injected.received.until(({ ended, closed }) => ended || closed)
    expect(injected.received.length).toBe(0)
  })
})
