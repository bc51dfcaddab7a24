import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Event, type Header, historyFromEvents, millis, UserError } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import { completeRun, inMemory, type JudgedRun, performRun, planRun, type RunDraft } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { type Workload, workloads } from '@chaosproxy/workloads'
import { factsOf } from '../../../report/src/facts/facts.ts'
import { tellingOf } from '../../../report/src/telling/telling.ts'
import { majorityText } from '../../../report/src/terminal/run-tables.ts'
import { targetNames } from '../../src/worlds/databases.ts'
import { registries } from '../../src/worlds/registries.ts'

/** Reads alone break nothing. */
const hasWrites = ({ name }: Workload): boolean => name !== 'read-only'

/**
 * Runs of every simulated system with every supported workload: one run with the default settings, one with each other
 * value of a setting, and one with each bug.
 */
export const simulated: readonly RunDraft[] = protocols.flatMap(({ name, objects, settings, bugs }) =>
  workloads
    .filter((workload) => objects.includes(workload.object) && hasWrites(workload))
    .flatMap((workload) =>
      [
        {},
        ...settings.flatMap((setting) =>
          (typeof setting.default === 'boolean' ? [true, false] : (setting.values ?? []))
            .filter((value) => value !== setting.default)
            .map((value) => ({ settings: { [setting.name]: value } })),
        ),
        ...bugs.map((bug) => ({ bug: bug.name })),
      ].map((chosen) => ({ target: { name: `sim:${name}`, ...chosen }, workload: workload.name })),
    ),
)

/** Every system on real processes with every workload. A system refuses unsupported workloads. */
export const real: readonly RunDraft[] = targetNames
  .filter((name) => !name.startsWith(SIMULATED))
  .flatMap((target) =>
    workloads
      .filter(hasWrites)
      .map(({ name }) => ({ target, workload: name, timeMs: millis(1_500), faults: ['partition', 'kill', 'pause'] })),
  )

const FAULTS = [
  ['partition', 'kill', 'pause'],
  ['isolate-leader', 'kill'],
  ['loss', 'delay', 'kill'],
  ['clock', 'pause', 'partition'],
]

/**
 * The result of comparing the claims of reports with records of the runs. `refuted`: each claim that the record
 * contradicts, with the run's draft and seed. `said`: for each kind of claim, the number of claims that hold.
 */
export interface Claimed {
  readonly runs: number
  readonly refuted: readonly string[]
  readonly said: ReadonlyMap<string, number>
}

/** Performs the run of every `step`th draft. Compares each claim in the run's report with the run's record. */
export async function claimedOf(drafts: readonly RunDraft[], first: number, step: number): Promise<Claimed> {
  const refuted: string[] = []
  const said = new Map<string, number>()
  let runs = 0
  for (let i = first % step; i < drafts.length; i += step) {
    const draft = drafts[i] ?? {}
    const seed = first + i
    const judged = await judgedOf(draft, seed)
    if (judged === undefined) continue
    runs++
    const { history, summary: run } = judged
    const facts = factsOf({ history, report: run.report, run })
    tellingOf(facts, { history, run })
    majorityText(run.phases, facts)
    for (const { claim, held } of facts.claims) {
      if (held === 'holds') said.set(claim.claim, (said.get(claim.claim) ?? 0) + 1)
      else if (held === 'refuted') refuted.push(`${JSON.stringify(draft)}, seed ${seed}: ${JSON.stringify(claim)}`)
    }
  }
  return { runs, refuted, said }
}

/** Returns the judged run. Undefined if the system refuses the draft, or if the run is stopped. */
async function judgedOf(draft: RunDraft, seed: number): Promise<JudgedRun | undefined> {
  const size = { rate: 200, timeMs: millis(2_500), clients: 10, checkMs: millis(5_000), expect: 'none' }
  const events: Event[] = []
  const directory = mkdtempSync(join(tmpdir(), 'chaos-claims-'))
  let header: Header | undefined
  try {
    const asked = { ...size, faults: FAULTS[seed % FAULTS.length] ?? [], ...draft }
    const spec = await completeRun(asked, registries, { where: 'test', seed })
    const plan = await planRun(spec, registries, 'test')
    return await performRun(spec, {
      plan: async () => plan,
      store: {
        ...{ ...inMemory(events), dataDir: directory, logDir: directory },
        open(given, failed) {
          header = given
          return inMemory(events).open(given, failed)
        },
        read: async () => historyFromEvents(events, { header }),
        readBackend: async () => undefined,
      },
      judging: { version: 'test', startedAt: '', now: () => millis(performance.now()) },
    })
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
