import { type Caller, callerInWords, type Json, UserError } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import { decimal, LARGEST_FRACTION } from '../object/model/decimal.ts'
import {
  type Called,
  type Ended,
  GivenUp,
  Impossible,
  type ObjectMonitor,
  type OnlineRoom,
  tooMuch,
} from '../online/object-monitor.ts'
import { capital } from '../verdict/words.ts'
import { counter } from './counter.ts'
import { amountOf, counterNumbers, READ, SLACK, startOf } from './operations.ts'
import { createTally, type Tally } from './tally.ts'

/** An operation in flight. */
interface Asked {
  readonly caller: Caller
  readonly call: number
  /** What it adds; undefined for a read. */
  readonly amount: number | undefined
  /** What had been counted when it was called; by tally if there were several. */
  readonly least: number | ReadonlyMap<Tally, number>
  /** The sums acknowledged when it was called. */
  readonly done: Sums
  /** How many additions had been called by then; undefined if some were open. */
  readonly quiet: number | undefined
}

/** Increases and decreases apart. */
interface Sums {
  readonly up: number
  readonly down: number
}

const nothing: Sums = { up: 0, down: 0 }

const plus = ({ up, down }: Sums, amount: number, times = 1): Sums =>
  amount > 0 ? { up: decimal(up + times * amount), down } : { up, down: decimal(down + times * amount) }

/** Initial values tried at most. */
const MOST_STARTS = 64

/**
 * Counters. If all additions have the same amount, a violation is reported at the very event after which `check` would
 * report one. If amounts differ, a read is only held to what was acknowledged before its call and asked for by its return,
 * and the answer is `not certain` once additions were open meanwhile. If the initial value is unknown, the first read
 * tells it; if additions of different amounts are open then, the key is given up.
 */
export const counterRoom: OnlineRoom<Asked> = {
  model: counter.name,
  functions: counter.functions,
  knows: (f) => Object.hasOwn(counterNumbers, f),
  observes: (f) => counterNumbers[f] === READ,
  mayLackInput: () => true,
  monitors({ initial, retainAtMost }) {
    const start = isUnknownStart(initial) ? undefined : startOf(initial)
    return (of) => watchCounter(start, of, retainAtMost)
  },
}

/** The state of one counter. */
interface Counting {
  readonly of: string
  readonly start: number | undefined
  /** One for each initial value that may have been; empty once amounts differ. */
  tallies: readonly Tally[]
  /** Additions in flight, in order of call. */
  readonly flights: Set<Asked>
  /** Those in flight or of unknown outcome. */
  open: number
  called: number
  unit: number | undefined
  /** Once amounts differ: the initial value, if it is known. */
  mixed: { start: number | undefined } | undefined
  asked: Sums
  done: Sums
  doubt: string | undefined
}

function watchCounter(start: number | undefined, of: string, retainAtMost: number): ObjectMonitor<Asked> {
  const counting: Counting = {
    of,
    start,
    tallies: [createTally(start)],
    flights: new Set(),
    open: 0,
    called: 0,
    unit: undefined,
    mixed: undefined,
    asked: nothing,
    done: nothing,
    doubt: undefined,
  }
  const retained = (): number =>
    counting.flights.size + counting.tallies.reduce((total, tally) => total + tally.retained(), 0)
  return {
    called: (operation) => (retained() >= retainAtMost ? tooMuch(retainAtMost) : begin(counting, operation)),
    ended(flight, ending) {
      const { amount } = flight
      if (amount === undefined) return ending.type === 'ok' ? wasRead(counting, flight, ending) : undefined
      return amount === 0 ? undefined : wasAdded(counting, flight, amount, ending.type)
    },
    doubt: () => counting.doubt,
    retained,
  }
}

function begin(counting: Counting, { position, event: caller, f, input }: Called): Asked | GivenUp {
  const { tallies } = counting
  const amount = counterNumbers[f] === READ ? undefined : amountIn(f, input ?? null, position)
  const [only] = tallies
  const least = tallies.length > 1 ? new Map(tallies.map((tally) => [tally, tally.count()])) : (only?.count() ?? 0)
  const quiet = counting.open === 0 ? counting.called : undefined
  const flight: Asked = { caller, call: position, amount, least, done: counting.done, quiet }
  if (amount === undefined || amount === 0) return flight
  counting.called++
  counting.asked = plus(counting.asked, amount)
  counting.flights.add(flight)
  counting.open++
  counting.unit ??= amount
  const isAlike = counting.mixed !== undefined || amount === counting.unit
  return isAlike ? flight : (mix(counting) ?? flight)
}

/** From now on, amounts differ. */
function mix(counting: Counting): GivenUp | undefined {
  const [only] = counting.tallies
  if (counting.tallies.length !== 1) return UNKNOWN
  if (only.isOwing()) counting.doubt = AMOUNTS
  counting.mixed = { start: only.start }
  counting.tallies = []
  return undefined
}

function wasRead(counting: Counting, read: Asked, { output, position }: Ended): Impossible | GivenUp | undefined {
  const { start, unit = 0, mixed } = counting
  const said = output ?? start ?? 0
  if (typeof said !== 'number')
    throw new UserError('input', `event ${position}: a read returns a number, not ${JSON.stringify(said)}.`)
  const value = decimal(said)
  const isExact = Number.isInteger(value) && Number.isInteger(unit) ? Number.MAX_SAFE_INTEGER : LARGEST_FRACTION
  if (Math.abs(value) > isExact) {
    counting.doubt ??= TOO_LARGE
    return undefined
  }
  return mixed === undefined ? readAlike(counting, read, value, position) : readMixed(counting, read, value, mixed)
}

function readAlike(counting: Counting, read: Asked, value: number, position: number): Impossible | GivenUp | undefined {
  const { tallies, open, unit } = counting
  const [first] = tallies
  if (first.start === undefined) return suppose(counting, read, value, position)
  const fits = tallies.filter((tally) => {
    const steps = stepsTo(value, tally.start ?? 0, unit)
    return steps !== undefined && steps >= leastOf(read, tally) && tally.raise(steps, position, open)
  })
  if (fits.length === 0)
    return new Impossible(`${didRead(counting, read, value)}, but ${allowed(counting, read, first)}.`)
  counting.tallies = fits
  return undefined
}

/** The additions between an initial value and another; undefined if no number of them fits. */
function stepsTo(value: number, from: number, unit: number | undefined): number | undefined {
  const offset = decimal(value - from)
  const steps = unit === undefined ? 0 : Math.round(offset / unit)
  return decimal(steps * (unit ?? 0)) === offset ? steps : undefined
}

/** The first read: every initial value that fits it is tried from here on. */
function suppose(counting: Counting, read: Asked, value: number, position: number): GivenUp | undefined {
  const { open, unit } = counting
  const [tally] = counting.tallies
  const least = leastOf(read, tally)
  const most = tally.count() + open
  if (most - least >= MOST_STARTS) return UNKNOWN
  counting.tallies = Array.from({ length: unit === undefined ? 1 : most - least + 1 }, (_, i) => {
    const counted = unit === undefined ? 0 : least + i
    const from = tally.from(decimal(value - counted * (unit ?? 0)))
    from.raise(counted, position, open)
    return from
  })
  return undefined
}

function allowed({ tallies, open, unit = 0 }: Counting, read: Asked, tally: Tally): string {
  if (tallies.length > 1) return 'no value at the start explains what was read by then'
  const [least, most] = [leastOf(read, tally), tally.most(open)].map((steps) =>
    decimal((tally.start ?? 0) + steps * unit),
  )
  return `the additions allow only ${least === most ? least : `${Math.min(least, most)} to ${Math.max(least, most)}`}`
}

/** Additions differ in amount: a read is only held to what must, and what may, have been added. */
function readMixed(
  counting: Counting,
  read: Asked,
  value: number,
  mixed: { start: number | undefined },
): Impossible | GivenUp | undefined {
  const { asked, done, called } = counting
  const isQuiet = read.quiet === called
  if (mixed.start === undefined) {
    if (!isQuiet) return UNKNOWN
    mixed.start = decimal(value - done.up - done.down)
    return undefined
  }
  const least = decimal(mixed.start + read.done.up + asked.down)
  const most = decimal(mixed.start + asked.up + read.done.down)
  if (Math.max(Math.abs(least), Math.abs(most)) > Number.MAX_SAFE_INTEGER) counting.doubt ??= TOO_LARGE
  else if (value < least - SLACK || value > most + SLACK)
    return new Impossible(`${didRead(counting, read, value)}, but the additions allow only ${least} to ${most}.`)
  if (!isQuiet) counting.doubt ??= AMOUNTS
  return undefined
}

function wasAdded(counting: Counting, addition: Asked, amount: number, type: Ended['type']): Impossible | undefined {
  const { flights, of } = counting
  const { call, caller } = addition
  flights.delete(addition)
  if (type === 'ok') {
    counting.open--
    counting.done = plus(counting.done, amount)
    for (const tally of counting.tallies) tally.acknowledged(call)
  } else if (type === 'info') for (const tally of counting.tallies) tally.abandoned(call)
  else if (!hasFailed(counting, amount))
    return new Impossible(
      `${capital(callerInWords(caller))}'s addition${of} certainly failed, but what was read includes it.`,
    )
  const [oldest] = flights
  for (const tally of counting.tallies) tally.settle(oldest?.call ?? Number.POSITIVE_INFINITY)
  return undefined
}

/** Whether what was read is possible without an addition of that amount. */
function hasFailed(counting: Counting, amount: number): boolean {
  const { tallies, flights } = counting
  counting.open--
  counting.asked = plus(counting.asked, amount, -1)
  const calls = Array.from(flights, (flight) => flight.call)
  counting.tallies = tallies.filter((tally) => tally.failed(calls))
  return tallies.length === 0 || counting.tallies.length > 0
}

const didRead = ({ of }: Counting, { caller }: Asked, value: number): string =>
  `${capital(callerInWords(caller))} read ${value}${of}`

const leastOf = ({ least }: Asked, tally: Tally): number =>
  typeof least === 'number' ? least : (least.get(tally) ?? 0)

function amountIn(f: string, value: Json, position: number): number {
  if (value !== null && typeof value !== 'number')
    throw new UserError('input', `event ${position}: an amount is a number, not ${JSON.stringify(value)}.`)
  return decimal(amountOf({ f, value }))
}

const UNKNOWN = new GivenUp('its initial value is not known, and additions overlap its first read')
const AMOUNTS = 'additions of different amounts overlap a read, which is held only to their bounds'
const TOO_LARGE = 'its values are too large to be added exactly'
