import type { RunDraft } from '@chaosproxy/runner'
import type { ClusterDeclaration } from '@chaosproxy/targets'
import type { WorkloadModule } from '@chaosproxy/workloads'
import type { Extension } from '../extend/extension.ts'
import type { ServiceDeclaration } from '../references/services.ts'
import type { ConfiguredRecording, ConfiguredUpstream, HeldToBaseline } from './members.ts'

interface ConfiguredRun extends RunDraft, HeldToBaseline {}

/** The export of a `chaos.config.ts`: settings shared by its runs. A run or the command line may override them. */
export interface Config extends RunDraft, HeldToBaseline {
  /** The path of the schema, for editors. */
  readonly $schema?: string | undefined
  /** The user's targets: a cluster's declaration, or the path of a file with a declaration or a protocol. */
  readonly targets?: { readonly [name: string]: string | ClusterDeclaration } | undefined
  /** The user's own workloads, or the paths of their files. */
  readonly workloads?: { readonly [name: string]: string | WorkloadModule } | undefined
  /** The user's own Node services. `chaos simulate NAME` searches a service for violations; `service:NAME` is a target. */
  readonly services?: { readonly [name: string]: ServiceDeclaration } | undefined
  /** The servers of `chaos record` and `chaos proxy`, by name. */
  readonly upstreams?: { readonly [name: string]: ConfiguredUpstream } | undefined
  /** The requirements for recordings of `chaos record`. */
  readonly recording?: ConfiguredRecording | undefined
  /** Other extensions, made by `define…` functions: faults, nemeses, recorded protocols, models, reporters, stories. */
  readonly extend?: readonly Extension[] | undefined
  /** The settings of runs, by the name of the run. The command `chaos run nightly` performs the run `nightly`. */
  readonly runs?: { readonly [name: string]: ConfiguredRun } | undefined
  /** The directory for the directories of runs; by default `chaos-results`. */
  readonly out?: string | undefined
}

/** Returns the configuration unchanged: editors complete its members, and the compiler checks it. */
export const defineConfig = (config: Config): Config => config
