import type { Counterexample } from '@chaosproxy/checker'
import { type Header, type History, type Json, type Nanos, nanosToMillis } from '@chaosproxy/history'
import * as v from 'valibot'
import { isRead } from '../operation-words.ts'
import type { Race, RacingPart } from './code-run.ts'
import { raceSentence } from './race-words.ts'

const MEMBER = 'race'

export function raceJson(race: Race): Json {
  const part = ({ request: { process, f, key }, file, lines, from, to }: RacingPart): Json => ({
    ...{ process, f, ...(key === undefined ? {} : { key }), file, lines: [...lines] },
    ...{ fromMs: nanosToMillis(from), toMs: nanosToMillis(to) },
  })
  const { sentence, overtaken, by } = race
  const statements = race.rows.flatMap(({ file, line, sql = [] }) => sql.map((text) => ({ file, line, text })))
  return {
    ...{ sentence, overtaken: part(overtaken), by: part(by) },
    ...(statements.length === 0 ? {} : { sql: statements }),
  }
}

/** Returns the header member that stores a race between two requests; undefined if there is no race. */
export const raceMember = (race: Race | undefined): Header['extra'] =>
  race && { [MEMBER]: JSON.parse(JSON.stringify(named(race))) as Json }

/** Returns the race with only the process, the function and the key of each request. */
function named({ overtaken, by, ...race }: Race): Race {
  const part = ({ request: { process, f, key }, ...rest }: RacingPart): RacingPart => ({
    request: { process, f, key },
    ...rest,
  })
  return { overtaken: part(overtaken), by: part(by), ...race }
}

/** Returns the race in a history's header, if it is valid. */
export function raceOfHeader(header: Header | undefined): Race | undefined {
  const { success, output } = v.safeParse(raceSchema, header?.extra?.[MEMBER])
  return success ? { sentence: raceSentence(output), ...output } : undefined
}

/**
 * The name of the header member that lists the operations that are blamed for a contradiction. The members `race` and
 * `database` of the header explain this contradiction.
 */
const ACCUSED = 'accused'

/**
 * Returns the changes that the contradiction needs. If it needs no changes, returns the reads that it needs. Changes
 * identify the contradiction better, because different reads may show the same changes.
 */
function accusedBy({ operations }: Counterexample, history: History): readonly number[] {
  const rows = operations.flatMap(({ operation, role }) => (role === 'core' ? [operation] : []))
  const changes = rows.filter((row) => !isRead(history, row))
  return changes.length === 0 ? rows : changes
}

export const accusedMember = (
  counterexample: Counterexample,
  history: History,
): { readonly [member: string]: Json } => ({
  [ACCUSED]: accusedBy(counterexample, history),
})

/**
 * Whether the header's race and database explain this contradiction. A later check of the history may find a different
 * contradiction, which they do not explain.
 */
export const accuses = (history: History, counterexample: Counterexample): boolean =>
  JSON.stringify(history.header?.extra?.[ACCUSED]) === JSON.stringify(accusedBy(counterexample, history))

// Headers may come from anywhere, so texts and lists are limited.
const text = v.pipe(v.string(), v.maxLength(10_000))
const listOf = <Element extends v.GenericSchema>(element: Element) => v.pipe(v.array(element), v.maxLength(200))
const number = v.pipe(v.number(), v.finite(), v.minValue(0))
const time = v.pipe(
  number,
  v.transform((nanos) => nanos as Nanos),
)
const flag = v.optional(v.boolean(), false)
const place = { file: text, line: number }
const part = v.object({
  request: v.object({ process: text, f: text, key: v.optional(text) }),
  file: text,
  lines: v.strictTuple([number, number]),
  from: time,
  to: time,
})
const times = v.optional(v.object({ first: time, last: time, resumed: flag }))
const turns = listOf(
  v.object({ at: time, places: listOf(v.object(place)), waits: v.optional(v.object({ ...place, to: time })) }),
)
const raceSchema: v.GenericSchema<unknown, Omit<Race, 'sentence'>> = v.object({
  overtaken: part,
  by: part,
  rows: listOf(
    v.object({
      ...{ ...place, text, overtaken: times, by: times },
      ...{ isOvertaken: flag, isAfterGap: flag, sql: v.optional(listOf(text)) },
    }),
  ),
  turns: v.object({ overtaken: turns, by: turns }),
})
