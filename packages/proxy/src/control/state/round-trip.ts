import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isPath } from '../../socket/unix-socket.ts'
import { isLoopback, parseAddress } from './address.ts'

/** An open proxy: its listen address as an IP and port, and its upstream. */
export interface Hop {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  readonly protocol: 'tcp' | 'udp'
}

/**
 * Returns the proxies on a loop that leads a connection back to `start`. On a loop, a single connection would use up
 * all file descriptors.
 */
export async function findRoundTrip(start: Hop, open: readonly Hop[]): Promise<readonly [Hop, ...Hop[]] | undefined> {
  const hops = [start, ...open.filter(({ name }) => name !== start.name)]
  const seen = new Set<Hop>()
  async function goOn(way: readonly [Hop, ...Hop[]], from: Hop): Promise<readonly [Hop, ...Hop[]] | undefined> {
    const reached = await reachedBy(from, hops)
    if (reached.includes(start)) return way
    for (const next of reached) {
      if (seen.has(next)) continue
      seen.add(next)
      const round = await goOn([...way, next], next)
      if (round !== undefined) return round
    }
    return undefined
  }
  return goOn([start], start)
}

async function reachedBy({ upstream, protocol }: Hop, hops: readonly Hop[]): Promise<readonly Hop[]> {
  const { host, port } = parseAddress(upstream)
  if (isPath(host)) return hops.filter((hop) => hop.listen === upstream)
  const candidates = hops.filter((hop) => hop.protocol === protocol && parseAddress(hop.listen).port === port)
  // Resolve the name only if a proxy listens on this port.
  if (candidates.length === 0) return []
  const dialled = await addressesOf(host)
  return candidates.filter((hop) => {
    const listening = plainly(parseAddress(hop.listen).host)
    return dialled.some((address) => isSameHost(address, listening))
  })
}

/**
 * Whether a connection to `dialled` reaches a listener on `listening`. An unspecified listening address means every
 * address of this machine.
 */
const isSameHost = (dialled: string, listening: string): boolean =>
  dialled === listening ||
  (listening === '::' && isOwn(dialled)) ||
  (listening === '0.0.0.0' && isIP(dialled) === 4 && isOwn(dialled)) ||
  // Dialling an unspecified address dials this machine.
  (isEvery(dialled) && (isEvery(listening) || isLoopback(listening)))

const isEvery = (address: string): boolean => address === '0.0.0.0' || address === '::'

const isOwn = (address: string): boolean =>
  isLoopback(address) ||
  Object.values(networkInterfaces()).some((those) => those?.some((own) => plainly(own.address) === address))

async function addressesOf(host: string): Promise<readonly string[]> {
  if (host === '') return ['127.0.0.1', '::1']
  if (isIP(host) !== 0) return [plainly(host)]
  try {
    return (await lookup(host, { all: true })).map(({ address }) => plainly(address))
  } catch {
    // An unresolvable name has no address yet.
    return []
  }
}

/** Returns an address in one form: `127.0.0.1` for `::ffff:127.0.0.1`. */
function plainly(address: string): string {
  if (isIP(address) !== 6) return address
  const [bare = ''] = address.split('%')
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical)
  if (mapped === null) return canonical
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
