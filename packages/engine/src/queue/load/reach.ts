import { connect, isIP } from 'node:net'
import type { Elsewhere } from '@chaosproxy/runner'
import { machineIdentity } from './order.ts'

const ANSWER_WITHIN_MS = 5_000

/** Returns why clients here cannot reach the nodes, with a remedy. */
export async function whyUnreachable({ addresses }: Elsewhere, machine: string): Promise<string | undefined> {
  const isThere = machine === machineIdentity()
  for (const { node, host, port } of addresses) {
    const place = `${host}:${port}`
    if (!isThere && isLoopback(host))
      return `${node} is at ${place}, which only the run's own machine can reach. Start the run with an address that workers can reach, such as --reach 10.0.0.5`
    const why = await dialled(host, port)
    if (why !== undefined)
      return `it cannot reach ${node} at ${place}: ${why}. Give the run an address that workers can reach, with --reach, and open the firewall for it`
  }
  return undefined
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const dialled = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS })
    const end = (why: string | undefined) => {
      socket.destroy()
      resolve(why)
    }
    socket.on('connect', () => end(undefined))
    socket.on('timeout', () => end(`no answer within ${ANSWER_WITHIN_MS / 1000} s`))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
