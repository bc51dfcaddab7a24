import { type Completion, inputError, type UserError } from '@chaosproxy/history'
import type { Request } from '@chaosproxy/runner'
import { judgeAnswer } from '@chaosproxy/workloads'

/** The prefix of client names in reads before the run, which are repeated until a node of the cluster answers. */
export const BEFORE = 'before-'

interface Pending {
  readonly request: Request
  readonly timer: NodeJS.Timeout
  readonly completed: (completion: Completion) => void
}

/** The pending requests to a user's client. A client that never answers proves nothing, and counts as broken. */
interface UserRequests {
  count(): number
  /**
   * Adds a request and returns its number. Calls `late` if the request is not settled in time. If the client is closed,
   * loses the request and returns undefined.
   */
  add(
    request: Request,
    completed: (completion: Completion) => void,
    limit: { readonly afterMs: number; readonly late: (id: number) => void },
  ): number | undefined
  isPending(id: number): boolean
  settle(id: number, completion: Completion): void
  /** Settles a request with the value that the client returned. Returns what is wrong with the value, if anything. */
  answered(id: number, value: unknown): string | undefined
  /**
   * Notes that the client returned no value. Ends the request with the completion if it is known, and otherwise gives
   * the request up.
   */
  failed(id: number, error: string, completion?: Completion): void
  /** Gives up a request. Its outcome is unknown, unless the request changes nothing. */
  lose(id: number, error: string): void
  /** Gives up all pending and future requests as lost. */
  close(error: string): void
  isClosed(): boolean
  /** Reports once that the client is broken, and closes it. */
  breakDown(error: UserError): void
}

/** After this number of operations without any answer, the client is reported as broken. */
const MOST_FAILURES = 50

export function createUserRequests(named: string, broke: (error: UserError) => void): UserRequests {
  const pending = new Map<number, Pending>()
  let count = 0
  let closed = false
  let failures = 0
  let hasAnswered = false
  function settle(id: number, completionFor: (request: Request) => Completion): void {
    const waiting = pending.get(id)
    if (waiting === undefined) return
    pending.delete(id)
    clearTimeout(waiting.timer)
    waiting.completed(completionFor(waiting.request))
  }
  const lose = (id: number, error: string) => settle(id, (request) => lost(request, error))
  function close(error: string): void {
    closed = true
    for (const id of [...pending.keys()]) lose(id, error)
  }
  function breakDown(error: UserError): void {
    if (closed) return
    close(error.message)
    broke(error)
  }
  return {
    count: () => count,
    add(request, completed, { afterMs, late }) {
      if (closed) {
        setImmediate(completed, lost(request, 'the client is broken'))
        return undefined
      }
      const id = count++
      pending.set(id, { request, completed, timer: setTimeout(late, afterMs, id) })
      return id
    },
    isPending: (id) => pending.has(id),
    settle: (id, completion) => settle(id, () => completion),
    answered(id, value) {
      const waiting = pending.get(id)
      if (waiting === undefined) return undefined
      const judged = judgeAnswer(waiting.request.input, value)
      if (judged.type === 'broken') return judged.why
      hasAnswered = true
      settle(id, () => judged)
      return undefined
    },
    failed(id, error, completion) {
      const session = pending.get(id)?.request.session
      // While a cluster is not serving yet, failures say nothing about the client.
      if (pending.has(id) && !hasAnswered && !session?.client.startsWith(BEFORE) && ++failures === MOST_FAILURES)
        breakDown(
          inputError(
            `${named} has answered none of its first ${MOST_FAILURES} operations. The last one failed because: ${error}`,
          ),
        )
      settle(id, (request) => completion ?? lost(request, error))
    },
    lose,
    close,
    isClosed: () => closed,
    breakDown,
  }
}

const lost = ({ harmless }: Request, error: string): Completion => ({ type: harmless ? 'fail' : 'info', error })
