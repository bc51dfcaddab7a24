import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'

export interface Requests {
  /** Returns the id of a new request, unless too many wait. */
  open(answer: (result: Completion) => void): string | undefined
  /** Answers a request. Later answers, and answers to an earlier life, are ignored. */
  answer(requestId: string, result: Completion): void
}

const MAX_REQUESTS = 10_000

/**
 * Ids are unique across restarts, because no two lives share both process id and start time. They begin with the node's
 * name, so that a late answer to an earlier life is not blamed on the protocol.
 */
export function createRequests(node: NodeId): Requests {
  const incarnation = `${node}.${process.pid.toString(36)}.${process.hrtime.bigint().toString(36)}`
  const answers = new Map<string, (result: Completion) => void>()
  let count = 0
  return {
    open(answer) {
      if (answers.size >= MAX_REQUESTS) return undefined
      const requestId = `${incarnation}.${count++}`
      answers.set(requestId, answer)
      return requestId
    },
    answer(requestId, result) {
      const answer = answers.get(requestId)
      answers.delete(requestId)
      answer?.(result)
    },
  }
}
