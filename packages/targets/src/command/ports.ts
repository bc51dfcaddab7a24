import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { UserError } from '@chaosproxy/history'

/** The usual start of the ephemeral range, from which outgoing connections take their ports. */
const USUAL_FIRST_EPHEMERAL = 32_768
const FIRST = 10_000
const MOST_TRIES = 200

/** Reserved by this process and not yet returned. */
const taken = new Set<number>()

/**
 * Reserves a free port for each name, for servers that must be given their ports. Avoids the ephemeral range, so that
 * no outgoing connection takes the port of a server that is briefly down.
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
  const end = Math.max(FIRST + 1_000, firstEphemeral())
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    // Not seeded: two runs with the same seed may be running at once.
    const port = FIRST + Math.floor(Math.random() * (end - FIRST))
    if (taken.has(port)) continue
    taken.add(port)
    if (await isFree(port, host)) return port
    taken.delete(port)
  }
  throw new UserError('environment', `no free port was found on ${host} in ${MOST_TRIES} tries`)
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
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
