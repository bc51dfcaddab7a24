import type { ProtocolSettingValue } from '@chaosproxy/protocols'
import type { TrialChoices } from '@chaosproxy/simulator'
import type { Settings } from '@chaosproxy/workloads'

/** The subject of a search by its names, so that it can be sent to another thread. */
export interface SubjectName {
  /** The name of a target, or the path of a file. */
  readonly target: string
  readonly bug: string | undefined
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  readonly level: string
  /** The name of a workload, or the path of a file. */
  readonly workload: string
  readonly settings: Settings
  readonly nodes: number | undefined
  readonly operations: number
  readonly choices?: TrialChoices | undefined
}
