import { beforeAll, describe, expect, inject, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../../testing/src/servers.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { BOOKINGS, type Client, DEFINED, randomStatement, TABLES, TRIGGERS } from '../schedules/random-statements.ts'
import { RealSessions } from '../schedules/real-sessions.ts'
import { type Answer, type Race, SimulatedSessions } from '../schedules/simulated-sessions.ts'

const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined
const SCHEDULES = process.env['CHAOS_SOAK'] === 'short' ? 100 : 2_000
/**
 * The number of schedules per test. The schedules are divided among several tests, because a test prints nothing until
 * it ends, and has a time limit of one hour.
 */
const PART = 250
const SESSIONS = 3
const STEPS = 18
/**
 * The maximum number of orders of simultaneous events to try. PostgreSQL may continue sessions and timers in any order.
 */
const MOST_ORDERS = 200

interface Schedule {
  readonly seed: number
  readonly defines: boolean
}

/** Every third schedule has triggers, and every fourth has bookings, unless the schedule has definitions. */
const hasTriggers = ({ seed, defines }: Schedule): boolean => !defines && seed % 3 === 0
const kindOf = ({ seed, defines }: Schedule) => (defines ? 'definitions' : seed % 4 === 1 ? 'bookings' : 'rows')
const tablesOf = (schedule: Schedule): string =>
  [
    TABLES,
    ...(hasTriggers(schedule) ? [TRIGGERS] : []),
    ...{ definitions: [DEFINED], bookings: [BOOKINGS], rows: [] }[kindOf(schedule)],
  ].join(';')

type Step = readonly [session: number, sql: string, answers: readonly Answer[]]

describe.skipIf(lacking)(`Random schedules${lacking ? `: ${whySkipped('initdb', 'postgres')}` : ''}`, () => {
  beforeAll(loadParser)

  /**
   * Executes a schedule on the real server. Returns each statement with the answers. The statements depend on which
   * sessions wait.
   */
  async function recorded(schedule: Schedule, real: RealSessions): Promise<readonly Step[]> {
    const random = generator(schedule.seed)
    const clients: readonly Client[] = Array.from({ length: SESSIONS }, () => ({
      ...{ inBlock: false, savepoints: 0, failed: false },
    }))
    const steps: Step[] = []
    let answers: readonly Answer[] = []
    const free = (): number[] => clients.map((_, at) => at).filter((at) => answers[at] !== 'waits')
    const send = async (session: number, sql: string): Promise<void> => {
      answers = await real.send(session, sql)
      steps.push([session, sql, answers])
      for (const [at, client] of clients.entries())
        client.failed ||= client.inBlock && answers[at]?.startsWith('error') === true
    }
    await real.reset()
    await real.setUp(tablesOf(schedule))
    for (let step = 0; step < STEPS && free().length > 0; step++) {
      const at = free()[Math.floor(random() * free().length)]!
      await send(at, randomStatement(random, clients[at]!, kindOf(schedule)))
    }
    for (let open = free().find((at) => clients[at]!.inBlock); open !== undefined; ) {
      clients[open]!.inBlock = false
      await send(open, random() < 0.7 ? 'commit' : 'rollback')
      open = free().find((at) => clients[at]!.inBlock)
    }
    await send(0, 'select t.id, v, u, (select count(*) from c where t_id = t.id), xmax = 0 from t')
    if (hasTriggers(schedule)) await send(0, 'select id, v from done')
    if (kindOf(schedule) === 'bookings') await send(0, 'select during, w from b')
    if (schedule.defines) await send(0, 'select relname, relkind from pg_class where relnamespace = 2200')
    return steps
  }

  /** Returns the first step at which the simulation answers differently. */
  function differenceOf(schedule: Schedule, steps: readonly Step[], reversed: ReadonlySet<Race>) {
    const simulated = new SimulatedSessions(SESSIONS, reversed)
    simulated.setUp(tablesOf(schedule))
    for (const [at, [session, sql, answers]] of steps.entries()) {
      const answered = simulated.send(session, sql)
      if (answered.join('|') === answers.join('|')) continue
      const told = steps.slice(0, at + 1).map(([number, text]) => `${number}: ${text}`)
      const text = [...told, `real      ${answers.join(' | ')}`, `simulated ${answered.join(' | ')}`].join('\n')
      return { text, races: simulated.races.toReversed() }
    }
    return undefined
  }

  /**
   * Returns the first difference. Undefined if the simulation gives all of PostgreSQL's answers in some order of
   * simultaneous events.
   */
  function difference(schedule: Schedule, steps: readonly Step[]): string | undefined {
    const tried = new Set([''])
    const open: (readonly Race[])[] = [[]]
    let first: string | undefined
    for (const reversed of open) {
      const found = differenceOf(schedule, steps, new Set(reversed))
      if (found === undefined) return undefined
      first ??= found.text
      for (const race of found.races) {
        const more = [...reversed, race].sort()
        if (reversed.includes(race) || tried.has(`${more}`) || open.length >= MOST_ORDERS) continue
        tried.add(`${more}`)
        open.push(more)
      }
    }
    return first
  }

  const parts = [false, true].flatMap((defines) =>
    Array.from(
      { length: Math.ceil(SCHEDULES / PART) },
      (_, part) => [defines ? 'with' : 'without', inject('seed') + part * PART, defines] as const,
    ),
  )

  test.each(parts)(
    'random schedules of three sessions, %s schema changes, get the same answers as from PostgreSQL, from seed %d on',
    async (_, first, defines) => {
      const { port } = await startPostgres(initdb!, postgres!)
      const real = await RealSessions.open(port, SESSIONS)
      const differing: string[] = []
      for (let seed = first; seed < first + Math.min(PART, SCHEDULES); seed++) {
        const schedule = { seed, defines }
        real.patienceMs = 35
        if (difference(schedule, await recorded(schedule, real)) === undefined) continue
        // On a busy machine, a session may take longer than this to continue after its wait ends.
        real.patienceMs = 500
        const found = difference(schedule, await recorded(schedule, real))
        if (found !== undefined) differing.push(`seed ${seed}\n${found}`)
      }
      await real.close()
      expect(differing.join('\n\n')).toBe('')
    },
  )
})

function generator(seed: number): () => number {
  let state = seed * 7919
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
