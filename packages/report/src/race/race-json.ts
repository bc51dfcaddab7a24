import { type Header, type Json, type Nanos, nanosToMillis } from '@chaosproxy/history'
import type { CodePlace, LineTimes, Race, RaceRow, RaceTurn, RacingPart } from './code-run.ts'
import { raceSentence } from './race-words.ts'

/** The member of a history's header that keeps the race in the program that it is of. */
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

/** The race in the simulated program, as the header of its history stores it. */
export const raceMember = (race: Race | undefined): Header['extra'] =>
  race === undefined ? undefined : { [MEMBER]: JSON.parse(JSON.stringify(named(race))) as Json }

/** Requests are written as readers know them. */
function named({ overtaken, by, ...race }: Race): Race {
  const part = ({ request: { process, f, key }, ...rest }: RacingPart): RacingPart => ({
    request: { process, f, key },
    ...rest,
  })
  return { overtaken: part(overtaken), by: part(by), ...race }
}

/** The race that a history's header tells of; undefined if it tells of none, or in another form. */
export function raceOfHeader(header: Header | undefined): Race | undefined {
  try {
    return header?.extra?.[MEMBER] === undefined ? undefined : raceIn(header.extra[MEMBER])
  } catch (error) {
    if (error instanceof OtherForm) return undefined
    throw error
  }
}

/** Headers come from anywhere: a malformed race is ignored. */
class OtherForm extends Error {}

/** Longer texts and lists are not what was written here. */
const MOST_CHARACTERS = 10_000
const MOST_ELEMENTS = 200

type Members = { readonly [member: string]: Json | undefined }

function members(json: Json | undefined): Members {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new OtherForm()
  return json as Members
}

function list<Element>(json: Json | undefined, read: (element: Json) => Element): Element[] {
  if (!Array.isArray(json) || json.length > MOST_ELEMENTS) throw new OtherForm()
  return (json as readonly Json[]).map(read)
}

function text(json: Json | undefined): string {
  if (typeof json !== 'string' || json.length > MOST_CHARACTERS) throw new OtherForm()
  return json
}

function number(json: Json | undefined): number {
  if (typeof json !== 'number' || !Number.isFinite(json) || json < 0) throw new OtherForm()
  return json
}

const time = (json: Json | undefined): Nanos => number(json) as Nanos

const optional = <Value>(json: Json | undefined, read: (json: Json) => Value): Value | undefined =>
  json === undefined ? undefined : read(json)

function place(json: Json | undefined): CodePlace {
  const { file, line } = members(json)
  return { file: text(file), line: number(line) }
}

function part(json: Json | undefined): RacingPart {
  const { request, file, lines, from, to } = members(json)
  const { process, f, key } = members(request)
  const [first = 0, last = 0] = list(lines, number)
  return {
    request: { process: text(process), f: text(f), key: optional(key, text) },
    ...{ file: text(file), lines: [first, last], from: time(from), to: time(to) },
  }
}

function times(json: Json): LineTimes {
  const { first, last, resumed } = members(json)
  return { first: time(first), last: time(last), resumed: resumed === true }
}

function row(json: Json): RaceRow {
  const { file, line, text: code, overtaken, by, isOvertaken, isAfterGap, sql } = members(json)
  return {
    ...{ file: text(file), line: number(line), text: text(code) },
    ...{ overtaken: optional(overtaken, times), by: optional(by, times) },
    ...{ isOvertaken: isOvertaken === true, isAfterGap: isAfterGap === true },
    ...(sql === undefined ? {} : { sql: list(sql, text) }),
  }
}

function turn(json: Json): RaceTurn {
  const { at, places, waits } = members(json)
  return {
    ...{ at: time(at), places: list(places, place) },
    waits: optional(waits, (wait) => ({ ...place(wait), to: time(members(wait)['to']) })),
  }
}

function raceIn(json: Json): Race {
  const { overtaken, by, rows, turns } = members(json)
  const { overtaken: ofOvertaken, by: ofOther } = members(turns)
  const told = { overtaken: part(overtaken), by: part(by) }
  return {
    ...{ sentence: raceSentence(told), ...told },
    rows: list(rows, row),
    turns: { overtaken: list(ofOvertaken, turn), by: list(ofOther, turn) },
  }
}
