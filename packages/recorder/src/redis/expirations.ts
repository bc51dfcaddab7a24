import { foundOrMade, type Json, type Nanos } from '@chaosproxy/history'
import type { Completions, Interpretation } from '../record/call.ts'
import { partOf } from '../record/completions.ts'
import type { Expiry } from '../record/expiry.ts'
import { type CommandOperation, elementOf, isList } from './answers.ts'
import type { Lifetime } from './lifetime.ts'
import { seenBy } from './lifetimes.ts'

/**
 * A time to live and the position of its reply. In a transaction, `at` is the index of the reply in the list that EXEC
 * returns. Outside transactions, `at` is undefined.
 */
export interface PlacedLifetime {
  readonly lifetime: Lifetime
  readonly at: number | undefined
}

export interface ExpirationsOptions {
  readonly now: () => Nanos
  /** Records that a key may expire from now on. */
  readonly open: (key: string) => Expiry
}

/**
 * A time to live that is, or may be, in force. `dueAt` and `requestedAt` are times of the clock. `calledAt`,
 * `returnedAt` and `openedAt` are moments: numbers that count requests and replies.
 */
interface Setter {
  readonly lifetime: Lifetime
  /** The earliest time at which the server may remove the key. */
  dueAt: number
  readonly requestedAt: number
  readonly calledAt: number
  /** The moment of the reply. Until then, it is uncertain whether the time to live is set. */
  returnedAt: number
  expiry: Expiry | undefined
  openedAt: number
  /** Whether a client saw the key absent after this time to live was requested. */
  wasSeen: boolean
  /** Whether an unanswered operation may depend on the key's absence. */
  isUnsure: boolean
}

/** An expiry without further effect. Operations in progress may still have seen the key absent. */
interface Over {
  readonly setter: Setter
  readonly key: string
  readonly overAt: number
  /**
   * Whether a command found the key absent or overwrote it at `overAt`. The expiry may then end as `ok`, because an
   * expiry just before an overwrite has no effect.
   */
  readonly isForced: boolean
}

/** The minimum rate of the recorder's clock relative to a server's clock. */
const CLOCK_RATE = 0.99
/** A server reads its clock at most this many milliseconds before it replies. */
const CLOCK_AGE_MS = 10
const NEVER = Number.POSITIVE_INFINITY
const NOTHING_KNOWN = { returnedAt: NEVER, expiry: undefined, openedAt: NEVER, wasSeen: false, isUnsure: false }
/** Maximum number of times to live that are tracked exactly. Any further one may end at any time after it is set. */
const MOST_SETTERS = 100_000

/**
 * Tracks the times to live that recorded commands set. A key exists until its time to live ends. From then on the key
 * may be absent, until a command certainly ends or replaces the time to live.
 *
 * The possible removal of the key is recorded as an operation, its expiry. To keep unread keys cheap, the expiry is
 * invoked only at the next command on the key. The expiry ends as `fail` if no client can have seen the key absent.
 * Otherwise it ends as `ok` if a command found the key absent or overwrote the key. In all other cases, it stays open.
 * The expiry of a hash's field never ends as `fail`.
 */
export class Expirations {
  readonly #options: ExpirationsOptions
  readonly #setters: Map<string, Setter[]> = new Map()
  readonly #underWay: Set<number> = new Set()
  #over: Over[] = []
  readonly #nodes: Set<string> = new Set()
  #moment = 0
  #held = 0

  constructor(options: ExpirationsOptions) {
    this.#options = options
  }

  node(name: string): void {
    this.#nodes.add(name)
  }

  /** Call when a request with operations arrives. Returns the number to pass to `ended`. */
  called(parts: readonly CommandOperation[], lifetimes: readonly PlacedLifetime[]): number {
    const moment = ++this.#moment
    this.#underWay.add(moment)
    if (this.#held !== 0) this.#openDue(parts, moment)
    for (const { lifetime } of lifetimes) {
      if (this.#setters.has(lifetime.key)) this.#openDueOf(lifetime.key, moment)
      const requestedAt = this.#options.now()
      const dueAt = dueAfter(requestedAt, lifetime.afterMs)
      this.#hold(lifetime.key, { ...NOTHING_KNOWN, lifetime, dueAt, requestedAt, calledAt: moment })
    }
    return moment
  }

  #hold(key: string, setter: Setter): void {
    foundOrMade(this.#setters, key, () => []).push(setter)
    this.#held++
    if (this.#held <= MOST_SETTERS) return
    setter.dueAt = setter.requestedAt
    this.#openDueOf(key, setter.calledAt)
  }

  /** Call when a field is first seen. It expires with its hash. */
  field(key: string, field: string): void {
    for (const setter of [...(this.#setters.get(key) ?? [])]) {
      const isOpen = setter.expiry !== undefined
      const expiry = isOpen ? this.#options.open(field) : undefined
      // The field is new, so no operation on the field was called before this moment.
      const openedAt = isOpen ? this.#moment : NEVER
      const lifetime = { ...setter.lifetime, key: field, isInHash: true as const }
      this.#hold(field, { ...setter, lifetime, expiry, openedAt })
    }
  }

  /** Call when a key has a time to live that no recorded command set, such as one from before the recording. */
  lasting(lifetime: Lifetime): void {
    const placed = { lifetime, at: undefined }
    this.ended(this.called([], [placed]), { parts: [], lifetimes: [placed] }, undefined, null)
  }

  isLasting(key: string): boolean {
    return this.#setters.has(key)
  }

  explains(key: string): boolean {
    return this.#setters.get(key)?.some(({ expiry }) => expiry !== undefined) === true
  }

  /**
   * For each key of the operations whose time to live has ended, records that this key may expire from now on. Call
   * before `ended`, because the reply may show an expired key as absent.
   */
  answering(parts: readonly CommandOperation[]): void {
    if (this.#held !== 0) this.#openDue(parts, ++this.#moment)
  }

  /** Call when a request is answered, before any client sees the reply. */
  ended(
    calledAt: number,
    {
      parts,
      lifetimes,
    }: { readonly parts: readonly CommandOperation[]; readonly lifetimes: readonly PlacedLifetime[] },
    completions: Completions | undefined,
    answer: Json | undefined,
  ): void {
    const moment = ++this.#moment
    this.#underWay.delete(calledAt)
    if (this.#held === 0) return
    for (const [i, part] of parts.entries()) {
      const completion = partOf(completions, i)
      if (typeof part.call.key !== 'string') continue
      const setters = this.#setters.get(part.call.key)
      if (setters === undefined) continue
      const isCarriedOut = completion?.type === 'ok'
      const sees = isCarriedOut && parts.length === 1 ? part.sees?.(answer ?? null) : undefined
      const isAbsent = isCarriedOut && (sees ?? seenBy(part, completion)) === 'nothing'
      const isClear =
        isCarriedOut && part.call.harmless !== true && part.keepsTimeToLive !== true && !isSame(completion)
      const isLost = completion?.type !== 'ok' && completion?.type !== 'fail'
      for (const setter of [...setters]) {
        if (isAbsent) setter.wasSeen = true
        if (isLost && part.call.harmless !== true && part.call.f !== 'write') setter.isUnsure = true
        // The absence of a field does not mean that its hash is absent.
        const isEnded = isClear || (isAbsent && part.isField !== true)
        if (!isEnded || setter.returnedAt > calledAt) continue
        const isForced = setter.openedAt <= calledAt && (isAbsent || part.call.f === 'write')
        this.#isOver(part.call.key, setter, { overAt: moment, isForced })
      }
    }
    for (const placed of lifetimes) this.#answered(placed, calledAt, moment, answer)
    this.#settle()
  }

  #answered({ lifetime, at }: PlacedLifetime, calledAt: number, moment: number, answer: Json | undefined): void {
    const own = at !== undefined && isList(answer) ? answer[at] : answer
    // The hash may have expired before this command. A write to another field may have created the hash again.
    if (this.#setters.has(lifetime.key)) this.#openDueOf(lifetime.key, moment)
    const setters = this.#setters.get(lifetime.key) ?? []
    // Without a reply, the key may have the new or the old time to live, so both stay in force.
    if (own === undefined) return
    const isSet = lifetime.isSet(own)
    const left = lifetime.left?.(own)
    for (const setter of [...setters]) {
      if (setter.lifetime === lifetime) {
        if (left !== undefined) setter.dueAt = dueAfter(setter.requestedAt, left)
        if (isSet !== false) setter.returnedAt = moment
        else this.#isOver(lifetime.key, setter, { overAt: moment, isForced: false })
      } else if (isSet === true && setter.returnedAt < calledAt && setter.lifetime.isOfField === lifetime.isOfField)
        this.#isOver(lifetime.key, setter, { overAt: moment, isForced: false })
    }
  }

  #openDue(parts: readonly CommandOperation[], moment: number): void {
    for (const { call } of parts) if (typeof call.key === 'string') this.#openDueOf(call.key, moment)
  }

  #openDueOf(key: string, moment: number): void {
    const setters = this.#setters.get(key)
    if (setters === undefined) return
    const now = this.#options.now()
    for (const setter of setters) {
      if (setter.expiry !== undefined || now < setter.dueAt) continue
      setter.expiry = this.#options.open(key)
      setter.openedAt = moment
    }
  }

  #isOver(key: string, setter: Setter, how: Pick<Over, 'overAt' | 'isForced'>): void {
    if (setter.expiry === undefined) this.#forget(key, setter)
    else if (!this.#over.some((over) => over.setter === setter)) this.#over.push({ key, setter, ...how })
  }

  /**
   * Decides the outcome of past expiries. This must wait until all operations that may have seen a key absent have
   * ended.
   */
  #settle(): void {
    if (this.#over.length === 0) return
    const [oldest = NEVER] = this.#underWay
    const isSettled = ({ overAt }: Over): boolean => overAt < oldest
    const settled = this.#over.filter(isSettled)
    if (settled.length === 0) return
    this.#over = this.#over.filter((over) => !isSettled(over))
    for (const { key, setter, isForced } of settled) {
      this.#forget(key, setter)
      const isNeeded = setter.wasSeen || setter.isUnsure || this.#nodes.size > 1
      // Never end a field's expiry as `fail`: its hash may have expired unseen, and a write to another field may have
      // created the hash again, without this field.
      if (!isNeeded && setter.lifetime.isInHash !== true) setter.expiry?.ended('fail')
      else if (isForced) setter.expiry?.ended('ok')
    }
  }

  #forget(key: string, setter: Setter): void {
    const left = this.#setters.get(key)?.filter((other) => other !== setter) ?? []
    this.#held--
    if (left.length === 0) this.#setters.delete(key)
    else this.#setters.set(key, left)
  }
}

const dueAfter = (requestedAt: number, afterMs: number): number =>
  requestedAt + Math.max(0, afterMs * CLOCK_RATE - CLOCK_AGE_MS) * 1e6

/**
 * Whether the old and the new value of a swap are equal. Such a swap may have failed. A failed swap does not end the
 * key's time to live.
 */
function isSame(completion: Extract<Interpretation, { readonly type: 'ok' }>): boolean {
  if (!('value' in completion) || !Array.isArray(completion.value)) return false
  const [old, value] = completion.value
  return completion.value.length === 2 && JSON.stringify(old) === JSON.stringify(value)
}

/** Whether a reply shows that the time to live of a key was set. False for the time to live of a single field. */
export function isSetBy({ lifetime: { isSet, isOfField }, at }: PlacedLifetime, answer: Json): boolean {
  const own = at === undefined ? answer : elementOf(answer, at)
  return isOfField !== true && own !== undefined && isSet(own) === true
}
