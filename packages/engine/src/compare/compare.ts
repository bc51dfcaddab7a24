import { nemeses } from '@chaosproxy/faults'
import { millis, usageError } from '@chaosproxy/history'
import type { Comparison } from '@chaosproxy/report'
import { type NamedPart, nameIn, settingsIn } from '@chaosproxy/runner'
import { CALM, networks } from '@chaosproxy/scenarios'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { settingsFor } from '@chaosproxy/workloads'
import type { Config } from '../config/config.ts'
import { type OwnNames, registriesOf, withPaths } from '../config/registries.ts'
import { knownName } from '../known-name.ts'
import { requireCounts, requireSeed, requireTimeout } from '../required.ts'
import { type CompareEvent, compareSystems } from './comparison.ts'
import { type ChosenSystem, type ComparedTarget, type ComparisonTerms, planSystem } from './plan.ts'

/** The systems to compare, and how; every member except `targets` has a default. */
export interface CompareDraft {
  /** Systems by name or path, with their settings: `['raft', { name: 'quorum', settings: { r: 1, w: 1 } }]`. */
  readonly targets: readonly (string | NamedPart)[]
  /** Faults by name; by default partition, isolate-leader, kill, pause and delay. */
  readonly faults?: readonly string[] | undefined
  /** The network between the nodes; `local` by default. */
  readonly network?: string | undefined
  /** Whether to run real processes, one run at a time. By default, runs are in virtual time, on all cores. */
  readonly real?: boolean | undefined
  /** The number of nodes; by default, each system's own. */
  readonly nodes?: number | undefined
  /** The number of clients; 15 by default. */
  readonly clients?: number | undefined
  /** Operations per second of all clients together; 300 by default. */
  readonly rate?: number | undefined
  /** The duration of each run in milliseconds; 6,000 by default. */
  readonly timeMs?: number | undefined
  /** How long a client waits for an answer, in milliseconds; 1,000 by default. */
  readonly timeoutMs?: number | undefined
  /** The number of runs of each system under each fault; 3 by default. */
  readonly seeds?: number | undefined
  /** The first seed; 1 by default. */
  readonly seed?: number | undefined
  /** The clients' workload, such as `write-skew`; by default registers and, in separate runs, sets. */
  readonly workload?: string | NamedPart | undefined
  /** The level to check against; by default each system's promise. */
  readonly expect?: string | undefined
}

/** The user's own targets, and the means to observe and stop the comparison. */
export interface CompareSettings extends Pick<Config, 'targets'> {
  readonly listener?: ((event: CompareEvent) => void) | undefined
  /** When aborted, no further run begins; the measurements so far are compared. */
  readonly signal?: AbortSignal | undefined
}

/** The defaults of a comparison. */
export const USUAL_TERMS = {
  faults: ['partition', 'isolate-leader', 'kill', 'pause', 'delay'],
  network: 'local',
  clients: 15,
  rate: 300,
  timeMs: 6_000,
  timeoutMs: 1_000,
  seeds: 3,
  seed: 1,
} as const

const SHORTEST_MS = 1_000

/**
 * Measures systems side by side, without and with faults, with several seeds.
 *
 * @throws UserError (usage, input) for an impossible comparison, before anything is started; (environment) for a system
 * that does not start, or breaks.
 */
export async function compare(draft: CompareDraft, settings: CompareSettings = {}): Promise<Comparison> {
  const { listener, signal } = settings
  const own: OwnNames = { targets: settings.targets, where: 'compare', directory: '.' }
  const terms = termsOf(draft, own)
  const faults = (draft.faults ?? USUAL_TERMS.faults).map((name) => nemesisNamed(name))
  if (draft.targets.length === 0) throw usageError('"targets" names nothing to compare. Name at least one system.')
  const systems: ComparedTarget[] = []
  for (const part of draft.targets)
    systems.push(await planSystem(await chosenSystem(part, own, terms.real), faults, terms))
  const conditions = [CALM, ...faults.map(({ name }) => name)]
  return compareSystems({ ...terms, systems, conditions }, { listener, signal })
}

function termsOf(draft: CompareDraft, own: OwnNames): ComparisonTerms {
  const { network = USUAL_TERMS.network, timeMs = USUAL_TERMS.timeMs, timeoutMs = USUAL_TERMS.timeoutMs } = draft
  const { clients = USUAL_TERMS.clients, rate = USUAL_TERMS.rate } = draft
  const { seeds = USUAL_TERMS.seeds, seed = USUAL_TERMS.seed } = draft
  requireCounts({ clients, rate, seeds, nodes: draft.nodes })
  requireSeed(seed)
  if (!(timeMs >= SHORTEST_MS))
    throw usageError(
      `timeMs: ${timeMs} is too short: a system cannot fail, notice the failure and recover in less than a second. Give ${SHORTEST_MS} or more.`,
    )
  requireTimeout(timeoutMs)
  const known = networks.map(({ name }) => name)
  return {
    sweep: undefined,
    network: knownName(`network: ${network}`, 'network', network, known),
    real: draft.real === true,
    nodes: draft.nodes,
    clients,
    rate,
    timeMs: millis(timeMs),
    timeoutMs: millis(timeoutMs),
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
    workload:
      draft.workload === undefined ? undefined : { name: nameIn(draft.workload), settings: settingsIn(draft.workload) },
    expect: draft.expect,
    registries: registriesOf(own),
  }
}

function nemesisNamed(name: string): (typeof nemeses)[number] {
  const known = knownName(
    `faults: ${name}`,
    'fault',
    name,
    nemeses.map((nemesis) => nemesis.name),
  )
  const found = nemeses.find((nemesis) => nemesis.name === known)
  if (found === undefined) throw new Error(`faults: ${known}: no nemesis has this name`)
  return found
}

async function chosenSystem(part: string | NamedPart, own: OwnNames, real: boolean): Promise<ChosenSystem> {
  const name = nameIn(part) ?? ''
  const registries = registriesOf(own)
  const settings = settingsIn(part)
  const typed = [name, ...Object.entries(settings).map(([setting, value]) => `${setting}=${value}`)]
  const target = await registries.target(name)
  settingsFor(target, settings)
  const reference = nameIn(withPaths({ target: name }, own).target) ?? name
  // Throws if the system is not a protocol: only protocols can be simulated.
  if (!real) await registries.target(`${SIMULATED}${name}`)
  return {
    ...{ name: typed.join(' '), typed: typed.join(':'), value: undefined, curve: undefined },
    ...{ target, reference, settings },
  }
}
