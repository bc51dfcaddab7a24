import { loadWorkload } from '@chaosproxy/targets/named'
import type { Workload } from '@chaosproxy/workloads'
import { searchedIn } from './registry.ts'
import type { SubjectName } from './subject-name.ts'
import type { Subject, Watching } from './world.ts'

const loadedWorkloads = new Map<string, Promise<Workload>>()

/** @throws UserError (usage, input) if there is no such protocol, service or workload. */
export async function subjectOf(name: SubjectName, watching?: Watching): Promise<Subject> {
  const workload = await workloadNamed(name.workload)
  const world = await searchedIn(name.target).open()
  const { protocol, subject } = await world.load(name.target, watching)
  return subject({ ...name, workload, workloadReference: name.workload, protocol })
}

export function workloadNamed(reference: string): Promise<Workload> {
  const loading = loadedWorkloads.get(reference) ?? loadWorkload(reference)
  loadedWorkloads.set(reference, loading)
  return loading
}
