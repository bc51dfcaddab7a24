import type { NodeId } from '@chaosproxy/faults'
import { addressText } from '@chaosproxy/history'
import {
  bodyIn,
  bodyOf,
  type CommandNode,
  httpAnswer,
  listIn,
  type RoleWatch,
  watchRoles,
} from '@chaosproxy/targets/database'

/**
 * Watches which server leads the clients' stream. While this stream does not exist, watches which server leads NATS's
 * meta group, which places streams. Two servers may both report for seconds that they lead.
 */
export function watchNatsRoles(nodes: readonly CommandNode<string>[]): RoleWatch {
  return watchRoles({
    nodes,
    role: { by: 'http', path: PATH, leads: '^leads' },
    async ask({ id, addresses: { monitor: address } }) {
      const answer = address === undefined ? undefined : await httpAnswer(`http://${addressText(address)}${PATH}`)
      return answer === undefined ? undefined : roleIn(answer, id)
    },
  })
}

const PATH = '/jsz?accounts=true&streams=true'

function roleIn(answer: string, id: NodeId): string | undefined {
  const body = bodyOf(answer.slice(answer.indexOf('\n')))
  if (body === undefined) return undefined
  const streams = listIn(body, 'account_details').flatMap((account) => listIn(account, 'stream_detail'))
  const [stream] = streams
  const [what, group] =
    stream === undefined
      ? ['the placement of streams', bodyIn(body, 'meta_cluster')]
      : [String(stream['name']), bodyIn(stream, 'cluster')]
  const leader = group['leader']
  return leader === id ? `leads ${what}` : `${String(leader ?? 'nobody')} leads ${what}`
}
