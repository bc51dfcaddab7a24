import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { listensAtLoopback6 } from './listening-ports.ts'
import { openTable } from './redirection.ts'

/** A port of this machine. Local connections to this port are redirected to `proxyPort` of 127.0.0.1. */
interface LedPort {
  readonly hostPort: number
  readonly proxyPort: number
}

/**
 * Redirects to the proxy the connections that this machine's programs make to published ports of 127.0.0.1 and ::1. The
 * redirection ends when the returned function is called or this process ends.
 *
 * @throws UserError (environment) if the kernel or nft refuses.
 */
export async function leadPublished(project: string, ports: readonly LedPort[]): Promise<() => Promise<void>> {
  const relays = new Map<number, Relay>()
  for (const { hostPort, proxyPort } of ports)
    if (listensAtLoopback6(hostPort)) relays.set(hostPort, await openRelay(proxyPort))
  const closeRelays = () => Promise.all([...relays.values()].map((relay) => relay.close()))
  const table = `inet chaos_published_${project.replaceAll(/\W/g, '_')}`
  try {
    const { close } = await openTable({
      name: table,
      project,
      setup: [
        `add table ${table} { flags owner; }`,
        `add chain ${table} sent { type nat hook output priority -101; }`,
        `add chain ${table} other { type filter hook output priority 0; }`,
        ...ports.flatMap(({ hostPort, proxyPort }) => [
          `add rule ${table} sent ip daddr 127.0.0.0/8 tcp dport ${hostPort} dnat ip to 127.0.0.1:${proxyPort}`,
          ruleFor6(table, hostPort, relays.get(hostPort)),
        ]),
      ],
    })
    return async () => {
      await close()
      await closeRelays()
    }
  } catch (error) {
    await closeRelays()
    throw error
  }
}

/**
 * Returns the rule for ::1. Without a relay, it resets connections, so that programs that try ::1 first fall back to
 * 127.0.0.1.
 */
const ruleFor6 = (table: string, hostPort: number, relay: Relay | undefined): string =>
  relay === undefined
    ? `add rule ${table} other ip6 daddr ::1 tcp dport ${hostPort} reject with tcp reset`
    : `add rule ${table} sent ip6 daddr ::1 tcp dport ${hostPort} dnat ip6 to [::1]:${relay.port}`

interface Relay {
  readonly port: number
  close(): Promise<void>
}

/** Relays connections from ::1 to 127.0.0.1, since the kernel does not translate between address families. */
async function openRelay(proxyPort: number): Promise<Relay> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const proxy = connect({ host: '127.0.0.1', port: proxyPort, allowHalfOpen: true })
    for (const [socket, other] of [
      [client, proxy],
      [proxy, client],
    ] as const) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.pipe(other)
      // If a fault resets one connection, the program must see a reset of the other.
      socket.on('error', () => other.resetAndDestroy())
      socket.on('close', () => open.delete(socket))
    }
  })
  server.listen(0, '::1')
  await once(server, 'listening')
  const at = server.address()
  return {
    port: at !== null && typeof at === 'object' ? at.port : 0,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
