import {
  count,
  type History,
  INFO,
  type Json,
  type Mark,
  oncePerHistory,
  type PassedOn,
  plural,
  readsWhole,
} from '@chaosproxy/history'
import { printable } from './operation-words.ts'

/** The recorder's notes on gaps, and the assumed initial value. */
export interface RecordFacts {
  readonly sessions: { readonly by: string; readonly named: boolean } | undefined
  /** The assumed initial value; undefined if the caller does not know it. */
  readonly initial: Json | undefined
  readonly touched: readonly Mark[]
  readonly notUnderstood: readonly Mark[]
  /** Operations that may have taken effect: their answer reported success, but its meaning is unknown. */
  readonly unclear: { readonly count: number; readonly why: string } | undefined
  /** The requests that were forwarded but not judged: first those that may have written, then the most frequent. */
  readonly passedOn: readonly PassedOn[]
}

/** Returns the facts about the record, if there are any. */
export function recordFactsOf(history: History, initial: Json | undefined): RecordFacts | undefined {
  const { marks, passedOn } = history
  const sessions = history.header?.sessions
  const initialValue = initial === undefined ? history.header?.initial : initial
  const unclear = unclearOf(history)
  if (
    marks.length + passedOn.length === 0 &&
    sessions === undefined &&
    initialValue !== UNKNOWN &&
    unclear === undefined
  )
    return undefined
  return {
    sessions,
    initial: initialValue,
    touched: marks.filter(({ kind }) => kind === 'touched'),
    notUnderstood: marks.filter(({ kind }) => kind === 'not-understood'),
    unclear,
    passedOn: passedOn.toSorted((a, b) => Number(b.mayWrite) - Number(a.mayWrite) || b.count - a.count),
  }
}

const unclearOf = oncePerHistory((history): RecordFacts['unclear'] => {
  const { outcome, f, length } = history.operations
  // Reads are not counted here. The record marks each read whose answer was not understood, and these marks are counted
  // separately.
  const isRead = history.functions.map(readsWhole)
  let count = 0
  let why = ''
  for (let row = 0; row < length; row++) {
    const error = outcome[row] === INFO && isRead[f[row] ?? -1] !== true ? history.errorOf(row) : undefined
    if (error === undefined || !NOT_UNDERSTOOD.test(error)) continue
    if (count === 0) why = error
    count++
  }
  return count === 0 ? undefined : { count, why }
})

/** Matches the error that the recorder notes if an answer reported success but was not understood. */
const NOT_UNDERSTOOD = /^(status 2\d\d|grpc OK)(: |, and nothing at )/

/** As an initial value, this word stands for any value. */
const UNKNOWN = 'unknown'

/** Maximum number of entries in JSON; `totals` has the full counts. */
const MOST_IN_JSON = 100

export function recordJson({
  sessions,
  initial = null,
  touched,
  notUnderstood,
  unclear,
  passedOn,
}: RecordFacts): object {
  const markJson = ({ key, line, what, why }: Mark) => ({ key, line, what, why })
  return {
    sessions: sessions && { by: sessions.by, named: sessions.named },
    initial,
    touched: touched.slice(0, MOST_IN_JSON).map(markJson),
    notUnderstood: notUnderstood.slice(0, MOST_IN_JSON).map(markJson),
    passedOn: passedOn.slice(0, MOST_IN_JSON).map(({ what, count, mayWrite }) => ({ what, count, mayWrite })),
    totals: {
      touched: touched.length,
      notUnderstood: notUnderstood.length,
      unclear: unclear?.count,
      passedOn: passedOn.length,
      requestsPassedOn: requestsIn(passedOn),
    },
  }
}

const requestsIn = (passedOn: readonly PassedOn[]): number => passedOn.reduce((sum, each) => sum + each.count, 0)

export interface RecordLine {
  readonly about: string
  readonly text: string
  readonly isDoubt: boolean
}

/** Returns the facts in lines, with at most `most` entries of each kind. */
export function recordLines(facts: RecordFacts, most: number): RecordLine[] {
  const { sessions, initial, touched, notUnderstood, unclear, passedOn } = facts
  const lines: RecordLine[] = []
  const add = (about: string, text: string, isDoubt = false): void => {
    lines.push({ about, text: printable(text), isDoubt })
  }
  if (sessions !== undefined) {
    if (sessions.named) add('clients', `identified by ${sessions.by}`)
    else add('clients', `not identified: each ${sessions.by} counts as a client of its own`, true)
  }
  if (initial === UNKNOWN) add('start', 'the value before the first write is unknown')
  if (touched.length > 0) {
    const texts = touched.map(
      ({ key, line, what, why }) => `${key ?? 'every key'} by ${what} (${why}), line ${count(line)}`,
    )
    add('touched', `outside the record: ${first(texts, most)}`, true)
  }
  if (notUnderstood.length > 0) {
    const texts = notUnderstood.map(({ what, why, line }) => `the answer to ${what} (${why}), line ${count(line)}`)
    add('unclear', `not understood: ${first(texts, most)}`, true)
  }
  if (unclear !== undefined) add('unclear', unclearText(unclear), true)
  if (passedOn.length > 0) add(UNJUDGED, unjudgedText(facts, most))
  return lines
}

const UNJUDGED = 'unjudged'

/** Whether the line is about requests that were not judged. Every page shows such a line. */
export const isUnjudged = ({ about }: RecordLine): boolean => about === UNJUDGED

const unclearText = ({ count: times, why }: NonNullable<RecordFacts['unclear']>): string =>
  `${plural(times, 'operation')} may have taken effect, since the answer was not understood: ${why}`

/** Maximum number of kinds of requests in a line. */
const MOST_IN_LINE = 5

/**
 * Returns a line about requests that were not judged or not understood; empty if there are none. Every report shows it.
 */
export function unjudgedLine(history: History): string {
  const facts = recordFactsOf(history, undefined)
  if (facts === undefined) return ''
  const { unclear, passedOn } = facts
  const texts = [
    ...(unclear === undefined ? [] : [unclearText(unclear)]),
    ...(passedOn.length === 0 ? [] : [unjudgedText(facts, MOST_IN_LINE)]),
  ]
  return printable(texts.join('; '))
}

function unjudgedText({ passedOn }: RecordFacts, most: number): string {
  const texts = passedOn.map(
    ({ what, count: times, mayWrite }) => `${what} ${count(times)}×${mayWrite ? ', which may write' : ''}`,
  )
  const rest = requestsIn(passedOn.slice(most))
  const more = rest === 0 ? '' : `; and ${count(rest)} more of ${plural(passedOn.length - most, 'other kind')}`
  const all = requestsIn(passedOn)
  return `${plural(all, 'request was', 'requests were')} forwarded, not checked: ${texts.slice(0, most).join('; ')}${more}`
}

const first = (texts: readonly string[], most: number): string =>
  `${texts.slice(0, most).join('; ')}${texts.length > most ? `; and ${count(texts.length - most)} more` : ''}`
