import { beforeAll, describe, expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../proxy/test/real-servers.ts'
import { loadParser } from '../src/sql/parse.ts'
import { type Client, randomStatement, TABLES } from './schedules/random-statements.ts'
import { RealSessions } from './schedules/real-sessions.ts'
import { type Answer, SimulatedSessions } from './schedules/simulated-sessions.ts'

const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined
const SCHEDULES = process.env['CHAOS_SOAK'] === 'short' ? 100 : 2_000
const SESSIONS = 3
const STEPS = 18

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
    await real.setUp(TABLES)
    for (let step = 0; step < STEPS && free().length > 0; step++) {
      const at = free()[Math.floor(random() * free().length)]!
      await send(at, randomStatement(random, clients[at]!))
    }
    for (let open = free().find((at) => clients[at]!.inBlock); open !== undefined; ) {
      clients[open]!.inBlock = false
      await send(open, random() < 0.7 ? 'commit' : 'rollback')
      open = free().find((at) => clients[at]!.inBlock)
    }
    await send(0, 'select t.id, v, u, (select count(*) from c where t_id = t.id) from t')
    return steps
  }

  /**
   * The first step that the simulation answers otherwise. Where several sessions go on after a step, PostgreSQL lets
   * them run at the same time: the simulation may take either order.
   */
  function difference(steps: readonly Step[], reversed: ReadonlySet<number> = new Set()): string | undefined {
    const simulated = new SimulatedSessions(SESSIONS, reversed)
    simulated.setUp(TABLES)
    for (const [at, [session, sql, answers]] of steps.entries()) {
      const answered = simulated.send(session, sql)
      if (answered.join('|') === answers.join('|')) continue
      const race = simulated.races.findLast((step) => !reversed.has(step))
      const other = race === undefined ? undefined : difference(steps, new Set([...reversed, race]))
      if (race !== undefined && other === undefined) return undefined
      const told = steps.slice(0, at + 1).map(([number, text]) => `${number}: ${text}`)
      return [...told, `real      ${answers.join(' | ')}`, `simulated ${answered.join(' | ')}`].join('\n')
    }
    return undefined
  }

  test(`of three sessions have the answers of PostgreSQL after every step (${SCHEDULES})`, async () => {
    const { port } = await startPostgres(initdb!, postgres!)
    const real = await RealSessions.open(port, SESSIONS)
    const differing: string[] = []
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      real.patienceMs = 35
      if (difference(await recorded(seed, real)) === undefined) continue
      // On a busy machine a session that may go on can take longer than that to do so.
      real.patienceMs = 500
      const found = difference(await recorded(seed, real))
      if (found !== undefined) differing.push(`seed ${seed}\n${found}`)
    }
    await real.close()
    expect(differing.join('\n\n')).toBe('')
  }, 7_200_000)
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
