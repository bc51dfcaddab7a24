import type { DirectConnection, Refused } from './redirection.ts'

/** Traffic that bypassed the proxy or was refused, by link (`n1>n2`). */
export interface DirectTraffic {
  /** The number of connections that were refused because they had been opened before the rules. */
  readonly connections: ReadonlyMap<string, number>
  /** The number of all refused packets by link. Includes packets of connections that `connections` does not count. */
  readonly packets: ReadonlyMap<string, number>
  /** The number of UDP datagrams that passed. */
  readonly datagrams: ReadonlyMap<string, number>
}

export interface LinkNames {
  /** Returns the link from one address to another; undefined if no such link has ever existed. */
  link(from: string, to: string): string | undefined
  listens(address: string, port: number): boolean
}

/** @param known The connections to leave out, as named by `connectionName`. */
export function directTraffic(
  { packets, connections, datagrams }: Pick<Refused, 'packets' | 'connections' | 'datagrams'>,
  { link, listens }: LinkNames,
  known: ReadonlySet<string>,
): DirectTraffic {
  const counted = new Map<string, number>()
  const count = (counts: Map<string, number>, name: string, more: number) =>
    counts.set(name, (counts.get(name) ?? 0) + more)
  const own = new Map(connections.map((each) => [connectionName(each), each]))
  for (const [name, { from, fromPort, to }] of own) {
    if (known.has(name)) continue
    // The dialled end of a connection is the one whose port has a listener.
    const [dialler, dialled] = listens(from, fromPort) ? [to, from] : [from, to]
    count(counted, link(dialler, dialled) ?? `${dialler}>${dialled}`, 1)
  }
  const byLink = (counts: ReadonlyMap<string, number>) => {
    const found = new Map<string, number>()
    for (const [pair, more] of counts) {
      const [from = '', to = ''] = pair.split('>')
      if (more > 0) count(found, link(from, to) ?? pair, more)
    }
    return found
  }
  return { connections: counted, packets: byLink(packets), datagrams: byLink(datagrams) }
}

/** Returns a name for the connection. The name is the same if `from` and `to` are exchanged. */
export const connectionName = ({ from, fromPort, to, toPort }: DirectConnection): string =>
  [`${from}:${fromPort}`, `${to}:${toPort}`].toSorted().join(' ')

/** Formats counts by link: `n1>web-3 2`, or `none`. */
export const directText = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([link, count]) => `${link} ${count}`).join(', ') || 'none'
