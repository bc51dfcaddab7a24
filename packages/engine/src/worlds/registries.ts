import type { Registries } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets/named'
import { targetNamed } from './registry.ts'

/** Resolves all that a spec can name: built-in names and the user's files. */
export const registries: Registries = {
  target: targetNamed,
  workload: workloadOf,
}
