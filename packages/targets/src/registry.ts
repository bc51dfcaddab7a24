import type { FaultKind } from '@chaos/faults'
import { type ProtocolDefinition, protocols } from '@chaos/protocols'
import { embeddedSufferings, type Suffering } from './embedded/suffers.ts'

/** Something that can be tested, as help and the fault × target table show it. */
export interface TargetDefinition {
  readonly name: string
  readonly summary: string
  readonly defaultNodes: number
  readonly protocol: ProtocolDefinition
  readonly faults: Readonly<Record<FaultKind, Suffering>>
}

/** A protocol, as processes of this machine. */
export const embeddedTarget = (protocol: ProtocolDefinition): TargetDefinition => ({
  name: protocol.name,
  summary: protocol.summary,
  defaultNodes: protocol.defaultNodes,
  protocol,
  faults: embeddedSufferings,
})

/** Every protocol that comes with this program. */
export const embeddedTargets: readonly TargetDefinition[] = protocols.map(embeddedTarget)

export const targetNames: readonly string[] = embeddedTargets.map((target) => target.name)

export const findTarget = (name: string): TargetDefinition | undefined =>
  embeddedTargets.find((target) => target.name === name)
