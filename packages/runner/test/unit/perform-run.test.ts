import type { Event, Header } from '@chaosproxy/history'
import { historyFromEvents, millis, nanos, UserError } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import {
  parseRunSpec,
  planRun,
  type Registries,
  type RunSpec,
  type RunStore,
  type StartedCluster,
  type Target,
} from '@chaosproxy/runner'
import { simulatedTarget } from '@chaosproxy/simulator/target'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { type JudgedRunOptions, performRun } from '../../src/perform-run.ts'
import { inMemory } from '../../src/record.ts'
import type { RunEvent } from '../../src/run-event.ts'

// These tests need no terminal and no files. The registries of each run contain a single target, and its store is in
// memory.

const raft = simulatedTarget(protocols.find(({ name }) => name === 'raft')!)

type TestedOptions = Omit<JudgedRunOptions, 'plan'>

const runTest = (spec: RunSpec, registries: Registries, options: TestedOptions) =>
  performRun(spec, { plan: () => planRun(spec, registries, 'run'), ...options })

const registriesWith = (target: Target): Registries => ({
  target: async () => target,
  workload: async () => register,
})

function memoryStore() {
  const kept: { header?: Header; events: Event[]; open: boolean } = { events: [], open: false }
  let fail = (_: UserError) => {}
  const store: RunStore = {
    historyName: 'memory',
    dataDir: '',
    logDir: '',
    open(header, failed) {
      kept.header = header
      kept.open = true
      fail = failed
      return {
        append: (event) => void kept.events.push(event),
        close() {
          kept.open = false
        },
      }
    },
    read: async () => historyFromEvents(kept.events),
    readBackend: async () => undefined,
  }
  return { store, kept, fail: (error: UserError) => fail(error) }
}

const specOf = (more: object = {}) =>
  parseRunSpec({ target: 'sim:raft', seed: 5, timeMs: 500, rate: 200, clients: 4, faults: ['kill'], ...more }, 'test')

const judging: JudgedRunOptions['judging'] = {
  version: '0',
  startedAt: '2026-11-21T00:00:00.000Z',
  now: () => millis(performance.now()),
}

const optionsFor = (store: RunStore, more: Partial<TestedOptions> = {}): TestedOptions => ({ store, judging, ...more })

/** A target like Raft, with the given members replaced. */
const targetLike = (more: Partial<Target>): Target => ({ ...raft, name: 'fake', ...more })

/** A target whose simulated cluster has the given members replaced. */
const startedWith = (more: (cluster: StartedCluster) => Partial<StartedCluster>): Target =>
  targetLike({
    async start(options) {
      const cluster = await raft.start(options)
      return { ...cluster, ...more(cluster) }
    },
  })

describe('runTest', () => {
  test('a violation that is found during a run counts even if the final check runs out of time', async () => {
    const { store } = memoryStore()
    const target = simulatedTarget(protocols.find(({ name }) => name === 'primary-replica')!)
    const spec = specOf({ target: 'sim:primary-replica', seed: 1, timeMs: 3_000, rate: 300, faults: ['partition'] })
    const told: string[] = []
    let asked = 0
    const judged = await runTest(parseRunSpec({ ...spec, checkMs: 1 }, 'test'), registriesWith(target), {
      ...optionsFor(store),
      // Each call of the clock returns a time 10 ms later. A check may take only 1 ms, so its time is over at every
      // call of the clock.
      judging: { ...judging, now: () => millis(10 * asked++) },
      listener: (event) => void (event.type === 'violation' && told.push(event.violation.key ?? '')),
    })
    expect(judged?.report.levels.linearizable).toMatchObject({
      result: 'violated',
      counterexample: { keys: told },
    })
    expect(judged?.report.headline).toMatch(/^not linearizable/)
  })

  test('a run ends with a verdict, and its summary contains the spec', async () => {
    const { store, kept } = memoryStore()
    const judged = await runTest(specOf(), registriesWith(raft), optionsFor(store))
    expect(judged?.summary).toMatchObject({
      spec: { ...specOf(), nodes: 5 },
      tier: 'simulated',
      expectation: { level: 'linearizable', promised: true },
    })
    expect(judged?.report.levels.linearizable.result).toBe('met')
    expect(kept.header).toEqual({
      chaos: 1,
      model: 'register',
      initial: null,
      extra: { target: 'sim:raft', workload: 'register', nodes: 5, seed: 5 },
    })
    expect(kept.open).toBe(false)
    expect(kept.events.length).toBeGreaterThan(50)
  })

  test('a listener does not change the events of a run', async () => {
    const quiet = memoryStore()
    const watched = memoryStore()
    await runTest(specOf(), registriesWith(raft), optionsFor(quiet.store))
    await runTest(specOf(), registriesWith(raft), optionsFor(watched.store, { listener: () => {} }))
    expect(watched.kept.events).toEqual(quiet.kept.events)
  })

  test('a run reports its events in order', async () => {
    const told: RunEvent[] = []
    const { store, kept } = memoryStore()
    await runTest(specOf(), registriesWith(raft), optionsFor(store, { listener: (event) => told.push(event) }))
    expect(told.filter(({ type }) => type !== 'event' && type !== 'status').map(({ type }) => type)).toEqual([
      ...['starting', 'ready', 'ending', 'checking', 'judged'],
    ])
    expect(told.flatMap((each) => (each.type === 'event' ? [each.event] : []))).toEqual(kept.events)
    const status = told.flatMap((each) => (each.type === 'status' ? [each.progress] : []))
    expect(status.at(0)?.counts).toEqual({ ok: 0, fail: 0, info: 0 })
    expect(status.some(({ activeFaults }) => activeFaults.length > 0)).toBe(true)
    expect(new Set(status.map(({ stage }) => stage))).toContain('final reads')
    expect(JSON.parse(JSON.stringify(told))).toHaveLength(told.length)
  })

  test('a run without a judge has the events of a judged run, and ends with its final reads', async () => {
    const { store, kept } = memoryStore()
    await runTest(specOf(), registriesWith(raft), optionsFor(store))
    const events: Event[] = []
    const plan = (spec: RunSpec) => planRun(spec, registriesWith(raft), 'run')
    const outcome = await performRun(specOf(), { plan, store: inMemory(events) })
    expect(events).toEqual(kept.events)
    expect(outcome?.convergedAfter).toBeDefined()
  })

  test('a run is rejected, and not judged, if its store fails to verify the record', async () => {
    const { store } = memoryStore()
    const told: RunEvent[] = []
    const verified: RunStore = {
      ...store,
      open: (header, failed) => ({
        ...store.open(header, failed),
        verify: () => Promise.reject(new UserError('environment', 'it went another way')),
      }),
    }
    const options = optionsFor(verified, { listener: (event) => told.push(event) })
    await expect(runTest(specOf(), registriesWith(raft), options)).rejects.toThrow(
      'it went another way\nThe recording up to this error: memory',
    )
    expect(told.map(({ type }) => type)).not.toContain('checking')
  })

  test('an interrupted run is healed, performs its final reads, and is judged', async () => {
    const interrupting = new AbortController()
    const listener = (event: RunEvent) => {
      if (event.type === 'status' && event.progress.elapsed > nanos(200e6)) interrupting.abort()
    }
    const { store } = memoryStore()
    const options = optionsFor(store, { listener, interrupted: interrupting.signal })
    const judged = await runTest(specOf({ timeMs: 60_000 }), registriesWith(raft), options)
    expect(judged?.summary).toMatchObject({ interrupted: true })
    expect(judged?.summary.durationNanos).toBeLessThan(30e9)
    expect(judged?.summary.convergedAfterHealNanos).toBeDefined()
  })

  test('runTest returns nothing if the run was interrupted before its target started', async () => {
    const interrupting = new AbortController()
    const target = targetLike({
      async start({ signal }) {
        interrupting.abort()
        signal?.throwIfAborted()
        throw new Error('it was told to give up')
      },
    })
    const { store, kept } = memoryStore()
    const options = optionsFor(store, { interrupted: interrupting.signal })
    expect(await runTest(specOf(), registriesWith(target), options)).toBeUndefined()
    expect(kept.open).toBe(false)
  })
})

describe('a run whose target or record fails', () => {
  test('a run rejects with the error of a target that does not start', async () => {
    const start = () => Promise.reject(new UserError('environment', 'n1 did not start'))
    const told: RunEvent[] = []
    const { store } = memoryStore()
    const options = optionsFor(store, { listener: (event) => told.push(event) })
    await expect(runTest(specOf(), registriesWith(targetLike({ start })), options)).rejects.toThrow(
      /^n1 did not start$/,
    )
    expect(told.map(({ type }) => type)).toEqual(['starting', 'failed'])
  })

  test('a run rejects with the error of a target that reports itself broken, and stops the target', async () => {
    let stopped = 0
    const target = startedWith((cluster) => ({
      onBroken(callback) {
        cluster.clock.at(nanos(cluster.clock.now() + 300e6), () =>
          callback(new UserError('environment', 'The protocol does not work')),
        )
      },
      stop(callback) {
        stopped++
        cluster.stop(callback)
      },
    }))
    const { store, kept } = memoryStore()
    await expect(runTest(specOf(), registriesWith(target), optionsFor(store))).rejects.toThrow(
      'The protocol does not work\nThe recording up to this error: memory',
    )
    expect(stopped).toBe(1)
    expect(kept.events.length).toBeGreaterThan(0)
  })

  test('a run ends immediately if the record cannot be written', async () => {
    const { store, fail, kept } = memoryStore()
    const listener = (event: RunEvent) => {
      if (event.type === 'event' && kept.events.length === 20) fail(new UserError('environment', 'the disk is full'))
    }
    await expect(runTest(specOf(), registriesWith(raft), optionsFor(store, { listener }))).rejects.toThrow(
      'the disk is full',
    )
    expect(kept.open).toBe(false)
  })

  test('the summary of a run contains the trouble that the target reported', async () => {
    const { store } = memoryStore()
    const target = startedWith(() => ({ trouble: () => ['n2 ended by itself'] }))
    const judged = await runTest(specOf(), registriesWith(target), optionsFor(store))
    expect(judged?.summary.trouble).toEqual(['n2 ended by itself'])
  })
})

describe('planRun', () => {
  const start = () => Promise.reject(new Error('it was started'))
  const refused = (target: Partial<Target>, more: object = {}) =>
    planRun(specOf(more), registriesWith(targetLike({ start, ...target })), 'mine.json')

  test('a fault that cannot be injected into the target is refused, with the reason and alternatives', async () => {
    const suffers: Target['supports'] = (kind) =>
      kind === 'kill' ? { not: 'its nodes are threads', instead: ['pause'] } : true
    await expect(refused({ supports: suffers })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(
        /^mine\.json: fake cannot suffer kill: its nodes are threads\. Instead: pause\. Faults it can suffer: .*pause/,
      ),
    })
  })

  test('missing programs are named with the commands that install them', async () => {
    const missing = async () => [{ program: 'redis-server', install: 'apt-get install redis-server' }]
    await expect(refused({ missing })).rejects.toMatchObject({
      code: 'environment',
      message: 'fake needs what is not on this machine: redis-server (apt-get install redis-server)',
    })
  })

  test('an invalid spec is refused before the search for missing programs', async () => {
    const missing = async () => [{ program: 'redis-server', install: 'apt-get install redis-server' }]
    await expect(refused({ missing }, { expect: 'bookmarkable' })).rejects.toMatchObject({ code: 'usage' })
    const refuse = () => {
      throw new UserError('usage', 'not with workers')
    }
    const planned = planRun(specOf(), registriesWith(targetLike({ start, missing })), 'mine.json', refuse)
    await expect(planned).rejects.toThrow('not with workers')
  })

  test('a workload is refused if the target cannot serve one of its functions', async () => {
    await expect(refused({ functions: () => ['read'] })).rejects.toThrow(
      'mine.json: fake does not support write, cas, which the workload register needs.',
    )
  })

  test('a workload whose object the target does not support is refused', async () => {
    await expect(refused({ objects: ['counter', 'set'] })).rejects.toThrow(
      'mine.json: fake holds counter, set, but the workload register uses register.',
    )
  })

  test('a target can refuse settings and bugs that exclude each other', async () => {
    const validate = () => {
      throw new UserError('usage', 'fast and safe exclude each other')
    }
    await expect(refused({ validate })).rejects.toThrow('fast and safe exclude each other')
  })

  test('a run expects the requested level, or else the level that the target promises', async () => {
    const target = registriesWith(targetLike({ promises: () => 'sequential' }))
    const expected = async (more: object) => (await planRun(specOf(more), target, 'mine.json')).expect
    expect(await expected({})).toEqual({ level: 'sequential', promised: true })
    expect(await expected({ expect: 'eventual' })).toEqual({ level: 'eventual', promised: false })
    expect(await expected({ expect: 'none' })).toBeUndefined()
    const nothing = registriesWith(targetLike({ promises: () => 'nothing' }))
    expect((await planRun(specOf(), nothing, 'mine.json')).expect).toBeUndefined()
  })
})
