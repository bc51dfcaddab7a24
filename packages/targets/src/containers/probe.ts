import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, isIPv6, type Server } from 'node:net'
import type { Address } from '@chaosproxy/proxy'

/** A link to `to`, through the proxy's address `via`. */
interface ProbedWay {
  /** The pid of any process in the dialling container's network namespace. */
  readonly pid: number
  readonly to: string
  readonly via: string
}

/**
 * A port on which no container listens (tcpmux). The kernel refuses a probe that bypasses the rules, and the container
 * does not notice.
 */
export const PROBED_PORT = 1

/** The time limit of a probe: enough to start a program on a busy machine, and to send a lost first packet again. */
const WITHIN_MS = 10_000

/** A listener at the address of each link, which shows whether its probe arrives. */
interface Probes<Way extends ProbedWay> {
  /** By link: the address of its listener. The rules must redirect the link's probe to this address. */
  readonly listening: ReadonlyMap<Way, Address>
  /**
   * Dials `to` of every link, from the network namespace of the link's dialling container. Resolves with the links
   * whose probe did not arrive.
   */
  send(): Promise<readonly Way[]>
  close(): Promise<void>
}

export async function openProbes<Way extends ProbedWay>(ways: readonly Way[]): Promise<Probes<Way>> {
  const arrived = new Set<Way>()
  const servers: Server[] = []
  const listening = new Map<Way, Address>()
  for (const way of ways) {
    const server = createServer((socket) => {
      arrived.add(way)
      socket.on('error', () => undefined)
      socket.destroy()
    })
    server.listen(0, way.via)
    servers.push(server)
    await once(server, 'listening')
    const at = server.address()
    if (at !== null && typeof at === 'object') listening.set(way, { host: at.address, port: at.port })
  }
  return {
    listening,
    async send() {
      const pids = [...new Set(ways.map(({ pid }) => pid))]
      await Promise.all(
        pids.map((pid) =>
          within(pid, ['bash', '-c', SCRIPT, 'probe', ...ways.filter((way) => way.pid === pid).map(({ to }) => to)]),
        ),
      )
      return ways.filter((way) => !arrived.has(way))
    },
    async close() {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

/**
 * A shell script that dials, and waits for the other end to close. A dial may succeed before the proxy has accepted the
 * connection.
 */
const SCRIPT = `for to in "$@"; do (exec 3<>"/dev/tcp/$to/${PROBED_PORT}" && read -r -u 3) 2>/dev/null & done; wait`

/**
 * Resets the connections of a container's programs to these addresses. A program that only waits for input notices the
 * reset, too. If `ss` cannot reset a connection, the connection stays open until its next packet, which the rules of
 * the redirection refuse.
 */
export const endConnections = (pid: number, addresses: readonly string[]): Promise<void> =>
  within(pid, [
    'ss',
    '--kill',
    '--tcp',
    'state',
    'established',
    addresses.map((each) => `dst ${isIPv6(each) ? `[${each}]` : each}`).join(' or '),
  ])

async function within(pid: number, command: readonly string[]): Promise<void> {
  const words = ['--target', String(pid), '--net', '--', ...command]
  // The command may start child processes. In a process group of its own, all of them can be killed.
  const child = spawn('nsenter', words, { stdio: 'ignore', detached: true })
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, WITHIN_MS)
  await once(child, 'close').catch(() => undefined)
  clearTimeout(timer)
}
