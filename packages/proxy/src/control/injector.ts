import {
  type DatagramFault,
  http2Family,
  httpFamily,
  messageFamily,
  type TrafficFault,
  tcpFamily,
} from '@chaosproxy/faults'
import type { Network } from '../network.ts'
import type { InForce } from './in-force.ts'
import type { Readers } from './readers.ts'

/** What puts faults into force. */
export interface Injector {
  /** @throws UserError (usage), ControlError (400) for what makes no sense, or not on these links. */
  apply(fault: TrafficFault): InForce
}

export interface Injectors {
  readonly network: Pick<Network, 'apply' | 'applyToDatagrams'>
  readonly readers: Pick<Readers, 'applyToHttp' | 'applyToHttp2' | 'applyToMessages'>
  /** @throws where nothing that goes over the fault's links can be hurt by it. */
  readonly validate: (fault: TrafficFault) => void
}

/** Each family of faults goes to those who know what it hurts. */
export function createInjector({ network, readers, validate }: Injectors): Injector {
  return {
    apply(fault) {
      validate(fault)
      if (tcpFamily.owns(fault)) return network.apply(fault)
      if (httpFamily.owns(fault)) return readers.applyToHttp(fault)
      if (http2Family.owns(fault)) return readers.applyToHttp2(fault)
      if (messageFamily.owns(fault)) return readers.applyToMessages(fault)
      return network.applyToDatagrams(fault satisfies DatagramFault)
    },
  }
}
