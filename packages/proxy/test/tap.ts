import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { eventually, network, Received, serve, startDialling } from '../../testing/src/sockets.ts'
import type { Intercept } from '../src/interceptor/interceptor.ts'

interface Conversation {
  /** What the client sent. */
  readonly requests: Received
  /** What the server sent. */
  readonly answered: Received
}

/** A forwarder to a server. It keeps all bytes of every connection, in both directions. */
async function tap(upstream: { readonly host: string; readonly port: number }) {
  const conversations: Conversation[] = []
  const { host, port } = await serve((client) => {
    const server = startDialling(upstream)
    conversations.push({ requests: new Received(client), answered: new Received(server) })
    client.pipe(server)
    server.pipe(client)
    // If a connection breaks on one side, break it on the other side too.
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  })
  return { host, port, conversations }
}

const isOver = ({ requests: asked, answered }: Conversation): boolean => asked.closed && answered.closed

const digest = ({ bytes }: Received): string =>
  `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`

/**
 * Starts a proxy without faults in front of a server, between two taps. The returned functions check that both taps
 * keep the same traffic.
 */
export async function proxyBetweenTaps(
  upstream: { readonly host: string; readonly port: number },
  intercept: Intercept | undefined,
) {
  const inside = await tap(upstream)
  const route = await network().route({ from: 'clients', to: 'n1', upstream: inside, intercept })
  const outside = await tap(route)
  const allOver = () => eventually(() => [...inside.conversations, ...outside.conversations].every(isOver))
  const digests = ({ conversations }: typeof inside) =>
    conversations.map(({ requests: asked, answered }) => `${digest(asked)}; answered ${digest(answered)}`).sort()
  return {
    host: outside.host,
    port: outside.port,
    /**
     * Checks that both sides of the proxy carried the same bytes. Use it for clients that wait for all their responses.
     */
    async expectAllUnchanged() {
      await allOver()
      expect(outside.conversations.length).toBeGreaterThan(0)
      expect(digests(inside)).toEqual(digests(outside))
    },
    /**
     * Checks that the bytes received by each side of a connection are a prefix of the bytes sent by the other side. Use
     * it for clients that disconnect early. Each connection must begin with bytes that no other connection begins with.
     */
    async expectBeginningsUnchanged() {
      await allOver()
      expect(inside.conversations.length).toBe(outside.conversations.length)
      const within = inside.conversations.filter(hasBegun)
      for (const { requests: asked, answered } of outside.conversations.filter(hasBegun)) {
        const same = within.filter((other) => isBeginning(other.requests.bytes, asked.bytes))
        expect(same.map((other) => isBeginning(answered.bytes, other.answered.bytes))).toEqual([true])
      }
    },
  }
}

const hasBegun = ({ requests: asked }: Conversation): boolean => asked.length > 0

const isBeginning = (short: Buffer, long: Buffer): boolean =>
  short.length <= long.length && short.compare(long, 0, short.length) === 0
