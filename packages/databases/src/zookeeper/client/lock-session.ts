import type { NodeAddress, OperationTime } from '@chaosproxy/targets/database'
import type { Operation } from './replies.ts'
import { type Asking, openSessions, type SessionTrouble } from './session.ts'
import { remove } from './znodes.ts'

/**
 * The session of a client's locks, which pings keep alive. If its connection breaks, the next request opens another
 * session, and the locks are lost.
 */
export interface LockSession {
  /** Returns a sender for the requests of an operation. It sends them one at a time. */
  within(time: OperationTime): Asking
  /** Removes a node after the current request. The caller does not wait for the removal. */
  abandon(path: string): void
  close(): void
}

const PINGS = 3
const NOTHING = Buffer.alloc(0)

export function openLockSession(address: NodeAddress, ttlMs: number): LockSession {
  const sessions = openSessions(address, ttlMs)
  let underWay: Promise<unknown> | undefined
  let pinging: NodeJS.Timeout | undefined
  let isClosed = false

  function send(operation: Operation, record: Buffer, timeoutMs: number): Promise<Buffer | SessionTrouble> {
    if (isClosed) return Promise.resolve({ type: 'fail', error: 'client closed' })
    // A request also keeps the session alive, so no ping is needed while one is in progress.
    pinging ??= setInterval(() => {
      if (underWay === undefined) send('ping', NOTHING, ttlMs)
    }, ttlMs / PINGS)
    return awaited(sessions.begin(timeoutMs).ask(operation, record))
  }

  /** Makes the next request wait for `answer`, and returns `answer`. */
  function awaited<T>(answer: Promise<T>): Promise<T> {
    const over = answer.then(() => {
      if (underWay === over) underWay = undefined
    })
    underWay = over
    return answer
  }

  return {
    within: (time) => ({
      ...time,
      async ask(operation, record) {
        if (underWay !== undefined) await either(underWay, time.remainingMs())
        if (underWay !== undefined) return { type: 'fail', error: 'not sent: the server has not answered a ping' }
        return send(operation, record, time.remainingMs())
      },
    }),
    abandon(path) {
      const asking: Pick<Asking, 'ask'> = { ask: (operation, record) => send(operation, record, ttlMs) }
      awaited((underWay ?? Promise.resolve()).then(() => remove(asking, path)))
    },
    close() {
      isClosed = true
      clearInterval(pinging)
      sessions.close()
    },
  }
}

async function either(awaited: Promise<unknown>, mostMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, mostMs)
  })
  await Promise.race([awaited, late])
  clearTimeout(timer)
}
