import { familyOf, type Link, linkName, type TrafficFault } from '@chaosproxy/faults'
import { shorten } from './address.ts'
import { ControlError } from './errors.ts'
import { linksOf, type ManagedProxy } from './proxies.ts'

/** TCP faults that also affect datagrams: a cut loses them. */
const CUTS: readonly TrafficFault['kind'][] = ['partition', 'blackhole']

/**
 * Rejects a fault that could not act on its link: a run would look as if it had survived it.
 *
 * @throws ControlError (400) for a link that carries only datagrams or, for a datagram fault, only streams. Links that
 * no proxy carries are not checked here.
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
        ? `${where}: the link carries datagrams, on which only ${CUTS.join(', ')} and the faults of UDP act`
        : `${where}: the link carries TCP, and this fault acts on datagrams only`,
    )
  }
}

const carries = (proxy: ManagedProxy, link: Link): boolean => linksOf(proxy).map(linkName).includes(linkName(link))

const canHurt = (kind: TrafficFault['kind'], protocol: ManagedProxy['protocol']): boolean =>
  (familyOf(kind)?.name === 'udp') === (protocol === 'udp') || CUTS.includes(kind)
