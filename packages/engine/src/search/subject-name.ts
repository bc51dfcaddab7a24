import {
  awaitsOf,
  besidesOf,
  hasAssertions,
  isService,
  loadService,
  type Probing,
  parseServiceReference,
  type Service,
} from '@chaosproxy/node-simulator'
import { findProtocol, type KnobValue, type ProtocolDefinition } from '@chaosproxy/protocols'
import { guardProtocol, type SearchedProtocol, type TrialChoices } from '@chaosproxy/simulator'
import { loadProtocol, loadWorkload } from '@chaosproxy/targets'
import type { Settings, Workload } from '@chaosproxy/workloads'
import { type ServiceWatch, startsOf } from './service-subject.ts'

/** The subject of a search by its names, so that it can be sent to another thread. */
export interface SubjectName {
  /** A name, or the path of a file. */
  readonly target: string
  readonly bug: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly level: string
  /** A name, or the path of a file. */
  readonly workload: string
  readonly settings: Settings
  readonly nodes: number | undefined
  readonly operations: number
  readonly choices?: TrialChoices | undefined
}

const loaded = new Map<string, Promise<ProtocolDefinition>>()
const loadedWorkloads = new Map<string, Promise<Workload>>()

/**
 * `watch` is told of what programs do, if the subject is a service; `probing` says how closely.
 *
 * @throws UserError (usage, input) if there is no such protocol, service or workload.
 */
export async function subjectOf(
  name: SubjectName,
  watch: ServiceWatch = {},
  probing?: Probing,
): Promise<SearchedProtocol> {
  const workload = await workloadNamed(name.workload)
  const named = { ...name, workload, workloadReference: name.workload }
  if (!isService(name.target)) return { ...named, protocol: await guardedProtocol(name.target) }
  const service = await serviceNamed(name.target, probing)
  return {
    ...named,
    protocol: service.definition,
    ...startsOf(service, named, watch),
    besides: besidesOf(service),
    awaits: awaitsOf(service),
    asserts: hasAssertions(service),
  }
}

/** What a run of programs may depend on besides its seed; undefined for a protocol, which is pure. */
export const nodeVersionOf = (target: string): string | undefined => (isService(target) ? process.version : undefined)

const services = new Map<string, Promise<Service>>()

/** Bundled once, like the files of protocols. @throws UserError (input) for a program that cannot be read. */
export function serviceNamed(reference: string, probing?: Probing): Promise<Service> {
  const name = `${probing ?? ''} ${reference}`
  const loading = services.get(name) ?? loadService(parseServiceReference(reference), probing)
  services.set(name, loading)
  return loading
}

/** Loads each file only once, however many scenarios use it. */
export function workloadNamed(reference: string): Promise<Workload> {
  const loading = loadedWorkloads.get(reference) ?? loadWorkload(reference)
  loadedWorkloads.set(reference, loading)
  return loading
}

/** @throws UserError (usage, input) if there is no such protocol. */
export function guardedProtocol(target: string): Promise<ProtocolDefinition> {
  const loading = loaded.get(target) ?? loadGuarded(target)
  loaded.set(target, loading)
  return loading
}

/** Guards users' own protocols against whatever makes a run unrepeatable; built-in protocols need no guard. */
async function loadGuarded(target: string): Promise<ProtocolDefinition> {
  const protocol = await loadProtocol(target)
  return findProtocol(target) === protocol ? protocol : guardProtocol(protocol)
}
