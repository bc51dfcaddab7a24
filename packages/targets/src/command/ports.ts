import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { environmentError } from '@chaosproxy/history'

/** The usual start of the ephemeral range, from which outgoing connections get their ports. */
const USUAL_FIRST_EPHEMERAL = 32_768
const FIRST = 10_000
const MOST_TRIES = 200
const BLOCK = 64

const claimed: number[] = []
const taken = new Set<number>()

/**
 * Reserves a free port for each name. Avoids ports that another process has reserved. Also avoids the ephemeral range:
 * there, an outgoing connection could take the port of a server that is briefly down.
 *
 * @throws UserError (environment) if there are not enough free ports.
 */
export async function reservePorts<Name extends string>(
  names: readonly Name[],
  host = '127.0.0.1',
): Promise<{ readonly [name in Name]: number }> {
  const ports: [Name, number][] = []
  try {
    for (const name of names) ports.push([name, await freePort(host)])
  } catch (error) {
    releasePorts(ports.map(([, port]) => port))
    throw error
  }
  return Object.fromEntries(ports) as { [name in Name]: number }
}

export function releasePorts(ports: readonly number[]): void {
  for (const port of ports) taken.delete(port)
}

async function freePort(host: string): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const left = claimed.filter((port) => !taken.has(port))
    // Two runs with the same seed may run at the same time, so the choice is random.
    const port = left[Math.floor(Math.random() * left.length)]
    if (port === undefined || left.length < BLOCK / 2) {
      await claimBlock()
      continue
    }
    taken.add(port)
    if (await isFree(port, host)) return port
    taken.delete(port)
  }
  throw environmentError(
    `no free port was found on ${host} in ${MOST_TRIES} tries; end programs that listen on ${host}`,
  )
}

/** Claims a block of ports, by listening on its first port, unless another process has claimed it. */
async function claimBlock(): Promise<void> {
  const end = Math.max(FIRST + 1_000, firstEphemeral())
  const first = FIRST + BLOCK * Math.floor((Math.random() * (end - FIRST)) / BLOCK)
  const guard = await listening(first, '127.0.0.1')
  if (guard === undefined) return
  guard.unref()
  for (let port = first + 1; port < Math.min(first + BLOCK, end); port++) claimed.push(port)
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = await listening(port, host)
  if (server === undefined) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

/** Resolves with a server on the port, unless another process listens there. */
function listening(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

function firstEphemeral(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0])
    return Number.isInteger(first) ? first : USUAL_FIRST_EPHEMERAL
  } catch {
    return USUAL_FIRST_EPHEMERAL
  }
}
