import { type DatagramFault, datagramFamily, type Link, linkName, type Random, Trigger } from '@chaosproxy/faults'
import type { ProxyClock } from '../link/clock.ts'
import { LinkTable } from '../link/link-table.ts'
import { type Applied, appliedTo, RuleList } from '../link/rule-list.ts'
import { type DatagramRule, standingDatagramFault } from './datagram-rule.ts'

/** A datagram that waits because of rules. */
export interface WaitingDatagram {
  readonly waitsFor: readonly DatagramRule[]
  release(): void
}

export class DatagramLink extends RuleList<DatagramRule> {
  readonly waiting: Set<WaitingDatagram> = new Set()

  add(standing: DatagramRule['standing']): DatagramRule {
    const rule = { standing, random: this.nextRandom(), trigger: new Trigger(standing.fault.when) }
    this.put(rule)
    return rule
  }

  override remove(rule: DatagramRule): void {
    super.remove(rule)
    for (const datagram of [...this.waiting])
      if (datagram.waitsFor.every((reason) => !this.rules.includes(reason))) datagram.release()
  }
}

export interface DatagramFaults {
  link(link: Link): DatagramLink
  /** @throws UserError (input) for an invalid number, (usage) for an invalid client. */
  apply(fault: DatagramFault): Applied<DatagramFault>
}

export function createDatagramFaults(random: Random, clock: ProxyClock): DatagramFaults {
  const links = new LinkTable((link) => new DatagramLink(random.fork(`datagrams of ${linkName(link)}`)))
  return {
    link: (link) => links.of(link),
    apply(fault) {
      datagramFamily.parse(fault, `fault on ${fault.links.map(linkName).join(', ')}`)
      const standing = standingDatagramFault(fault, clock.nowMs())
      return appliedTo(
        standing,
        links.ofAll(fault.links).map((list) => ({ list, rule: list.add(standing) })),
      )
    },
  }
}
