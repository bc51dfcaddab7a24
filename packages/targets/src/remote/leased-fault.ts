import { setTimeout as pause } from 'node:timers/promises'
import { environmentError, isObject, type UserError } from '@chaosproxy/history'
import { type ControlClient, parseAnswer, refusal } from '@chaosproxy/proxy/client'

/** A fault on another host, in force while its lease is renewed. */
export interface LeasedFault {
  /**
   * Heals the fault. Resolves once the fault has ended, or once the proxy can no longer be asked whether the fault has
   * ended. Later calls return the same promise.
   */
  end(): Promise<LeasedEnd>
}

/** How a leased fault ended. Times are those of `performance.now()`. */
export interface LeasedEnd {
  readonly hits: number
  readonly lost?:
    | {
        readonly why: string
        /** When the fault was last known to be in force. */
        readonly knownMs: number
        /** When the fault was first known to have ended, if known. */
        readonly overMs?: number | undefined
      }
    | undefined
}

interface LeasedOptions {
  readonly client: ControlClient
  readonly place: string
  readonly owner: string
  readonly leaseMs: number
  readonly fault: { readonly kind: string; readonly name: string; readonly [member: string]: unknown }
}

/** The number of renewals within the time of a lease. */
const RENEWALS = 3
/** The minimum time limit of the first request. Before its reply, there is no lease to renew. */
const GRANTED_WITHIN_MS = 5_000
/** After a lease has run out, its proxy reports the end of the fault within this time. */
const GRACE_MS = 1_000
const PAUSE_MS = 50

/**
 * Puts a fault in force, and renews its lease. The proxy heals the fault if the lease is not renewed in time. Without a
 * reply, the fault may have been in force, and `end` reports this.
 *
 * @throws UserError if the proxy cannot be reached or refuses the fault, which is then not in force.
 */
export async function beginLeasedFault(options: LeasedOptions): Promise<LeasedFault> {
  const { client, leaseMs, owner, fault, place } = options
  const granted = await client.ask('POST', '/v1/leases', {
    body: { owner, ttlMs: leaseMs },
    timeoutMs: Math.max(leaseMs, GRANTED_WITHIN_MS),
  })
  if (granted.status !== 201) throw refused(granted.status, granted.text)
  const lease = idIn(parseAnswer(granted.text, place))
  if (lease === undefined) throw environmentError(`${place} granted no lease. Check that a chaos proxy listens there.`)
  const requestedMs = performance.now()
  const injected = await client
    .ask('POST', '/v1/faults', { body: { ...fault, lease }, timeoutMs: leaseMs })
    .catch((error: Error) => error)
  const doubtful = (why: string) => new Leased(options, lease, { knownMs: requestedMs, hits: 0, why })
  const endLease = () => client.ask('DELETE', leasePath(lease), { timeoutMs: leaseMs }).catch(() => {})
  if (injected instanceof Error) return doubtful(injected.message)
  if (injected.status === 404) return doubtful(RAN_OUT)
  if (injected.status !== 201) {
    await endLease()
    throw refused(injected.status, injected.text)
  }
  const hits = hitsIn(injected.text, place)
  // A reset ends immediately, and leaves nothing in force.
  if (fault.kind === 'reset') {
    await endLease()
    return { end: async () => ({ hits }) }
  }
  return new Leased(options, lease, { knownMs: requestedMs, hits, why: undefined })
}

const RAN_OUT = 'its lease ran out'

interface Known {
  readonly knownMs: number
  readonly hits: number
  /** Why the fault may have ended early, or may never have been in force. Undefined if neither is possible. */
  readonly why: string | undefined
}

class Leased implements LeasedFault {
  readonly #options: LeasedOptions
  readonly #lease: string
  readonly #stop = new AbortController()
  readonly #renewing: Promise<void>
  #known: Known
  #overMs: number | undefined
  #lastError = ''
  #ending: Promise<LeasedEnd> | undefined

  constructor(options: LeasedOptions, lease: string, known: Known) {
    this.#options = options
    this.#lease = lease
    this.#known = known
    // If it is unknown whether the fault was ever in force, its lease is not renewed.
    this.#renewing = known.why === undefined ? this.#renew() : Promise.resolve()
  }

  end(): Promise<LeasedEnd> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #renew(): Promise<void> {
    const { leaseMs } = this.#options
    const { signal } = this.#stop
    let waitMs = leaseMs / RENEWALS
    while (!signal.aborted && this.#overMs === undefined) {
      await pause(waitMs, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      waitMs = (await this.#look('POST', `${leasePath(this.#lease)}/renew`)) ? leaseMs / RENEWALS : PAUSE_MS
    }
  }

  /**
   * Renews or ends the lease, and notes whether the fault was still in force. Resolves with whether the proxy was
   * reached.
   */
  async #look(method: 'POST' | 'DELETE', path: string): Promise<boolean> {
    const { client, place, fault, leaseMs, owner } = this.#options
    const timeoutMs = leaseMs / RENEWALS
    try {
      const requestedMs = performance.now()
      const seen = await client.ask('GET', `/v1/faults/${encodeURIComponent(fault.name)}`, { timeoutMs })
      if (seen.status === 200) this.#known = { ...this.#known, knownMs: requestedMs, hits: hitsIn(seen.text, place) }
      else if (seen.status !== 404) throw refused(seen.status, seen.text)
      const leased = await client.ask(method, path, { timeoutMs })
      if (leased.status === 404)
        this.#isOver(`${RAN_OUT} at ${place}: it was not renewed within ${leaseMs} ms, or that proxy was started anew`)
      else if (leased.status >= 400) throw refused(leased.status, leased.text)
      else if (seen.status === 404) this.#isOver(`someone other than ${owner} healed it at ${place}`)
      else if (method === 'DELETE') this.#overMs = performance.now()
      return true
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error)
      return false
    }
  }

  #isOver(why: string): void {
    this.#overMs = performance.now()
    this.#known = { ...this.#known, why: this.#known.why ?? why }
  }

  async #end(): Promise<LeasedEnd> {
    this.#stop.abort()
    await this.#renewing
    const { leaseMs } = this.#options
    // Without renewals, the proxy ends the fault by this time, even if the proxy cannot be reached.
    const outMs = performance.now() + leaseMs + GRACE_MS
    while (this.#overMs === undefined) {
      if (await this.#look('DELETE', leasePath(this.#lease))) break
      if (performance.now() > outMs) break
      await pause(PAUSE_MS)
    }
    const { hits, knownMs, why } = this.#known
    if (this.#overMs === undefined) {
      const { place } = this.#options
      return { hits, lost: { knownMs, why: `contact with the proxy at ${place} was lost: ${this.#lastError}` } }
    }
    return why === undefined ? { hits } : { hits, lost: { knownMs, overMs: this.#overMs, why } }
  }
}

const leasePath = (lease: string): string => `/v1/leases/${encodeURIComponent(lease)}`

const refused = (status: number, text: string): UserError =>
  refusal(status, text, { words: { host: '"control"', token: '"token"', authorities: '"ca"' }, hasToken: true })

function idIn(value: unknown): string | undefined {
  const id = isObject(value) ? value['id'] : undefined
  return typeof id === 'string' ? id : undefined
}

function hitsIn(text: string, place: string): number {
  const value = parseAnswer(text, place)
  const hits = isObject(value) ? value['hits'] : undefined
  return typeof hits === 'number' ? hits : 0
}
