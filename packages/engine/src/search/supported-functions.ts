import { usageError } from '@chaosproxy/history'
import { type SearchedProtocol, whyUnaskable } from '@chaosproxy/simulator'
import { workloads } from '@chaosproxy/workloads'

/** @throws UserError (usage) if the workload calls functions that the protocol's clients lack. */
export function requireSupportedFunctions(
  subject: Pick<SearchedProtocol, 'workload' | 'level' | 'protocol' | 'settings' | 'targetSettings'>,
): void {
  const why = whyUnaskable(subject)
  if (why === undefined) return
  const { protocol, workload, settings } = subject
  const needless = workload.settings.find(
    (setting) =>
      'min' in setting &&
      setting.min === 0 &&
      whyUnaskable({ ...subject, settings: { ...settings, [setting.name]: 0 } }) === undefined,
  )
  const fitting = workloads.filter((each) => whyUnaskable({ ...subject, workload: each, settings: {} }) === undefined)
  const instead =
    needless !== undefined
      ? `--workload-set ${needless.name}=0 leaves that out.`
      : fitting.length === 0
        ? 'List in its "functions" what clients can call, and give a workload of your own that calls those.'
        : `Workloads that suit it: ${fitting.map(({ name }) => name).join(', ')}.`
  throw usageError(`${protocol.name} ${why}, which the workload ${workload.name} needs. ${instead}`)
}
