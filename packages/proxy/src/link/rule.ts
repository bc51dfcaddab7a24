import { type Random, type TrafficFault, Trigger } from '@chaosproxy/faults'

/** A fault in force, with its counts over all its links. */
export interface Standing<Fault> {
  readonly fault: Fault
  readonly appliedAtMs: number
  hits: number
  /** The number of times that the fault was selected but could not hit. */
  missed: number
  missedBecause: string | undefined
  /** The requests that the fault hit last, oldest first. */
  readonly recent: HitRequest[]
}

/** A request that a fault hit, directly or through its response. */
export interface HitRequest {
  /** The number of this hit among the fault's hits, counted from 1. */
  readonly number: number
  /** The request's name: `GET /kv/x`, or the statement. */
  readonly request: string
}

/** The place of a connection on a link. Each connection has its own random streams there. */
export interface Seat {
  /** The connection's number among all connections that the link has had, counted from 1. */
  readonly number: number
}

/** Maximum number of hit requests that a fault remembers. Each is truncated to `LONGEST_REQUEST` characters. */
const MOST_RECENT = 8
const LONGEST_REQUEST = 210

/**
 * A fault on one link. It selects messages to hit among those that match it. For this, it counts messages as their
 * senders sent them, without the effects of other rules. A selected message counts as hit only if the fault then acts.
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
   * Whether the fault chooses a matching message. Call it once for each message, because each call counts.
   *
   * @param earlier the number of earlier messages in the message's direction and connection.
   */
  chooses(seat: Seat, nowMs: number, earlier = 0): boolean {
    return this.#trigger.strikes(nowMs - this.standing.appliedAtMs, () => this.randomFor(seat).next(), earlier)
  }

  /** Returns the connection's own random stream, so that connections do not affect each other's draws. */
  randomFor(seat: Seat): Random {
    let random = this.#randoms.get(seat)
    if (random === undefined) {
      random = this.#random.fork(String(seat.number))
      this.#randoms.set(seat, random)
    }
    return random
  }

  /** Draws a delay uniformly between `delayMs` - `jitterMs` and `delayMs` + `jitterMs`, but not below 0. */
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

  /** Turns the last hit into a miss, because the fault could not act on the message after all. */
  takeBack(because: string): void {
    this.standing.hits--
    this.standing.recent.pop()
    this.miss(because)
  }

  /** Counts a message that the fault should have hit but cannot hit. */
  miss(because: string): void {
    this.standing.missed++
    this.standing.missedBecause = because
  }
}

/**
 * The effect of a rule on a message. `none`: no effect, or an effect whose hit the rule counts itself later. `acts`:
 * the rule changes or delays the message. `ends`: the rule replies to the message or drops it.
 */
export type Effect = 'none' | 'acts' | 'ends'

/**
 * Applies, in order, the rules that selected a message. If a rule ends the message, only this rule counts as a hit: the
 * effects of earlier rules are lost, and later rules have no message to act on.
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
