import { nemeses } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import {
  type ProtocolDefinition,
  type ProtocolModule,
  type ProtocolSettingValue,
  promiseOf,
} from '@chaosproxy/protocols'
import { DEFAULT_WORKLOAD } from '@chaosproxy/runner'
import { NO_LEVEL, type SearchedProtocol, settingForBug } from '@chaosproxy/simulator'
import { findWorkload, levelFor, type Settings, type Workload, workloads } from '@chaosproxy/workloads'
import { knownName } from '../known-name.ts'
import type { ServiceDeclaration } from '../references/services.ts'
import { requireCounts } from '../required.ts'
import { worldTaking } from '../worlds/registry.ts'
import type { Subject } from '../worlds/world.ts'
import { requireSupportedFunctions } from './supported-functions.ts'

/** The subject to simulate; every member has a default. */
export interface SubjectSettings {
  /** The name of a workload; by default the one that the bug needs, otherwise `register`. */
  readonly workload?: string | undefined
  readonly workloadSettings?: Settings | undefined
  /** The level to check; by default the promised one. With `none`, only invariants are checked. */
  readonly level?: string | undefined
  readonly bug?: string | undefined
  /** The settings of the protocol; by default those that the bug needs. */
  readonly settings?: { readonly [name: string]: ProtocolSettingValue } | undefined
}

const SUBJECT_MEMBERS = ['workload', 'workloadSettings', 'level', 'bug', 'settings'] as const

/**
 * Validates settings, because a misspelt member would silently change the test.
 *
 * @throws UserError (usage) for an unknown member, an unknown fault, or a count that is not a whole number from 1. The
 * known members are those in `own` and those of every subject.
 */
export function requireSane(
  settings: SubjectSettings & { readonly faults?: readonly string[] | undefined },
  own: readonly string[],
  counts: { readonly [name: string]: number | undefined },
): void {
  const known = [...SUBJECT_MEMBERS, ...own]
  for (const member of Object.keys(settings)) knownName(member, 'setting', member, known)
  if (settings.faults !== undefined && !Array.isArray(settings.faults))
    throw usageError(`faults: give a list of names, such as ['kill']. The list [] stands for no faults.`)
  const faults = nemeses.map(({ name }) => name)
  for (const name of settings.faults ?? []) knownName(`faults: ${name}`, 'fault', name, faults)
  requireCounts(counts)
}

/** A subject, with its defaults. */
export interface GivenSubject extends Subject {
  /** The number of nodes; undefined if each trial chooses it. */
  readonly usualNodes: number | undefined
  /** The default faults. If undefined, the default is every fault among nodes. */
  readonly usualFaults: readonly string[] | undefined
}

/**
 * @throws UserError (usage) if the subject is neither a protocol nor a service, or if a name is unknown; (input) if a
 * file is invalid.
 */
export async function subjectFrom(
  given: ProtocolModule | ServiceDeclaration,
  settings: SubjectSettings & { readonly faults?: readonly string[] | undefined },
): Promise<GivenSubject> {
  const world = await worldTaking(given)
  const loaded = await world.given(given)
  const { protocol, subject, target, usualNodes } = loaded
  world.requireFaultSupport(settings.faults ?? [], 'faults:', loaded)
  const named = { ...withNames(protocol, settings), target, nodes: undefined, operations: 0 }
  return { ...subject(named), usualNodes, usualFaults: world.usualFaults }
}

/** @throws UserError (usage) for an unknown name. */
function withNames(
  protocol: ProtocolDefinition,
  { workload: wanted, workloadSettings = {}, level, bug, settings: chosen = {} }: SubjectSettings,
): Omit<SearchedProtocol, 'nodes' | 'operations'> {
  const needed = settingForBug(protocol, bug, chosen)
  const targetSettings = { ...needed.targetSettings, ...chosen }
  const workload = workloadNamed(wanted ?? needed.workload ?? DEFAULT_WORKLOAD)
  const held = levelFor(workload, level ?? promiseOf(protocol, targetSettings, workload.object))
  if (held === NO_LEVEL && (protocol.invariants ?? []).length === 0)
    throw usageError(`${protocol.name} promises no level and has no invariants: say which level to check.`)
  if (held !== NO_LEVEL) knownName(`level: ${held}`, 'level', held, workload.levels)
  const settings = workloadSettings
  requireSupportedFunctions({ protocol, workload, settings, level: held, targetSettings })
  for (const name of Object.keys(targetSettings))
    knownName(
      `settings.${name}`,
      `setting of ${protocol.name}`,
      name,
      protocol.settings.map((setting) => setting.name),
    )
  if (bug !== undefined)
    knownName(
      `bug: ${bug}`,
      `bug of ${protocol.name}`,
      bug,
      protocol.bugs.map(({ name }) => name),
    )
  return { target: protocol.name, protocol, bug, targetSettings, level: held, workload, settings }
}

function workloadNamed(name: string): Workload {
  const known = findWorkload(name)
  if (known !== undefined) return known
  throw usageError(
    `there is no workload "${name}". There are: ${workloads.map((workload) => workload.name).join(', ')}.`,
  )
}
