import type { HttpFault } from '@chaosproxy/faults'
import type { Candidate } from './http-rule.ts'
import { editMessage, type Message, makeUpReply, mayHaveContent, statusLine, withFields } from './reply.ts'
import { planReply, type ReplyPlan } from './reply-fate.ts'
import type { Chances } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** What happens to a response after which the connection carries another protocol. */
export interface UpgradeFate extends Pick<ReplyPlan, 'lost' | 'delay'> {
  readonly reply: UpgradeReply
}

export interface UpgradeReply extends Message {
  readonly status: number
}

/** Whether a response changes the protocol of the connection: a 101 response, or success of a CONNECT. */
export const changesProtocol = ({ switches, method }: HttpTurn, status: number): boolean =>
  switches && (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300))

/**
 * Applies each fault to a response that changes the protocol. Later bytes belong to the new protocol, so a fault either
 * acts on the head or misses.
 */
export function planUpgrade(
  candidates: readonly Candidate[],
  turn: HttpTurn,
  original: UpgradeReply,
  chances: Chances,
): UpgradeFate {
  const { lost, delay, others = [] } = planReply(candidates, turn, chances) ?? {}
  if (lost !== undefined) return { lost, delay: undefined, reply: original }
  let reply = original
  for (const { rule, state } of others) {
    if (state !== 'chosen') continue
    const changed = changedBy(rule.fault, turn, reply)
    if (changed === undefined) rule.miss('the reply switches the protocol and has no body')
    else {
      reply = changed
      rule.hit(turn.name)
    }
  }
  return { lost, delay, reply }
}

/** Applies a fault to the head of a response; undefined if the fault cannot act on it. */
function changedBy(fault: HttpFault, turn: HttpTurn, reply: UpgradeReply): UpgradeReply | undefined {
  if (fault.kind === 'error-status') {
    const refusal = makeUpReply(fault.status, fault.body, { close: true, method: turn.method })
    return withFields(refusal, fault.headers)
  }
  if (fault.kind !== 'edit-reply') return undefined
  const { headers, body } = fault
  const status = fault.status ?? reply.status
  const firstLine = fault.status === undefined ? undefined : statusLine(status)
  if (changesProtocol(turn, status)) {
    if (headers === undefined && firstLine === undefined) return undefined
    return { ...editMessage(reply, { headers, content: 'same', firstLine }).message, status }
  }
  const content = mayHaveContent(status) ? Buffer.from(body ?? '') : 'none'
  const closing = { Upgrade: null, Connection: 'close' }
  const refusal = editMessage(reply, { headers: closing, content, firstLine }).message
  return { ...editMessage(refusal, { headers, content: 'same' }).message, status }
}
