import type { ProtocolSettingValue } from '@chaosproxy/protocols'
import type { TrialChoices } from '@chaosproxy/simulator'
import type { Settings } from '@chaosproxy/workloads'

/** The subject of a search, described by names, so that other threads can load it. */
export interface SubjectName {
  readonly target: string
  readonly bug: string | undefined
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  readonly level: string
  readonly workload: string
  readonly settings: Settings
  readonly nodes: number | undefined
  readonly operations: number
  readonly choices?: TrialChoices | undefined
}
