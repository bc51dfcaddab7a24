import type { ProxyClock } from '../clock.ts'
import type { LinkState } from '../link-state.ts'
import type { TroubleReporter } from '../tcp/trouble.ts'
import type { DatagramLink } from './datagram-faults.ts'

/** What a route and its sessions have of the network they belong to. */
export interface DatagramWiring {
  readonly forward: LinkState
  readonly backward: LinkState
  readonly forwardDatagrams: DatagramLink
  readonly backwardDatagrams: DatagramLink
  readonly clock: ProxyClock
  readonly troubled: TroubleReporter['note']
  readonly closed: () => void
}
