import type { ProxyClock } from '../link/clock.ts'
import type { LinkState } from '../link/link-state.ts'
import type { TroubleReporter } from '../tcp/trouble.ts'
import type { DatagramLink } from './datagram-faults.ts'

/** What a network provides to a route and its sessions. */
export interface DatagramWiring {
  readonly forward: LinkState
  readonly backward: LinkState
  readonly forwardDatagrams: DatagramLink
  readonly backwardDatagrams: DatagramLink
  readonly clock: ProxyClock
  readonly troubled: TroubleReporter['note']
  readonly closed: () => void
}
