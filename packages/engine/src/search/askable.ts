import { UserError } from '@chaosproxy/history'
import { type SearchedProtocol, whyUnaskable } from '@chaosproxy/simulator'
import { workloads } from '@chaosproxy/workloads'

/** @throws UserError (usage) for a workload that asks for what the protocol's clients cannot ask for. */
export function requireAskable(
  subject: Pick<SearchedProtocol, 'workload' | 'level' | 'protocol' | 'settings' | 'knobs'>,
): void {
  const why = whyUnaskable(subject)
  if (why === undefined) return
  const { protocol, workload } = subject
  const fitting = workloads.filter((each) => whyUnaskable({ ...subject, workload: each, settings: {} }) === undefined)
  const instead =
    fitting.length === 0
      ? 'Say in its "functions" what it can be asked, and give a workload of your own that asks for it.'
      : `Workloads that suit it: ${fitting.map(({ name }) => name).join(', ')}.`
  throw new UserError('usage', `${protocol.name} ${why}, as the workload ${workload.name} does. ${instead}`)
}
