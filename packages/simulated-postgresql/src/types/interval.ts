import { NotSupported, SqlError } from '../sql/error.ts'
import { roundHalfEven } from './calendar.ts'
import { roundMicros } from './datetime.ts'
import { Interval } from './value.ts'

const DAY = 86_400_000_000n

/** A month counts as 30 days, a day as 24 hours. */
export function intervalMicros(value: Interval): bigint {
  return (BigInt(value.months) * 30n + BigInt(value.days)) * DAY + value.micros
}

export function compareInterval(a: Interval, b: Interval): number {
  const x = intervalMicros(a)
  const y = intervalMicros(b)
  return x < y ? -1 : x > y ? 1 : 0
}

/** IntervalStyle `postgres`: `1 year 2 mons -3 days +04:05:06.7`. */
export function formatInterval(value: Interval): string {
  const parts: string[] = []
  let negative = false
  for (const [amount, unit] of [
    [Math.trunc(value.months / 12), 'year'],
    [value.months % 12, 'mon'],
    [value.days, 'day'],
  ] as const) {
    if (amount === 0) continue
    parts.push(`${negative && amount > 0 ? '+' : ''}${amount} ${unit}${amount === 1 ? '' : 's'}`)
    negative = amount < 0
  }
  if (parts.length === 0 || value.micros !== 0n) {
    const sign = value.micros < 0n ? '-' : negative ? '+' : ''
    parts.push(sign + clockText(value.micros < 0n ? -value.micros : value.micros))
  }
  return parts.join(' ')
}

function clockText(micros: bigint): string {
  const pad = (part: bigint) => part.toString().padStart(2, '0')
  const seconds = micros / 1_000_000n
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
  const text = `${pad(seconds / 3600n)}:${pad((seconds / 60n) % 60n)}:${pad(seconds % 60n)}`
  return fraction === '' ? text : `${text}.${fraction}`
}

type Unit =
  | 'micro'
  | 'milli'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'year'
  | 'decade'
  | 'century'
  | 'millennium'

const UNIT_NAMES: ReadonlyMap<string, Unit> = new Map(
  (
    [
      ['micro', 'us usec usecs usecond useconds microsecon microsecond microseconds'],
      ['milli', 'ms msec msecs msecond mseconds millisecon millisecond milliseconds'],
      ['second', 's sec secs second seconds'],
      ['minute', 'm min mins minute minutes'],
      ['hour', 'h hr hrs hour hours'],
      ['day', 'd day days'],
      ['week', 'w week weeks'],
      ['month', 'mon mons month months'],
      ['year', 'y yr yrs year years'],
      ['decade', 'dec decs decade decades'],
      ['century', 'c cent century centuries'],
      ['millennium', 'mil mils millennia millennium'],
    ] as const
  ).flatMap(([unit, names]) => names.split(' ').map((name) => [name, unit] as const)),
)

export function unitOf(name: string): Unit | undefined {
  return UNIT_NAMES.get(name.toLowerCase())
}

const MICROS: Partial<Record<Unit, bigint>> = {
  micro: 1n,
  milli: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
}
const MONTHS: Partial<Record<Unit, number>> = { month: 1, year: 12, decade: 120, century: 1200, millennium: 12000 }

/** Sums what the parts of a text say; a fraction of a unit goes to the smaller ones. */
class Sum {
  months = 0
  days = 0
  micros = 0n

  add(whole: string, fraction: string, unit: Unit, sign: number): void {
    const count = BigInt(whole === '' ? '0' : whole)
    const rest = fraction === '' ? 0 : Number(`0.${fraction}`)
    const micros = MICROS[unit]
    const months = MONTHS[unit]
    if (micros !== undefined) {
      this.micros += BigInt(sign) * (count * micros + BigInt(roundHalfEven(rest * Number(micros))))
    } else if (months === 1) {
      this.months += sign * Number(count)
      this.#fractionOfDays(rest * 30, sign)
    } else if (months !== undefined) {
      this.months += sign * (Number(count) * months + roundHalfEven(rest * months))
    } else {
      const scale = unit === 'week' ? 7 : 1
      this.days += sign * Number(count) * scale
      this.#fractionOfDays(rest * scale, sign)
    }
  }

  #fractionOfDays(days: number, sign: number): void {
    const whole = Math.trunc(days)
    this.days += sign * whole
    this.micros += BigInt(sign) * BigInt(roundHalfEven((days - whole) * Number(DAY)))
  }

  result(text: string): Interval {
    const tooLarge = (count: number) => count > 2147483647 || count < -2147483648
    if (tooLarge(this.months) || tooLarge(this.days) || BigInt.asIntN(64, this.micros) !== this.micros) {
      throw new SqlError('22015', `interval field value out of range: "${text}"`)
    }
    return new Interval(this.months, this.days, this.micros)
  }
}

const CLOCK = /^([+-]?)(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?(?=$|\s)/
const YEARS_MONTHS = /^([+-]?)(\d+)-(\d{1,2})(?=$|\s)/
const AMOUNT = /^([+-]?)\s*(\d*)(?:\.(\d*))?\s*([a-z]*)(?=$|[\s+-]|\d)/

/** A number without a unit counts seconds, or the last field of `interval '…' day to hour`. */
export function parseInterval(text: string, defaultUnit: Unit = 'second'): Interval {
  let rest = text.trim().toLowerCase()
  if (/^[+-]?infinity$/.test(rest)) throw new NotSupported('an infinite interval')
  if (/^p/.test(rest)) return parseIso(text)
  if (/\d\s*-\s*p/.test(rest)) throw new NotSupported(`the interval '${text}'`)
  const sum = new Sum()
  const ago = /\sago$/.test(rest)
  rest = rest.replace(/\s+ago$/, '').replace(/^@\s*/, '')
  if (rest === '') throw invalid(text)
  const seen = new Set<string>()
  while (rest !== '') {
    const taken = takePart(rest, sum, defaultUnit, text, seen)
    rest = rest.slice(taken).trimStart()
  }
  if (ago) {
    sum.months = -sum.months
    sum.days = -sum.days
    sum.micros = -sum.micros
  }
  return sum.result(text)
}

function takePart(rest: string, sum: Sum, defaultUnit: Unit, text: string, seen: Set<string>): number {
  const once = (unit: string) => {
    if (seen.has(unit)) throw invalid(text)
    seen.add(unit)
  }
  const clock = CLOCK.exec(rest)
  if (clock) {
    for (const unit of ['hour', 'minute', 'second']) once(unit)
    takeClock(clock, sum, text)
    return clock[0].length
  }
  const years = YEARS_MONTHS.exec(rest)
  if (years) {
    const sign = years[1] === '-' ? -1 : 1
    if (Number(years[3]) > 11) throw new SqlError('22015', `interval field value out of range: "${text}"`)
    once('year')
    once('month')
    sum.add(years[2] ?? '', '', 'year', sign)
    sum.add(years[3] ?? '', '', 'month', sign)
    return years[0].length
  }
  const amount = AMOUNT.exec(rest)
  if (amount === null || (amount[2] === '' && (amount[3] ?? '') === '')) throw invalid(text)
  const unit = amount[4] === '' ? defaultUnit : unitOf(amount[4] ?? '')
  if (unit === undefined) throw invalid(text)
  // Only the last number may lack its unit: '1 2 days' is no interval.
  if (amount[4] === '' && amount[0].length < rest.trimEnd().length) {
    if (CLOCK.test(rest.slice(amount[0].length).trimStart())) {
      once('day')
      sum.add(amount[2] ?? '', amount[3] ?? '', 'day', amount[1] === '-' ? -1 : 1)
      return amount[0].length
    }
    throw invalid(text)
  }
  once(unit)
  sum.add(amount[2] ?? '', amount[3] ?? '', unit, amount[1] === '-' ? -1 : 1)
  return amount[0].length
}

function takeClock(clock: RegExpExecArray, sum: Sum, text: string): void {
  const sign = clock[1] === '-' ? -1 : 1
  if (Number(clock[3]) > 59 || Number(clock[4] ?? 0) > 59) {
    throw new SqlError('22015', `interval field value out of range: "${text}"`)
  }
  sum.add(clock[2] ?? '', '', 'hour', sign)
  sum.add(clock[3] ?? '', '', 'minute', sign)
  sum.add(clock[4] ?? '', clock[5] ?? '', 'second', sign)
}

function parseIso(text: string): Interval {
  const match =
    /^P(?:([+-]?[\d.]+)Y)?(?:([+-]?[\d.]+)M)?(?:([+-]?[\d.]+)W)?(?:([+-]?[\d.]+)D)?(?:T(?:([+-]?[\d.]+)H)?(?:([+-]?[\d.]+)M)?(?:([+-]?[\d.]+)S)?)?$/i.exec(
      text.trim(),
    )
  if (match === null || !/\d/.test(text)) {
    if (/^P[\dT:.+-]+$/i.test(text.trim())) throw new NotSupported(`the interval '${text}'`)
    throw invalid(text)
  }
  const sum = new Sum()
  const units: readonly Unit[] = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second']
  units.forEach((unit, i) => {
    const part = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(match[i + 1] ?? '0')
    if (part === null) throw invalid(text)
    sum.add(part[2] ?? '', part[3] ?? '', unit, part[1] === '-' ? -1 : 1)
  })
  return sum.result(text)
}

function invalid(text: string): SqlError {
  return new SqlError('22007', `invalid input syntax for type interval: "${text}"`)
}

/** The bits of an interval's modifier that name its fields: `INTERVAL_MASK` of datetime.h. */
const FIELDS: readonly (readonly [number, Unit])[] = [
  [1 << 12, 'second'],
  [1 << 11, 'minute'],
  [1 << 10, 'hour'],
  [1 << 3, 'day'],
  [1 << 1, 'month'],
  [1 << 2, 'year'],
]
const FULL_RANGE = 0x7fff

export function unitOfTypmod(typmod: number): Unit {
  if (typmod < 0) return 'second'
  const range = (typmod >> 16) & FULL_RANGE
  if (range === FULL_RANGE) return 'second'
  return FIELDS.find(([bit]) => (range & bit) !== 0)?.[1] ?? 'second'
}

/** Cuts what is smaller than the last field of the type, and rounds to its precision. */
export function fitInterval(value: Interval, typmod: number): Interval {
  if (typmod < 0) return value
  const precision = typmod & 0xffff
  const unit = unitOfTypmod(typmod)
  const cut = (size: bigint) => (value.micros / size) * size
  switch (unit) {
    case 'year':
      return new Interval(Math.trunc(value.months / 12) * 12, 0, 0n)
    case 'month':
      return new Interval(value.months, 0, 0n)
    case 'day':
      return new Interval(value.months, value.days, 0n)
    case 'hour':
      return new Interval(value.months, value.days, cut(3_600_000_000n))
    case 'minute':
      return new Interval(value.months, value.days, cut(60_000_000n))
    default:
      return new Interval(
        value.months,
        value.days,
        precision === 0xffff ? value.micros : roundMicros(value.micros, precision),
      )
  }
}
