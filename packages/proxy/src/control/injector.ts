import {
  type DatagramFault,
  type FaultFamily,
  familyOf,
  type Http2Fault,
  type HttpFault,
  type LinkFault,
  type MessageFault,
  type TrafficFault,
} from '@chaos/faults'
import type { Network } from '../network.ts'
import type { Readers } from './readers.ts'

/** A fault in force. */
export interface InForce {
  readonly hits: number
  /** How much it might have hit, but could not: too long to be held, or not to be read. Absent where that cannot be. */
  readonly missed?: number
  /** Where it can be changed in place, keeping what its connections have been through; replaced otherwise. */
  update?(fault: LinkFault): void
  remove(): void
}

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
  // A family's name says of which type its faults are.
  const byFamily: { readonly [family in FaultFamily['name']]: (fault: TrafficFault) => InForce } = {
    tcp: (fault) => network.apply(fault as LinkFault),
    udp: (fault) => network.applyToDatagrams(fault as DatagramFault),
    message: (fault) => readers.applyToMessages(fault as MessageFault),
    http: (fault) => readers.applyToHttp(fault as HttpFault),
    http2: (fault) => readers.applyToHttp2(fault as Http2Fault),
  }
  return {
    apply(fault) {
      const family = familyOf(fault.kind)
      if (family === undefined) throw new TypeError(`${fault.kind} belongs to no family`)
      validate(fault)
      return byFamily[family.name](fault)
    },
  }
}
