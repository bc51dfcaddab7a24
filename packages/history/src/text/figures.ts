/** A number as `58,113` in every locale, so that pages do not differ between machines. */
export function count(value: number): string {
  const digits = String(Math.round(value))
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Formats a number as `68,954` or `-0.5`, with at most nine decimal places, since sums are inexact. */
export const amountText = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 9 })

/** A rate per second: `0.4`, `38`, `1,204`, with tenths below 10. */
export const rate = (perSecond: number): string => (perSecond < 10 ? perSecond.toFixed(1) : count(perSecond))

/** A count with its noun: `1 operation`, `2 operations`, `1,204 operations`. */
export const plural = (amount: number, one: string, many: string = `${one}s`): string =>
  `${count(amount)} ${amount === 1 ? one : many}`

/**
 * A duration to three significant digits: `64 µs`, `0.9 ms`, `2.31 s`, `4 min 5 s`. Pages embed its source, so it calls
 * no other function.
 */
export function duration(nanos: number): string {
  if (!Number.isFinite(nanos)) return 'for ever'
  const size = Math.abs(nanos)
  if (size < 1e3) return `${nanos.toFixed(0)} ns`
  if (size < 1e5) return `${(nanos / 1e3).toFixed(0)} µs`
  if (size < 9.95e6) return `${(nanos / 1e6).toFixed(1)} ms`
  if (size < 9.995e8) return `${(nanos / 1e6).toFixed(0)} ms`
  if (size < 9.995e9) return `${(nanos / 1e9).toFixed(2)} s`
  if (size < 1.2e11) return `${(nanos / 1e9).toFixed(1)} s`
  const seconds = Math.round(nanos / 1e9)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Formats a time in a run: `12.031 s`. To distinguish times that are close together, give more digits. */
export const moment = (time: number, digits: number = 3): string =>
  Number.isFinite(time) ? `${(time / 1e9).toFixed(digits)} s` : 'never'

/** A time in a run of a few seconds: `12.3 ms`. */
export const momentInMillis = (time: number): string => `${(time / 1e6).toFixed(1)} ms`

/** A share from 0 to 1 as `99.98%`. Never rounded up to 100% or down to 0%: a short outage must be visible. */
export function percent(share: number, digits: number = 2): string {
  if (!Number.isFinite(share)) return '–'
  const step = 10 ** -digits
  const percentage = share * 100
  if (share < 1 && percentage > 100 - step) return `${(100 - step).toFixed(digits)}%`
  if (share > 0 && percentage < step) return `${step.toFixed(digits)}%`
  return `${percentage.toFixed(digits)}%`
}

/** A name that ends in a number without leading zeros. */
const NUMBERED = /^(\D*)([1-9]\d{0,14})$/

let compare: ((one: string, other: string) => number) | undefined

/** Compares two names. Numbers within the names are compared by their values: `n2` comes before `n10`. */
export function byName(one: string, other: string): number {
  const [, stem, digits] = NUMBERED.exec(one) ?? []
  const [, otherStem, otherDigits] = NUMBERED.exec(other) ?? []
  if (stem !== undefined && stem === otherStem && digits !== otherDigits) return Number(digits) - Number(otherDigits)
  // Created when needed, because its creation takes longer than thousands of comparisons.
  compare ??= new Intl.Collator('en', { numeric: true }).compare
  return compare(one, other)
}
