import { count as grouped, type Millis, millis } from '@chaosproxy/history'
import * as v from 'valibot'

/** A whole number within bounds. The text says what it is, for help and for JSON Schemas. */
export function count(text: string, min: number, max: number): v.GenericSchema<unknown, number> {
  const range = `must be a whole number from ${grouped(min)} to ${grouped(max)}`
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range), v.description(text))
}

/** A number of milliseconds within bounds. */
export function duration(text: string, min: number, max: number): v.GenericSchema<unknown, Millis> {
  const range = `must be a number of milliseconds from ${min} to ${max}`
  return v.pipe(
    v.number(range),
    v.minValue(min, range),
    v.maxValue(max, range),
    v.transform((value): Millis => millis(value)),
    v.description(text),
  )
}
