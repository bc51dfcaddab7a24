import type { ProxyClock } from '../link/clock.ts'
import type { LinkState } from '../link/link-state.ts'
import type { RuleList } from '../link/rule-list.ts'
import type { TroubleReporter } from '../tcp/trouble.ts'
import type { DatagramRule } from './datagram-faults.ts'

/** What a network provides to a route and its sessions. */
export interface DatagramWiring {
  readonly forward: LinkState
  readonly backward: LinkState
  readonly forwardDatagrams: RuleList<DatagramRule>
  readonly backwardDatagrams: RuleList<DatagramRule>
  readonly clock: ProxyClock
  readonly troubled: TroubleReporter['note']
  readonly closed: () => void
}
