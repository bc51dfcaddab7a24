import type { ProtocolModule } from '@chaosproxy/protocols'
import type { Target } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import {
  isFullService,
  isService,
  isServiceDeclaration,
  parseServiceReference,
  partsOf,
  type ServiceDeclaration,
  serviceName,
  unknownService,
} from '../references/services.ts'
import type { VirtualWorld, World } from './world.ts'

interface Entry<Of extends World> {
  /** Whether this environment (world) runs the system with the given name, such as `sim:raft`. */
  knows(reference: string): boolean
  open(): Promise<Of>
}

interface VirtualEntry extends Entry<VirtualWorld> {
  /** What reports call a system that runs in this environment (world). */
  readonly noun: 'protocol' | 'program'
  title(reference: string): string
  /** Whether this environment (world) runs the given protocol module or service declaration. */
  takes(value: ProtocolModule | ServiceDeclaration): boolean
  /** The version of Node, if runs may depend on it. */
  readonly node: string | undefined
  /** The number of seeds in a generation. Later generations vary the interesting seeds of earlier ones. */
  readonly generation: number
  /** Whether a search checks first that runs are repeatable. */
  readonly isChecked: boolean
}

/** The world of state machines in virtual time: `sim:raft`. */
const simulator: VirtualEntry = {
  noun: 'protocol',
  title: (reference) => reference,
  knows: (reference) => reference.startsWith(SIMULATED) && !programs.knows(reference),
  takes: (value) => !programs.takes(value),
  node: undefined,
  generation: 4_096,
  isChecked: false,
  open: async () => (await import('./simulator.ts')).simulator,
}

/** The world of Node programs in virtual time: `sim:service:{…}`. */
const programs: VirtualEntry = {
  noun: 'program',
  title: (reference) => serviceName(parseServiceReference(reference)),
  knows: (reference) => reference.startsWith(SIMULATED) && isService(reference.slice(SIMULATED.length)),
  takes: (value) => typeof value === 'object' && value !== null && isServiceDeclaration(value),
  node: process.version,
  // A smaller generation than for protocols, because trials of programs take longer and few of their seeds are
  // interesting.
  generation: 256,
  isChecked: true,
  open: async () => (await import('./programs.ts')).programs,
}

/** The environment (world) of real processes, for references that do not begin with `sim:`. */
const processes: Entry<World> = {
  knows: (reference) => !reference.startsWith(SIMULATED),
  open: async () => (await import('./processes.ts')).processes,
}

const virtual = [programs, simulator] as const

/** Returns the simulated environment (world) in which the given protocol or program is searched for failures. */
export function searchedIn(subject: string): VirtualEntry {
  const entry = virtual.find(({ knows }) => knows(`${SIMULATED}${subject}`))
  if (entry === undefined) throw new RangeError(`no world simulates ${subject}`)
  return entry
}

/** Returns the simulated environment (world) that runs the given protocol module or service declaration. */
export const worldTaking = (value: ProtocolModule | ServiceDeclaration): Promise<VirtualWorld> =>
  (programs.takes(value) ? programs : simulator).open()

/** Returns the world for playing scenarios: processes if `real`, else virtual time. */
export const worldPlaying = (subject: string, real: boolean): Promise<World> =>
  (real ? processes : searchedIn(subject)).open()

/**
 * Resolves a full reference: a target's name, the path of a user's file, or a service's declaration. `sim:` selects
 * virtual time.
 *
 * @throws UserError (usage, input)
 */
export async function targetNamed(reference: string): Promise<Target> {
  const { name } = partsOf(reference)
  if (isService(name) && !isFullService(name)) throw unknownService(reference, { where: reference, directory: '.' })
  const entry = [...virtual, processes].find(({ knows }) => knows(reference)) ?? processes
  return (await entry.open()).target(reference)
}
