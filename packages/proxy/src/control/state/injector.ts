import {
  type DatagramFault,
  http2Family,
  httpFamily,
  messageFamily,
  sqlFamily,
  type TrafficFault,
  tcpFamily,
} from '@chaosproxy/faults'
import type { Network } from '../../network/network.ts'
import type { InForce } from './in-force.ts'
import type { Readers } from './readers.ts'

export interface Injector {
  /** @throws UserError (usage), ControlError (400) if the fault is invalid, or cannot act on these links. */
  apply(fault: TrafficFault): InForce
}

export interface Injectors {
  readonly network: Pick<Network, 'apply' | 'applyToDatagrams'>
  readonly readers: Pick<Readers, 'applyToRequests' | 'applyToHttp2' | 'applyToMessages' | 'applyToStatements'>
  /** @throws if the fault cannot affect any traffic on its links. */
  readonly validate: (fault: TrafficFault) => void
}

export function createInjector({ network, readers, validate }: Injectors): Injector {
  return {
    apply(fault) {
      validate(fault)
      if (tcpFamily.owns(fault)) return network.apply(fault)
      if (httpFamily.owns(fault)) return readers.applyToRequests(fault)
      if (http2Family.owns(fault)) return readers.applyToHttp2(fault)
      if (messageFamily.owns(fault)) return readers.applyToMessages(fault)
      if (sqlFamily.owns(fault)) return readers.applyToStatements(fault)
      return network.applyToDatagrams(fault satisfies DatagramFault)
    },
  }
}
