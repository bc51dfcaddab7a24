import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'

/** Clients that wait for an answer. */
export interface Requests {
  /** The id of a new request; undefined where too many wait already. */
  open(answer: (result: Completion) => void): string | undefined
  /** The first answer counts; later ones, and those to requests of an earlier life, go nowhere. */
  answer(requestId: string, result: Completion): void
}

const MAX_REQUESTS = 10_000

/**
 * Ids are unique over restarts: no two incarnations share a process id and a start time. They begin with the node's name,
 * by which a protocol is not blamed for a late answer to what it was asked in an earlier life.
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
