import type { FaultKind, FaultOfKind, TrafficFault, Trigger } from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos, type Nanos } from '@chaosproxy/history'
import type { Parcel } from './parcel.ts'

/** A fault in effect on some links; `hits` counts the messages that it affected. */
export interface StandingFault {
  hits: number
  readonly fault: TrafficFault
  readonly appliedAt: Nanos
}

/** A fault on one link, with its own count of the link's messages. */
export interface Placed {
  readonly standing: StandingFault
  readonly trouble: Trouble
  readonly trigger: Trigger
}

/** A message at its departure, with the effects of faults. Times are in nanoseconds. */
export interface Passage {
  readonly n: number
  readonly honest: Parcel
  /** The message that arrives; undefined if none does. */
  parcel: Parcel | undefined
  besides: Parcel | undefined
  delay: number
  departure: number
  overtakenBy: number
  copies: number
  copiedAfter: number
}

export interface TroubledLink {
  strikes(placed: Placed, question: number, n: number): boolean
  /**
   * Returns a random number, uniform in [0, 1), for a message that a fault hits. It is derived from the random number
   * that decided the hit.
   */
  share(probability: number | undefined, question: number, n: number): number
  /** Returns a random time around `middleMs`, in nanoseconds, never negative. */
  spread(middleMs: Millis, jitterMs: Millis, question: number, n: number): number
  /** Returns the time at which a link of this bandwidth has transmitted the message and all earlier ones. */
  passed(message: unknown, departure: number, bytesPerSecond: number): number
  /** Returns the message with some values replaced by false ones, if possible. */
  falsified(parcel: Parcel, fields: number, n: number): Parcel | undefined
  /** Loses the message. Its addressee sees a broken connection. */
  lose(parcel: Parcel): void
}

/**
 * The effect of a kind of fault on the messages of a link. Kinds use different random numbers, so that faults strike
 * independently.
 */
export interface Trouble<Kind extends FaultKind = FaultKind> {
  /** Whether the fault affects replies. Even then, the fault names its links in the direction of the requests. */
  readonly onReplies?: true
  /**
   * Whether the fault holds messages back. The link sends the held messages once none of its faults holds messages any
   * more.
   */
  readonly holds?: true
  /** Whether the nth message is lost or held. Called before `changes`. */
  stops?(
    fault: FaultOfKind<Kind>,
    placed: Placed,
    link: TroubledLink,
    n: number,
    parcel: Parcel,
  ): 'lost' | 'held' | undefined
  changes?(fault: FaultOfKind<Kind>, placed: Placed, link: TroubledLink, passage: Passage): void
}

// Each kind of random decision about a message has its own number and, by this number, its own random stream. The
// numbers 0 and 11 belong to network.ts.
const JITTER = 1
const LOSS = 2
const COPY = 3
const OVERTAKING = 4
const DAMAGE = 5
const REQUEST_LOSS = 6
const REPLY_LOSS = 7
const SLOWNESS = 8
const SLOWNESS_JITTER = 9
const FORGERY = 10
const OWN = 12

/** The maximum time to the first copy of a message, and between copies, in nanoseconds. */
const LATEST_COPY_NANOS = 50e6

export const messageTroubles: { readonly [Kind in FaultKind]?: Trouble<Kind> } = {
  partition: {
    holds: true,
    stops({ mode }, { standing }) {
      standing.hits++
      return mode === 'drop' ? 'lost' : 'held'
    },
  },
  blackhole: {
    stops(_, { standing }) {
      standing.hits++
      return 'lost'
    },
  },
  latency: {
    changes({ latencyMs, jitterMs }, { standing }, link, passage) {
      standing.hits++
      passage.delay += link.spread(latencyMs, jitterMs, JITTER, passage.n)
    },
  },
  bandwidth: {
    changes({ bytesPerSecond }, { standing }, link, passage) {
      standing.hits++
      passage.departure = link.passed(passage.honest.message, passage.departure, bytesPerSecond)
    },
  },
  'drop-message': { stops: (_, placed, link, n) => (hits(placed, link, LOSS, n) ? 'lost' : undefined) },
  'duplicate-message': {
    changes({ copies, when }, placed, link, passage) {
      if (!hits(placed, link, COPY, passage.n)) return
      // The message and its copies follow each other at equal intervals. The length of the interval is random.
      passage.copies += copies
      passage.copiedAfter = Math.round(LATEST_COPY_NANOS * link.share(when?.probability, COPY, passage.n))
    },
  },
  'reorder-message': {
    changes({ withinMs, when }, placed, link, passage) {
      if (!hits(placed, link, OVERTAKING, passage.n)) return
      const share = link.share(when?.probability, OVERTAKING, passage.n)
      passage.overtakenBy = Math.round(millisToNanos(withinMs) * share)
    },
  },
  'delay-message': { changes: delays },
  'corrupt-message': {
    changes(_, placed, link, { n, honest }) {
      if (hits(placed, link, DAMAGE, n)) honest.damage()
    },
  },
  'forge-message': {
    changes({ fields, besides }, placed, link, passage) {
      if (!hits(placed, link, FORGERY, passage.n)) return
      passage[besides ? 'besides' : 'parcel'] = link.falsified(passage.honest, fields, passage.n)
    },
  },
  // Receivers drop a forgery. A message that is replaced by a forgery is thus lost, and an additional forgery has no
  // effect.
  'forge-signed-message': {
    changes({ besides }, placed, link, passage) {
      if (hits(placed, link, FORGERY, passage.n)) passage[besides ? 'besides' : 'parcel'] = undefined
    },
  },
  'lose-request': {
    stops: ({ silence }, placed, link, n, parcel) => loses(hits(placed, link, REQUEST_LOSS, n), silence, link, parcel),
  },
  'delay-request': { changes: delays },
  'lose-reply': {
    onReplies: true,
    stops: ({ silence }, placed, link, n, parcel) => loses(hits(placed, link, REPLY_LOSS, n), silence, link, parcel),
  },
  'delay-reply': { onReplies: true, changes: delays },
}

/** The effect of a user-defined fault on simulated messages; `share` is drawn for each message, uniform in [0, 1). */
export interface SimulatedHarm<Harm> {
  loses?(harm: Harm, share: number): boolean
  delayMs?(harm: Harm, share: number): number
}

/** Adds the effect of a user-defined kind of fault on the messages of a link. */
export function addTrouble<Harm>(kind: string, { loses, delayMs }: SimulatedHarm<Harm>): void {
  type Own = Harm & { readonly when?: { readonly probability?: number | undefined } | undefined }
  const shareOf = ({ when }: Own, link: TroubledLink, n: number) => link.share(when?.probability, OWN, n)
  const open: { [kind: string]: unknown } = messageTroubles
  open[kind] = {
    stops(harm: Own, placed: Placed, link: TroubledLink, n: number): 'lost' | undefined {
      if (loses === undefined || !link.strikes(placed, OWN, n) || !loses(harm, shareOf(harm, link, n))) return undefined
      placed.standing.hits++
      return 'lost'
    },
    changes(harm: Own, placed: Placed, link: TroubledLink, passage: Passage): void {
      if (delayMs === undefined || !hits(placed, link, OWN, passage.n)) return
      passage.delay += millisToNanos(millis(delayMs(harm, shareOf(harm, link, passage.n))))
    },
  }
}

/** Whether a fault strikes the nth message. Counts the hit. */
function hits(placed: Placed, link: TroubledLink, question: number, n: number): boolean {
  const strikes = link.strikes(placed, question, n)
  if (strikes) placed.standing.hits++
  return strikes
}

function delays(
  { delayMs, jitterMs }: FaultOfKind<'delay-message' | 'delay-request' | 'delay-reply'>,
  placed: Placed,
  link: TroubledLink,
  passage: Passage,
): void {
  if (!hits(placed, link, SLOWNESS, passage.n)) return
  passage.delay += link.spread(delayMs, jitterMs, SLOWNESS_JITTER, passage.n)
}

function loses(
  isHit: boolean,
  silence: FaultOfKind<'lose-request' | 'lose-reply'>['silence'],
  link: TroubledLink,
  parcel: Parcel,
): 'lost' | undefined {
  if (!isHit) return undefined
  if (silence === 'reset') link.lose(parcel)
  return 'lost'
}
