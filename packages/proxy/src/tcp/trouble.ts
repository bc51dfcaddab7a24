import type { ProxyClock } from '../link/clock.ts'

/** A connection failure whose cause is not a fault. */
export interface Trouble {
  readonly type: 'dial-failed' | 'accept-failed' | 'tls-missing' | 'misread' | 'reader-failed'
  readonly link: string
  /** `host:port` of the upstream that was dialled, or else of the listener. */
  readonly address: string
  /** The system's error code: ECONNREFUSED, ETIMEDOUT, EMFILE, … */
  readonly code: string
  readonly why: string
  /** The number of failures of this kind since the last report. */
  readonly count: number
}

export type TroubleListener = (trouble: Trouble) => void

export interface TroubleReporter {
  note(trouble: Omit<Trouble, 'count' | 'why' | 'code'>, error: NodeJS.ErrnoException): void
  close(): void
}

/** The interval of combined reports. The first failure of a kind is reported immediately. */
const TELL_EVERY_MS = 1_000

const TOO_MANY = 'too many open files: raise the limit (ulimit -n), or let fewer clients come at once'

const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'the server did not answer in time',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
  ENOTFOUND: 'the name is not known',
  EADDRNOTAVAIL: 'no local port is left to dial from',
  ECONNRESET: 'the server hung up before the connection was open',
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
  TLS_MISSING:
    'a client asked for TLS and hung up: the proxy has no certificate. Let the client use plaintext (sslmode=disable), or let the proxy listen with --listen tls://HOST:PORT',
}

/** The failures of clients whose protocol or login does not work through the proxy. */
export const MISREAD = {
  http2: {
    code: 'HTTP2_ON_HTTP',
    why: 'a client speaks HTTP/2 (such as gRPC), but this proxy passes HTTP/2 on unread, so request faults do not affect it. Let the proxy read HTTP/2: --carries http2',
  },
  'channel-binding': {
    code: 'CHANNEL_BINDING',
    why: 'a client binds its SCRAM password to TLS, which ends at this proxy, so that the server refuses the login: connect with channel_binding=disable',
  },
} as const

export function createTroubleReporter(clock: ProxyClock, report: TroubleListener): TroubleReporter {
  /** Kinds of failures that were reported recently, each with the number of failures since then. */
  const recent: Map<string, { count: number; cancel: () => void }> = new Map()

  function reportLater(key: string, trouble: Omit<Trouble, 'count'>): () => void {
    return clock.after(TELL_EVERY_MS, () => {
      const entry = recent.get(key)
      if (entry === undefined || entry.count === 0) {
        recent.delete(key)
        return
      }
      report({ ...trouble, count: entry.count })
      recent.set(key, { count: 0, cancel: reportLater(key, trouble) })
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
      report({ ...trouble, count: 1 })
      recent.set(key, { count: 0, cancel: reportLater(key, trouble) })
    },
    close() {
      for (const { cancel } of recent.values()) cancel()
      recent.clear()
    },
  }
}
