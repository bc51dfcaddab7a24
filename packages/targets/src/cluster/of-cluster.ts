import { basename } from 'node:path'
import type { Refusal } from '@chaosproxy/faults'
import type { Target } from '@chaosproxy/runner'
import { requireElsewhere } from '../client-kinds/elsewhere.ts'
import type { PlannedClients } from '../clients/planned-clients.ts'
import type { CommonDeclaration } from './declaration.ts'
import { declaredFaultSupport, type Exposure } from './fault-support.ts'

export interface DeclaredTargetOptions {
  /** The prefix of every error message: the file of the declaration, or `chaos.config.ts: targets.NAME`. */
  readonly where: string
  /** The directory to which paths in the declaration are relative. */
  readonly directory: string
}

interface OfCluster {
  readonly where: string
  readonly clients: PlannedClients
  readonly exposure: Exposure
}

/** Returns the members that the targets of all declared clusters have in common. */
export const ofCluster = (
  declaration: Omit<CommonDeclaration, 'client'>,
  { where, clients, exposure }: OfCluster,
): Omit<Target, 'settings' | 'start' | 'defaultNodes'> => ({
  name: declaration.name ?? basename(where).replace(/\.\w+$/, ''),
  summary: declaration.summary ?? `a cluster declared in ${where}`,
  bugs: [],
  marks: false,
  tier: 'real',
  sessions: clients.sessions,
  mapping: clients.mapping,
  begins: clients.begins,
  declared: declaration,
  functions: () => clients.functions,
  promises: () => declaration.promises ?? 'nothing',
  supports: (kind, among) => declaredFaultSupport(exposure, kind, among),
  requireElsewhere: () => requireElsewhere(clients, where),
})

export const carriedBy = (clients: PlannedClients): Exposure['clients'] =>
  clients.carries({ functions: clients.functions, reads: [], initial: null })?.kind

export const NO_FAILOVER: Refusal = {
  not: 'no failover command is declared: "faults": {"failover": {"do": …}}',
  instead: ['kill', 'pause', 'isolate-leader'],
}
