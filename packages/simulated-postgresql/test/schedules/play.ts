import { expect } from 'vitest'
import { SimulatedSessions } from './simulated-sessions.ts'

export const ACCOUNTS = 'create table t (id int primary key, v int not null); insert into t values (1, 10), (2, 20)'

/** A statement of a session, its answer, and the answers that other sessions get because of it. */
export type Step = readonly [statement: string, answer: string, others?: Readonly<Record<string, string>>]

/** Executes a schedule of the sessions a, b and c, and expects the answers of its steps. */
export function play(
  steps: readonly Step[],
  setUp = ACCOUNTS,
  settings: Readonly<Record<string, string>> = {},
): SimulatedSessions {
  const sessions = new SimulatedSessions(3, new Set(), settings)
  sessions.setUp(setUp)
  let waiting = new Set<string>()
  for (const [text, answer, others = {}] of steps) {
    const name = text[0]!
    const answers = sessions.send('abc'.indexOf(name), text.slice(3))
    const told = Object.fromEntries(
      ['a', 'b', 'c']
        .map((each, at) => [each, answers[at]!] as const)
        .filter(([each, given]) => given !== '-' && !(given === 'waits' && waiting.has(each))),
    )
    expect({ text, told }).toEqual({ text, told: { [name]: answer, ...others } })
    waiting = new Set(['a', 'b', 'c'].filter((_, at) => answers[at] === 'waits'))
  }
  return sessions
}
