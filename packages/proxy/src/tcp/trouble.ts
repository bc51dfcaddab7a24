import type { ProxyClock } from '../clock.ts'

/** What kept a connection from coming about, though no fault asked for it. */
export interface Trouble {
  readonly type: 'dial-failed' | 'accept-failed'
  /** The link that clients dial: `clients>db`. */
  readonly link: string
  /** The upstream that was dialled, or where clients come in: `host:port`. */
  readonly address: string
  /** As the system has it: ECONNREFUSED, ETIMEDOUT, EMFILE, … */
  readonly code: string
  /** The same for people, with what to do where that is known. */
  readonly why: string
  /** How often it happened since it was told last. */
  readonly count: number
}

export type TroubleListener = (trouble: Trouble) => void

/** Tells of trouble, but not of each instance where there are many. */
export interface TroubleReporter {
  note(trouble: Omit<Trouble, 'count' | 'why' | 'code'>, error: NodeJS.ErrnoException): void
  /** Nothing is told any more. */
  close(): void
}

/** The first of a kind is told at once; those after it together, this much later, and so on while there are more. */
const TELL_EVERY_MS = 1_000

const TOO_MANY = 'too many open files: raise the limit (ulimit -n), or let fewer clients come at once'

const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'the name is not known',
  EADDRNOTAVAIL: 'no local port is left to dial from',
  ECONNRESET: 'it hung up before the connection was there',
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
}

export function createTroubleReporter(clock: ProxyClock, tell: TroubleListener): TroubleReporter {
  /** Kinds told lately: what has come since, and what waits to tell it. */
  const recent: Map<string, { count: number; cancel: () => void }> = new Map()

  function tellLater(key: string, trouble: Omit<Trouble, 'count'>): () => void {
    return clock.after(TELL_EVERY_MS, () => {
      const entry = recent.get(key)
      if (entry === undefined || entry.count === 0) {
        recent.delete(key)
        return
      }
      tell({ ...trouble, count: entry.count })
      recent.set(key, { count: 0, cancel: tellLater(key, trouble) })
    })
  }

  return {
    note(where, error) {
      const code = error.code ?? error.name
      const key = JSON.stringify([where, code])
      const entry = recent.get(key)
      if (entry !== undefined) {
        entry.count++
        return
      }
      const trouble = { ...where, code, why: REASONS[code] ?? error.message }
      tell({ ...trouble, count: 1 })
      recent.set(key, { count: 0, cancel: tellLater(key, trouble) })
    },
    close() {
      for (const { cancel } of recent.values()) cancel()
      recent.clear()
    },
  }
}
