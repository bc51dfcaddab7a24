import type { Registries } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets/named'
import { targetNamed } from './registry.ts'

/** Resolves the names in a spec: built-in names, and names of the user's files. */
export const registries: Registries = {
  target: targetNamed,
  workload: workloadOf,
}
