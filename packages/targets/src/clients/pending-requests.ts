import type { Completion } from '@chaosproxy/history'
import type { Request } from '@chaosproxy/runner'

interface Pending {
  readonly request: Request
  readonly timer: NodeJS.Timeout
  readonly completed: (completion: Completion) => void
}

export interface PendingRequests {
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
  find(id: number): Request | undefined
  settle(id: number, completion: Completion): void
  /** Gives up a request. Its outcome is unknown, unless the request changes nothing. */
  lose(id: number, error: string): void
  /** Gives up all pending and future requests as lost. */
  close(error: string): void
  isClosed(): boolean
}

export function createPendingRequests(): PendingRequests {
  const pending = new Map<number, Pending>()
  let count = 0
  let closed = false

  function settle(id: number, completionFor: (request: Request) => Completion): void {
    const waiting = pending.get(id)
    if (waiting === undefined) return
    pending.delete(id)
    clearTimeout(waiting.timer)
    waiting.completed(completionFor(waiting.request))
  }

  const lose = (id: number, error: string): void => settle(id, (request) => lost(request, error))

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
    find: (id) => pending.get(id)?.request,
    settle: (id, completion) => settle(id, () => completion),
    lose,
    close(error) {
      closed = true
      for (const id of [...pending.keys()]) lose(id, error)
    },
    isClosed: () => closed,
  }
}

const lost = ({ harmless }: Request, error: string): Completion => ({ type: harmless ? 'fail' : 'info', error })
