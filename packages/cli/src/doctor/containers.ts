import type { Target } from '@chaosproxy/runner'
import { containerAllowances } from '@chaosproxy/targets'
import type { Finding } from './findings.ts'

/** A finding about containers, which concerns only targets that are made of them. */
export interface ContainerFinding extends Finding {
  readonly isNeeded: boolean
}

/** What the container engines of this machine allow; empty if there is none. */
export const containerFindings = (): readonly ContainerFinding[] =>
  containerAllowances().map(({ allowed, ...rest }) => ({ ok: allowed, ...rest }))

/** Whether a target that consists of containers has what it needs; true of any other. */
export const areAttachable = (declared: Target['declared'], findings: readonly ContainerFinding[]): boolean =>
  typeof declared !== 'object' ||
  declared === null ||
  !('compose' in declared || 'containers' in declared) ||
  (findings.length > 0 && findings.every(({ ok, isNeeded }) => ok || !isNeeded))
