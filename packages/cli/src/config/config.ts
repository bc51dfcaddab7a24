import type { RunDraft } from '@chaosproxy/runner'
import type { ClusterDeclaration } from '@chaosproxy/targets'
import type { WorkloadModule } from '@chaosproxy/workloads'

/** What a `chaos.config.ts` exports: what its runs have in common, which a run and the command line may override. */
export interface Config extends RunDraft {
  /** For editors. */
  readonly $schema?: string | undefined
  /** Systems of one's own: a cluster's declaration, or the path of a file with one or with a protocol. */
  readonly targets?: { readonly [name: string]: string | ClusterDeclaration } | undefined
  /** Workloads of one's own, or the paths of their files. */
  readonly workloads?: { readonly [name: string]: string | WorkloadModule } | undefined
  /** Runs by name: `chaos run nightly`. */
  readonly runs?: { readonly [name: string]: RunDraft } | undefined
  /** Where to make the directories of runs; `chaos-results`. */
  readonly out?: string | undefined
}

/** The configuration as it is: for editors to complete, and for the compiler to check. */
export const defineConfig = (config: Config): Config => config
