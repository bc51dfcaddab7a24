import { familyOf, type Link, linkName, type TrafficFault } from '@chaosproxy/faults'
import { shorten } from './address.ts'
import { ControlError } from './errors.ts'
import { linksOf, type ManagedProxy } from './proxies.ts'

/** Faults of TCP that datagrams suffer as well: at a cut they are lost. */
const CUTS: readonly TrafficFault['kind'][] = ['partition', 'blackhole']

/**
 * A fault that does nothing where it is put would look like one that was survived.
 *
 * @throws ControlError (400) for a link over which only goes what the fault cannot hurt: datagrams or, where it is a
 * fault of datagrams, streams. Links that none of the proxies carries are not its business.
 */
export function validateTransport({ kind, links }: TrafficFault, proxies: readonly ManagedProxy[]): void {
  for (const link of links) {
    const protocols = proxies.filter((proxy) => carries(proxy, link)).map(({ protocol }) => protocol)
    const [protocol] = protocols
    if (protocol === undefined || protocols.some((other) => canHurt(kind, other))) continue
    const where = `${kind} on ${shorten(linkName(link))}`
    throw new ControlError(
      400,
      protocol === 'udp'
        ? `${where}: the link carries datagrams, which are hurt by ${CUTS.join(', ')} and the faults of UDP only`
        : `${where}: the link carries streams of TCP, and this hurts datagrams only`,
    )
  }
}

const carries = (proxy: ManagedProxy, link: Link): boolean => linksOf(proxy).map(linkName).includes(linkName(link))

const canHurt = (kind: TrafficFault['kind'], protocol: ManagedProxy['protocol']): boolean =>
  (familyOf(kind)?.name === 'udp') === (protocol === 'udp') || CUTS.includes(kind)
