import { type DatagramFault, datagramFamily, type Link, linkName, type Random } from '@chaosproxy/faults'
import { type ClientFilter, createClientFilter } from '../link/client-filter.ts'
import type { ProxyClock } from '../link/clock.ts'
import { LinkTable } from '../link/link-table.ts'
import { Rule, type Standing } from '../link/rule.ts'
import { type Applied, applyRules, RuleList } from '../link/rule-list.ts'

export class DatagramRule extends Rule<DatagramFault> {
  readonly isForClient: ClientFilter | undefined

  constructor(standing: Standing<DatagramFault>, random: Random) {
    super(standing, random)
    const { client } = standing.fault.when ?? {}
    this.isForClient = client === undefined ? undefined : createClientFilter(client)
  }
}

export interface DatagramFaults {
  link(link: Link): RuleList<DatagramRule>
  /** @throws UserError (input) for an invalid number, (usage) for an invalid client. */
  apply(fault: DatagramFault): Applied<DatagramFault>
}

export function createDatagramFaults(random: Random, clock: ProxyClock): DatagramFaults {
  const links = new LinkTable((link) => new RuleList<DatagramRule>(link, random.fork('datagrams')))
  return {
    link: (link) => links.of(link),
    apply(fault) {
      datagramFamily.parse(fault, `fault on ${fault.links.map(linkName).join(', ')}`)
      return applyRules(fault, links.ofAll(fault.links), clock, (standing, own) => new DatagramRule(standing, own))
    },
  }
}
