import { type Random, type TrafficFault, Trigger } from '@chaosproxy/faults'

/** A fault in force, with its counts over all its links. */
export interface Standing<Fault> {
  readonly fault: Fault
  readonly appliedAtMs: number
  hits: number
  /** How often it was selected but could not hit. */
  missed: number
  /** The latest reason for a miss. */
  missedBecause: string | undefined
  /** The latest requests that it hit, oldest first. */
  readonly recent: HitRequest[]
}

/** A request that a fault hit, directly or through its response. */
export interface HitRequest {
  /** The number of the hit, from 1. */
  readonly number: number
  /** `GET /kv/x`, or the statement. */
  readonly request: string
}

/** A connection's place on a link, which has random streams of its own. */
export interface Seat {
  /** Among all connections that the link has had, from 1. */
  readonly number: number
}

/** How many of the hit requests a fault keeps, and how much of each. */
const MOST_RECENT = 8
const LONGEST_REQUEST = 210

/**
 * A fault on one link. It counts the messages that match it as their senders sent them, whatever other rules do to them,
 * and chooses the ones to hit. It hits only if it then acts.
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

  /**
   * Whether it chooses a message that matches. Call it once for each, because a call counts.
   *
   * @param earlier messages before it in its direction and connection.
   */
  chooses(seat: Seat, nowMs: number, earlier = 0): boolean {
    return this.#trigger.strikes(nowMs - this.standing.appliedAtMs, () => this.randomFor(seat).next(), earlier)
  }

  /** The connection's own random stream, so that connections do not affect each other's draws. */
  randomFor(seat: Seat): Random {
    let random = this.#randoms.get(seat)
    if (random === undefined) {
      random = this.#random.fork(String(seat.number))
      this.#randoms.set(seat, random)
    }
    return random
  }

  /** A delay plus or minus up to the jitter, uniformly distributed. */
  drawDelayMs({ delayMs, jitterMs }: { readonly delayMs: number; readonly jitterMs: number }, seat: Seat): number {
    const spreadMs = jitterMs === 0 ? 0 : jitterMs * (2 * this.randomFor(seat).next() - 1)
    return Math.max(0, delayMs + spreadMs)
  }

  /** @param request what it hit, if it can be named. */
  hit(request?: string): void {
    const { standing } = this
    standing.hits++
    if (request === undefined) return
    standing.recent.push({ number: standing.hits, request: request.slice(0, LONGEST_REQUEST) })
    if (standing.recent.length > MOST_RECENT) standing.recent.shift()
  }

  /** Turns its last hit into a miss: what it hit cannot be hit after all. */
  takeBack(because: string): void {
    this.standing.hits--
    this.standing.recent.pop()
    this.miss(because)
  }

  /** Counts a message that it should have hit and cannot. */
  miss(because: string): void {
    this.standing.missed++
    this.standing.missedBecause = because
  }
}

/**
 * What a rule does to a message: nothing, or nothing yet (it counts its hit itself); something; or it ends the message,
 * by a reply or by losing it.
 */
export type Effect = 'none' | 'acts' | 'ends'

/**
 * Carries out the rules that chose a message, in order. The first that ends it acts alone: what those before it did
 * shows nowhere, and those after it have nothing to act on.
 */
export function carryOut<Kind extends Rule<TrafficFault>>(
  chosen: readonly Kind[],
  suffer: (rule: Kind) => Effect,
  request?: string,
): void {
  const acted: Kind[] = []
  for (const rule of chosen) {
    const effect = suffer(rule)
    if (effect === 'acts') acted.push(rule)
    if (effect !== 'ends') continue
    rule.hit(request)
    return
  }
  for (const rule of acted) rule.hit(request)
}
