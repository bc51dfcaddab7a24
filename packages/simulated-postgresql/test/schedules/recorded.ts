import { readFileSync } from 'node:fs'
import { BOOKINGS, DEFINED, TABLES, TRIGGERS } from './random-statements.ts'
import type { Sessions } from './simulated-sessions.ts'

/** A schedule of three sessions. */
export interface Schedule {
  readonly name: string
  readonly setUp: string
  readonly steps: readonly (readonly [session: number, sql: string])[]
}

const SET_UPS: Readonly<Record<string, string>> = {
  rows: TABLES,
  'rows with triggers': `${TABLES};${TRIGGERS}`,
  bookings: `${TABLES};${BOOKINGS}`,
  definitions: `${TABLES};${DEFINED}`,
}

/** Random schedules, with the answers of all sessions to each step. The soak test writes this file with `-u`. */
export const RECORDED = new URL('./recorded.txt', import.meta.url)

export const recordedSchedules = (): readonly string[] =>
  readFileSync(RECORDED, 'utf8')
    .trimEnd()
    .split(/\n\n(?=# )/)

export function scheduleIn(recorded: string): Schedule {
  const [title = '', ...lines] = recorded.split('\n')
  const name = title.replace('# ', '')
  return {
    name,
    setUp: SET_UPS[name.replace(/ \d+$/, '')] ?? '',
    steps: lines.flatMap((line) => {
      const [, session, sql = ''] = /^(\d): (.*)$/.exec(line) ?? []
      return session === undefined ? [] : [[Number(session), sql] as const]
    }),
  }
}

/** Executes a schedule. Returns its statements with their answers as text. */
export async function played({ name, steps }: Schedule, sessions: Sessions): Promise<string> {
  const lines = [`# ${name}`]
  for (const [session, sql] of steps)
    lines.push(`${session}: ${sql}`, `  ${(await sessions.send(session, sql)).join(' | ')}`)
  return lines.join('\n')
}
