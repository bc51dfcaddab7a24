import { floorDivide, MICROS_PER_SECOND } from './calendar.ts'

// This file derives the offsets of the IANA time zones from the runtime's Intl.

const SECONDS_TO_2000 = 946_684_800
/** The period of the Gregorian calendar in seconds, after which all zone rules repeat. */
const CYCLE_SECONDS = 146_097 * 86_400
/**
 * `FIRST` and `LAST` are in seconds since 2000. Before `FIRST`, every zone has its local mean time. From `LAST` on, the
 * zone's current rules repeat.
 */
const FIRST = -200 * 31_557_600
const LAST = 100 * 31_557_600
/** Seconds between two samples of a zone's offset. Zones change their offset less often. */
const STEP_SECONDS = 7 * 86_400

export class ZoneRules {
  readonly #format: Intl.DateTimeFormat
  /**
   * By the number of a period of `STEP_SECONDS`, counted from 2000: the zone's offset at the start of the period, and
   * the change of the offset during the period, if any.
   */
  readonly #steps = new Map<number, { readonly offset: number; readonly change: Change | undefined }>()

  constructor(format: Intl.DateTimeFormat) {
    this.#format = format
  }

  /** @param universal microseconds since 2000-01-01 UTC */
  offsetAt(universal: bigint): number {
    const seconds = inRange(Number(floorDivide(universal, MICROS_PER_SECOND)))
    const step = Math.floor(seconds / STEP_SECONDS)
    const { offset, change } = this.#step(step)
    return change === undefined || seconds < change.at ? offset : change.offset
  }

  #step(step: number): { readonly offset: number; readonly change: Change | undefined } {
    const known = this.#steps.get(step)
    if (known !== undefined) return known
    const [from, to] = [step * STEP_SECONDS, (step + 1) * STEP_SECONDS]
    const offset = this.#look(from)
    const after = this.#look(to)
    const found = { offset, change: after === offset ? undefined : this.#change(from, to, after) }
    this.#steps.set(step, found)
    return found
  }

  #change(from: number, to: number, after: number): Change {
    let [before, at] = [from, to]
    while (at - before > 1) {
      const middle = Math.floor((before + at) / 2)
      if (this.#look(middle) === after) at = middle
      else before = middle
    }
    return { at, offset: after }
  }

  #look(seconds: number): number {
    const part: Record<string, number> = {}
    let before = false
    for (const { type, value } of this.#format.formatToParts((seconds + SECONDS_TO_2000) * 1000)) {
      if (type === 'era') before = value.startsWith('B')
      else part[type] = Number(value)
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    const local = Date.UTC(before ? 1 - year : year, month - 1, day, hour, minute, second) / 1000
    return local - SECONDS_TO_2000 - seconds
  }
}

interface Change {
  readonly at: number
  readonly offset: number
}

function inRange(seconds: number): number {
  if (seconds < FIRST) return FIRST
  return seconds < LAST ? seconds : LAST + ((seconds - LAST) % CYCLE_SECONDS)
}

const known = new Map<string, ZoneRules | undefined>()

/** Intl accepts these names, but IANA does not define them. */
const NOT_IANA =
  /^(?:act|aet|agt|art|ast|bet|bst|cat|cnt|cst|ctt|eat|ect|iet|ist|jst|mit|net|nst|plt|pnt|prt|pst|sst|vst)$/i

export function zoneRules(name: string): ZoneRules | undefined {
  const key = name.toLowerCase()
  if (!known.has(key)) known.set(key, readRules(name))
  return known.get(key)
}

function readRules(name: string): ZoneRules | undefined {
  if (NOT_IANA.test(name)) return undefined
  try {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' } as const
    return new ZoneRules(
      new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn-hc-h23', {
        ...numeric,
        timeZone: name,
        era: 'short',
        minute: 'numeric',
        second: 'numeric',
      }),
    )
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
