import type { FaultDefinition } from '../definition/definition.ts'
import { findDefinition } from '../definition/family.ts'
import { readObject } from '../definition/read-parameters.ts'
import { type DatagramFault, datagramFamily } from './datagram.ts'
import { type HttpFault, httpFamily } from './http.ts'
import { type Http2Fault, http2Family } from './http2.ts'
import { type MessageFault, messageFamily } from './message.ts'
import { type NodeFault, nodeFamily } from './node.ts'
import { type SqlFault, sqlFamily } from './sql.ts'
import { type TcpFault, tcpFamily } from './tcp.ts'

/** A fault that a proxy injects into traffic. */
export type TrafficFault = TcpFault | HttpFault | Http2Fault | SqlFault | MessageFault | DatagramFault

/** A fault with resolved selectors, which can be injected, printed and replayed. */
export type Fault = NodeFault | TrafficFault

export type FaultKind = Fault['kind']

export type FaultOfKind<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>

export const trafficFamilies = [tcpFamily, httpFamily, http2Family, sqlFamily, messageFamily, datagramFamily] as const

export type TrafficFamily = (typeof trafficFamilies)[number]

const families = [...trafficFamilies, nodeFamily] as const

export const faultDefinitions: readonly FaultDefinition<FaultKind>[] = families.flatMap(
  ({ kinds }): readonly FaultDefinition<FaultKind>[] => kinds,
)

export const faultKinds: readonly FaultKind[] = faultDefinitions.map(({ kind }) => kind)

export const trafficFaultKinds: readonly TrafficFault['kind'][] = trafficFamilies.flatMap(({ kinds }) =>
  kinds.map(({ kind }) => kind),
)

const extensible = { bytes: tcpFamily, requests: httpFamily, messages: messageFamily, nodes: nodeFamily } as const

/** The objects on which a user-defined kind of fault acts. */
export type ActsOn = keyof typeof extensible

/** The kinds that users have added, with unknown effects on a system. */
export const ownFaultKinds: readonly FaultKind[] = []

/** Registers a user-defined kind of fault. The TypeScript types of faults do not include this kind. */
export function addFault(definition: FaultDefinition, actsOn: ActsOn): void {
  const lists: readonly (readonly [readonly unknown[], unknown])[] = [
    [extensible[actsOn].kinds, definition],
    [faultDefinitions, definition],
    [faultKinds, definition.kind],
    [ownFaultKinds, definition.kind],
    ...(actsOn === 'nodes' ? [] : [[trafficFaultKinds, definition.kind] as const]),
  ]
  for (const [list, item] of lists) (list as unknown[]).push(item)
}

/** Reports whether a target promises nothing any more after a fault of this kind. */
export const voidsPromises = (kind: string): boolean =>
  faultDefinitions.some((definition) => definition.kind === kind && definition.voidsPromises === true)

export const familyOf = (kind: unknown): TrafficFamily | undefined => trafficFamilies.find((family) => family.has(kind))

export function definitionOf(kind: FaultKind): FaultDefinition {
  const definition = faultDefinitions.find((candidate) => candidate.kind === kind)
  if (definition === undefined) throw new TypeError(`unknown fault kind ${kind}`)
  return definition
}

/** Parses a traffic fault of any family. @throws UserError (input) with a message that begins with `where`. */
export function parseTrafficFault(value: unknown, where: string, beside: readonly string[] = []): TrafficFault {
  const { kind } = readObject(value, where)
  const family = familyOf(kind)
  if (family !== undefined) return family.parse(value, where, beside)
  findDefinition(
    trafficFamilies.flatMap(({ kinds }): readonly FaultDefinition[] => kinds),
    kind,
    where,
    'fault',
  )
  throw new TypeError(`unknown fault kind ${String(kind)}`)
}

/**
 * Parses any fault: `{"kind":"kill","nodes":["n1"]}`, `{"kind":"partition","links":["n1>n2"]}`.
 *
 * @param where the start of every error message: the file, and the place in it.
 * @param beside further members that the object may have.
 * @throws UserError (input)
 */
export function parseFault(value: unknown, where: string, beside: readonly string[] = []): Fault {
  const { kind } = findDefinition(faultDefinitions, readObject(value, where)['kind'], where, 'fault')
  return nodeFamily.has(kind) ? nodeFamily.parse(value, where, beside) : parseTrafficFault(value, where, beside)
}
