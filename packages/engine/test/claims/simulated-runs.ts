import { type Event, type Header, historyFromEvents, millis } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import { completeRun, inMemory, type JudgedRun, performRun, planRun, type RunDraft } from '@chaosproxy/runner'
import { workloads } from '@chaosproxy/workloads'
import { registries } from '../../src/worlds/registries.ts'

/** Every simulated system with every workload that it carries: as it is by default, with each other setting, and with each bug. */
export const drafts: readonly RunDraft[] = protocols.flatMap(({ name, objects, settings, bugs }) =>
  workloads
    .filter(({ object }) => objects.includes(object))
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

const FAULTS = [
  ['partition', 'kill', 'pause'],
  ['isolate-leader', 'kill'],
  ['loss', 'delay', 'kill'],
  ['clock', 'pause', 'partition'],
]

/** Undefined for a combination that the system refuses. */
export async function runOf(draft: RunDraft, seed: number): Promise<JudgedRun | undefined> {
  const size = { rate: 200, timeMs: millis(2_500), clients: 10, checkMs: millis(5_000), expect: 'none' }
  const spec = await completeRun({ faults: FAULTS[seed % FAULTS.length] ?? [], ...size, ...draft }, registries, {
    where: 'test',
    seed,
  }).catch(() => undefined)
  if (spec === undefined) return undefined
  const plan = await planRun(spec, registries, 'test').catch(() => undefined)
  if (plan === undefined) return undefined
  const events: Event[] = []
  let header: Header | undefined
  return performRun(spec, {
    plan: async () => plan,
    store: {
      ...inMemory(events),
      open(given, failed) {
        header = given
        return inMemory(events).open(given, failed)
      },
      read: async () => historyFromEvents(events, { header }),
      readBackend: async () => undefined,
    },
    judging: { version: 'test', startedAt: '', now: () => millis(performance.now()) },
  })
}
