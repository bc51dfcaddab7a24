import { type Random, type TrafficFault, Trigger } from '@chaosproxy/faults'
import { foundOrMade } from '@chaosproxy/history'

/** A fault in force, with its counts over all its links. */
export interface Standing<Fault> {
  readonly fault: Fault
  readonly appliedAtMs: number
  hits: number
  /** How often the fault was selected but could not hit. */
  missed: number
  missedBecause: string | undefined
  /** The requests that the fault hit last, oldest first. */
  readonly recent: HitRequest[]
}

/** A request that a fault hit, directly or through its response. */
export interface HitRequest {
  /** The number of this hit of the fault, from 1. */
  readonly number: number
  readonly request: string
}

/** The number of a connection among all connections of a link. Each rule has a random stream for each seat. */
export interface Seat {
  readonly number: number
}

/** Maximum number of hit requests that a fault remembers. Each is truncated to `LONGEST_REQUEST` characters. */
const MOST_RECENT = 8
const LONGEST_REQUEST = 210

/**
 * A fault on one link: chooses the messages to hit. It counts messages as they were sent, whatever other rules do to
 * them.
 */
export class Rule<Fault extends TrafficFault> {
  readonly standing: Standing<Fault>
  readonly fault: Fault
  readonly #trigger: Trigger
  readonly #random: Random
  readonly #randoms: WeakMap<Seat, Random> = new WeakMap()

  constructor(standing: Standing<Fault>, random: Random) {
    this.standing = standing
    this.fault = standing.fault
    this.#trigger = new Trigger(standing.fault.when)
    this.#random = random
  }

  chooses(seat: Seat, nowMs: number, earlier = 0): boolean {
    return this.#trigger.strikes(nowMs - this.standing.appliedAtMs, () => this.randomFor(seat).next(), earlier)
  }

  randomFor(seat: Seat): Random {
    return foundOrMade(this.#randoms, seat, () => this.#random.fork(String(seat.number)))
  }

  /** Draws a delay uniformly between `delayMs` - `jitterMs` and `delayMs` + `jitterMs`, but not below 0. */
  drawDelayMs({ delayMs, jitterMs }: { readonly delayMs: number; readonly jitterMs: number }, seat: Seat): number {
    const spreadMs = jitterMs === 0 ? 0 : jitterMs * (2 * this.randomFor(seat).next() - 1)
    return Math.max(0, delayMs + spreadMs)
  }

  /** @param request names the hit request. Absent if the request has no name. */
  hit(request?: string): void {
    const { standing } = this
    standing.hits++
    if (request === undefined) return
    standing.recent.push({ number: standing.hits, request: request.slice(0, LONGEST_REQUEST) })
    if (standing.recent.length > MOST_RECENT) standing.recent.shift()
  }

  takeBack(because: string): void {
    this.standing.hits--
    this.standing.recent.pop()
    this.miss(because)
  }

  /** Counts a message that the fault selected but cannot hit. */
  miss(because: string): void {
    this.standing.missed++
    this.standing.missedBecause = because
  }
}

/** What a rule did to a message. `none`: nothing, or nothing yet; a later effect is counted as a hit when it occurs. */
export type Effect = 'none' | 'acts' | 'ends'

/**
 * Applies the rules that selected a message, in order. If a rule keeps the message from its receiver, this rule alone
 * counts a hit, and the later rules are not applied.
 */
export function carryOut<Kind extends Rule<TrafficFault>>(
  chosen: readonly Kind[],
  apply: (rule: Kind) => Effect,
  request?: string,
): void {
  const acted: Kind[] = []
  for (const rule of chosen) {
    const effect = apply(rule)
    if (effect === 'acts') acted.push(rule)
    if (effect !== 'ends') continue
    rule.hit(request)
    return
  }
  for (const rule of acted) rule.hit(request)
}
