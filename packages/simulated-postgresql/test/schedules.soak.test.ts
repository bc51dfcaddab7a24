import { beforeAll, describe, expect, inject, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../proxy/test/real-servers.ts'
import { loadParser } from '../src/sql/parse.ts'
import { BOOKINGS, type Client, randomStatement, TABLES, TRIGGERS } from './schedules/random-statements.ts'
import { RealSessions } from './schedules/real-sessions.ts'
import { type Answer, type Race, SimulatedSessions } from './schedules/simulated-sessions.ts'

const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined
const SCHEDULES = process.env['CHAOS_SOAK'] === 'short' ? 100 : 2_000
/** In one test. A test that takes an hour is ended, and shows nothing before its end. */
const PART = 250
const SESSIONS = 3
const STEPS = 18
/** Of sessions and timers that PostgreSQL lets go on at the same time. */
const MOST_ORDERS = 200

/** Every third schedule has triggers, every fourth bookings. */
const hasBookings = (seed: number): boolean => seed % 4 === 1
const tablesOf = (seed: number): string =>
  [TABLES, ...(seed % 3 === 0 ? [TRIGGERS] : []), ...(hasBookings(seed) ? [BOOKINGS] : [])].join(';')

type Step = readonly [session: number, sql: string, answers: readonly Answer[]]

describe.skipIf(lacking)(`Random schedules${lacking ? `: ${whySkipped('initdb', 'postgres')}` : ''}`, () => {
  beforeAll(loadParser)

  /** What the real server answers to a schedule; the statements depend on who waits. */
  async function recorded(seed: number, real: RealSessions): Promise<readonly Step[]> {
    const random = generator(seed)
    const clients: readonly Client[] = Array.from({ length: SESSIONS }, () => ({ inBlock: false, savepoints: 0 }))
    const steps: Step[] = []
    let answers: readonly Answer[] = []
    const free = (): number[] => clients.map((_, at) => at).filter((at) => answers[at] !== 'waits')
    const send = async (session: number, sql: string): Promise<void> => {
      answers = await real.send(session, sql)
      steps.push([session, sql, answers])
    }
    await real.reset()
    await real.setUp(tablesOf(seed))
    for (let step = 0; step < STEPS && free().length > 0; step++) {
      const at = free()[Math.floor(random() * free().length)]!
      await send(at, randomStatement(random, clients[at]!, hasBookings(seed)))
    }
    for (let open = free().find((at) => clients[at]!.inBlock); open !== undefined; ) {
      clients[open]!.inBlock = false
      await send(open, random() < 0.7 ? 'commit' : 'rollback')
      open = free().find((at) => clients[at]!.inBlock)
    }
    await send(0, 'select t.id, v, u, (select count(*) from c where t_id = t.id), xmax = 0 from t')
    if (seed % 3 === 0) await send(0, 'select id, v from done')
    if (hasBookings(seed)) await send(0, 'select during, w from b')
    return steps
  }

  /** The first step that the simulation answers otherwise. */
  function differenceOf(seed: number, steps: readonly Step[], reversed: ReadonlySet<Race>) {
    const simulated = new SimulatedSessions(SESSIONS, reversed)
    simulated.setUp(tablesOf(seed))
    for (const [at, [session, sql, answers]] of steps.entries()) {
      const answered = simulated.send(session, sql)
      if (answered.join('|') === answers.join('|')) continue
      const told = steps.slice(0, at + 1).map(([number, text]) => `${number}: ${text}`)
      const text = [...told, `real      ${answers.join(' | ')}`, `simulated ${answered.join(' | ')}`].join('\n')
      return { text, races: simulated.races.toReversed() }
    }
    return undefined
  }

  /** Undefined if some order of what PostgreSQL does at the same time has all of its answers. */
  function difference(seed: number, steps: readonly Step[]): string | undefined {
    const tried = new Set([''])
    const open: (readonly Race[])[] = [[]]
    let first: string | undefined
    for (const reversed of open) {
      const found = differenceOf(seed, steps, new Set(reversed))
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

  const parts = Array.from({ length: Math.ceil(SCHEDULES / PART) }, (_, part) => inject('seed') + part * PART)

  test.each(parts)(
    'of three sessions have the answers of PostgreSQL after every step, from seed %d on',
    async (first) => {
      const { port } = await startPostgres(initdb!, postgres!)
      const real = await RealSessions.open(port, SESSIONS)
      const differing: string[] = []
      for (let seed = first; seed < first + Math.min(PART, SCHEDULES); seed++) {
        real.patienceMs = 35
        if (difference(seed, await recorded(seed, real)) === undefined) continue
        // On a busy machine a session that may go on can take longer than that to do so.
        real.patienceMs = 500
        const found = difference(seed, await recorded(seed, real))
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
