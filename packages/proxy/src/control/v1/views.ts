import { linkName } from '@chaosproxy/faults'
import type { LinkStatistics } from '../../link/link-state.ts'
import type { ControlPlane } from '../plane/plane.ts'
import type { NamedFault } from '../state/fault-board.ts'
import type { Lease } from '../state/leases.ts'
import { linksOf, type ManagedProxy } from '../state/proxies.ts'

export interface Views {
  proxy(proxy: ManagedProxy): object
  link(name: string, statistics: LinkStatistics): object
  fault(fault: NamedFault): object
  partition(fault: NamedFault): object
  lease(lease: Lease): object
}

export function createViews(plane: Pick<ControlPlane, 'faults'>): Views {
  const faultsOn = (links: readonly string[]): readonly string[] =>
    plane.faults
      .list()
      .filter(({ fault }) => fault.links.some((link) => links.includes(linkName(link))))
      .map(({ name }) => name)
  return {
    proxy(proxy) {
      const { name, listen, upstream, enabled, protocol, authority, identification, forward, liveConnections } = proxy
      const links = linksOf(proxy).map(linkName)
      const { from, to } = forward
      return {
        name,
        listen,
        upstream,
        enabled,
        protocol,
        from,
        to,
        links,
        liveConnections,
        identification,
        faults: faultsOn(links),
        ...(authority === undefined ? {} : { authority }),
      }
    },
    link: (link, statistics) => ({ link, ...statistics, faults: faultsOn([link]) }),
    fault: ({ name, fault, origin, hits, missed, missedBecause, lease }) => ({
      name,
      ...fault,
      links: fault.links.map(linkName),
      origin,
      hits,
      ...(missed === 0 ? {} : { missed }),
      ...(missedBecause === undefined ? {} : { missedBecause }),
      ...(lease === undefined ? {} : { lease }),
    }),
    partition: ({ name, fault, hits }) => ({
      name,
      mode: fault.kind === 'partition' ? fault.mode : 'hold',
      links: fault.links.map(linkName),
      hits,
    }),
    lease: (lease) => ({
      ...lease,
      faults: plane.faults
        .list()
        .filter((fault) => fault.lease === lease.id)
        .map(({ name }) => name),
    }),
  }
}
