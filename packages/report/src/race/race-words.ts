import { type Nanos, nanosToMillis } from '@chaosproxy/history'
import { printable } from '../operation-words.ts'
import type { LineTimes, NamedRequest, Race } from './code-run.ts'

/** The title of the section that shows a race. */
export const RACE_TITLE = 'Which line ran when'

/** `p0's cas`. */
export const possessive = ({ process, f }: NamedRequest): string => `${process}'s ${f}`

/** `9.0`. */
export const millisText = (time: number): string => nanosToMillis(time as Nanos).toFixed(1)

/** Describes a race: `server.ts:17 (p0's cas) awaited 9.0 ms; meanwhile p1's write ran server.ts:16–21`. */
export function raceSentence({ overtaken, by }: Pick<Race, 'overtaken' | 'by'>): string {
  const [first, last] = by.lines
  const ran = `${by.file}:${first}${first === last ? '' : `–${last}`}`
  const waited = `${overtaken.file}:${overtaken.lines[0]} (${possessive(overtaken.request)})`
  const time = millisText(overtaken.to - overtaken.from)
  return printable(`${waited} awaited ${time} ms; meanwhile ${possessive(by.request)} ran ${ran}`)
}

/** Describes an overtaken await: `p1's write overtook p0's cas at this await, from 3.0 to 5.0 ms`. */
export function overtakenText({ overtaken, by }: Pick<Race, 'overtaken' | 'by'>): string {
  const [from, to] = [millisText(by.from), millisText(by.to)]
  const when = from === to ? `at ${from} ms` : `from ${from} to ${to} ms`
  return printable(`${possessive(by.request)} overtook ${possessive(overtaken.request)} at this await, ${when}`)
}

/**
 * Returns the times at which a request ran a line, in ms: `0.6`; `0.6 → 9.6` if it awaited, `0.6 … 9.6` if repeated.
 */
export function timesText(times: LineTimes | undefined, to: string, and: string): string {
  if (times === undefined) return ''
  const [first, last] = [millisText(times.first), millisText(times.last)]
  return first === last ? first : `${first} ${times.resumed ? to : and} ${last}`
}
