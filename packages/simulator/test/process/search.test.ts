import nodeCrypto from 'node:crypto'
import { createRandom, type FaultKind, nemeses, nodeNames } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { register, type Workload } from '@chaosproxy/workloads'
import { describe, expect, inject, test } from 'vitest'
import { workloadsOfObjects } from '../../../workloads/test/of-objects.ts'
import {
  causeOf,
  digestOf,
  guardProtocol,
  guide,
  learnFrom,
  minimise,
  parseReplay,
  planTrial,
  printReplay,
  runScenario,
  type SearchedProtocol,
  searchSeeds,
  strategies,
  strategiesNamed,
  type TrialLimits,
  usualStrategies,
  usualStrategiesOf,
} from '../../src/index.ts'

import { runPlan } from '../../src/search/trial.ts'

const limits: TrialLimits = {
  memoryBytes: 2 ** 28,
  now: () => millis(performance.now()),
  invariants: true,
}
/** The CPU time of this process, which does not include waits for other processes. */
const cpuNow = () => millis(process.cpuUsage().user / 1_000)

const raft = (bug?: string, workload: Workload = register): SearchedProtocol => ({
  target: 'raft',
  protocol: findProtocol('raft')!,
  bug,
  targetSettings: {},
  level: 'linearizable',
  workload,
  settings: {},
  nodes: undefined,
  operations: 60,
})
const everything = { strategies, limits, stopAtFirst: false, verifyDeterminism: false }
const someSeed = (): number => inject('seed')

describe('a search for failures', () => {
  test('by default, a search uses all strategies except "coverage" and those for programs, some of them repeatedly', () => {
    const names = usualStrategies.map(({ name }) => name)
    const counts = Object.fromEntries(
      strategies.map(({ name }) => [name, names.filter((each) => each === name).length]),
    )
    expect(counts).toEqual({
      ...{
        uniform: 1,
        biased: 1,
        swarm: 1,
        'swarm-biased': 1,
        leaders: 2,
        crashes: 1,
        windows: 3,
        expiries: 2,
        awaits: 0,
        databases: 0,
        coverage: 0,
      },
    })
    expect(strategiesNamed(names)).toEqual(usualStrategies)
  })

  test('a search in programs uses the strategy "awaits" four times, and omits "leaders", "expiries" and "databases"', () => {
    const names = usualStrategiesOf({}).map(({ name }) => name)
    expect(names.filter((name) => name === 'awaits')).toHaveLength(4)
    expect(names.filter((name) => name === 'leaders' || name === 'expiries')).toEqual([])
    expect(names).not.toContain('databases')
    expect(usualStrategiesOf()).toBe(usualStrategies)
  })

  test('a search injects database faults in a third of its trials of programs with a database', () => {
    const nodesFor = (kind: FaultKind) => (kind === 'lose-commit-reply' ? ['pg'] : undefined)
    const names = usualStrategiesOf({ nodesFor }).map(({ name }) => name)
    expect(names.filter((name) => name === 'databases')).toHaveLength(names.length / 3)
    expect(names.filter((name) => name !== 'databases')).toEqual(usualStrategiesOf({}).map(({ name }) => name))
  })

  test('the strategy "windows" keeps clients busy around restarts in about half of its trials', () => {
    const windows = strategies.find(({ name }) => name === 'windows')!
    const nodes = nodeNames(3)
    const plans = Array.from({ length: 100 }, (_, i) =>
      windows.plan(createRandom(`windows ${i}`), nodes, millis(500), nemeses, () => ({
        takeoverMs: undefined,
        timersMs: [],
      })),
    )
    const clustered = plans.flatMap(({ busy, reactions }) => (busy === undefined ? [] : [{ busy, reactions }]))
    expect(clustered.length).toBeGreaterThan(30)
    expect(clustered.length).toBeLessThan(70)
    for (const { busy, reactions } of clustered)
      for (const { notBefore } of reactions)
        expect(busy.some((ms) => notBefore! / 1e6 >= ms - 0.001 && notBefore! / 1e6 <= ms + 20.001)).toBe(true)
  })

  test('a search finds no failure of Raft with any strategy', () => {
    const first = someSeed()
    const { findings, trials } = searchSeeds(raft(), { ...everything, first, count: 60 })
    expect(findings.map(({ seed, failure }) => `seed ${seed}: ${causeOf(failure)}`)).toEqual([])
    expect(trials).toBe(60)
  })

  test('a search that learnt from an earlier search finds fewer seeds with new coverage, and is repeatable', () => {
    const chosen = { ...everything, strategies: strategiesNamed(['coverage']) }
    const before = searchSeeds(raft(), { ...chosen, first: 1, count: 40 })
    const learnt = learnFrom(raft(), before.interesting, chosen)
    const alone = searchSeeds(raft(), { ...chosen, first: 101, count: 40 })
    const after = searchSeeds(raft(), { ...chosen, first: 101, count: 40, learnt })
    expect(before.interesting.length).toBeGreaterThan(1)
    expect(after.interesting.length).toBeLessThan(alone.interesting.length)
    expect(after.steps).not.toBe(alone.steps)
    expect(searchSeeds(raft(), { ...chosen, first: 101, count: 40, learnt })).toEqual(after)
  })

  test('a search gives the same bytes if each trial is repeated', () => {
    const { findings } = searchSeeds(raft(), { ...everything, first: 1, count: 40, verifyDeterminism: true })
    expect(findings).toEqual([])
  })

  test.each([
    // The check of one history needs more than a million steps.
    { steps: 'a million steps', checkSteps: 1_000_000, reasons: ['time'] },
    { steps: 'as many steps as usual', checkSteps: undefined, reasons: [] },
  ])(
    'the result of a search does not depend on the wall clock if checks may take $steps',
    ({ checkSteps, reasons }) => {
      const random = createRandom('clock')
      let time = 0
      const jumping = () => {
        time += random.chance(0.5) ? 3_600_000 : -60_000
        return millis(time)
      }
      const standing = () => millis(0)
      const set = workloadsOfObjects.find(({ name }) => name === 'set')!
      const [one, other] = [jumping, standing].map((now) =>
        searchSeeds(raft(undefined, set), {
          ...{ strategies: usualStrategies, stopAtFirst: false, verifyDeterminism: false, first: 7, count: 4 },
          limits: { ...limits, now, checkSteps },
        }),
      )
      expect(JSON.stringify(one)).toBe(JSON.stringify(other))
      const { missing, undecided } = one!.evidence
      const kinds = one!.evidence.reasons.map(({ reason }) => reason.kind)
      expect({ missing, undecided, kinds }).toEqual({ missing: [], undecided: reasons.length, kinds: reasons })
    },
  )

  test.each(workloadsOfObjects.map((workload) => [workload.name, workload]))(
    'a search reports no missing evidence for the workload %s',
    (_, workload) => {
      const { findings, evidence } = searchSeeds(raft(undefined, workload), { ...everything, first: 1, count: 9 })
      expect({ findings, evidence }).toEqual({ findings: [], evidence: { missing: [], undecided: 0, reasons: [] } })
    },
  )

  test('a search reports evidence as missing only if the evidence is missing in every trial', () => {
    let histories = 0
    const workload: Workload = { ...register, vacuous: () => (histories++ === 0 ? ['no x', 'no y'] : ['no y']) }
    const { evidence } = searchSeeds(raft(undefined, workload), { ...everything, first: 1, count: 3 })
    expect(evidence.missing).toEqual(['no y'])
  })

  test('a search reports missing evidence once, even if its counts differ between trials', () => {
    let histories = 0
    const workload: Workload = { ...register, vacuous: () => [`no x succeeded (${++histories} of 9: status 503)`] }
    const { evidence } = searchSeeds(raft(undefined, workload), { ...everything, first: 1, count: 3 })
    expect(evidence.missing).toEqual(['no x succeeded (1 of 9: status 503)'])
  })

  test('a search finds a violation of election safety by an invariant', () => {
    const { findings } = searchSeeds(raft('forget-vote'), { ...everything, first: 1, count: 60 })
    expect(findings.map(({ failure }) => failure)).toContainEqual(
      expect.objectContaining({ kind: 'invariant', name: 'election safety' }),
    )
  })
})

describe('the function guide', () => {
  test.each(['forget-vote', 'ack-before-majority'])(
    'the function guide turns an invariant that %s breaks into a violation visible to a client',
    (bug) => {
      const subject = raft(bug)
      const { findings } = searchSeeds(subject, { ...everything, first: 1, count: 60 })
      const broken = findings.find(({ failure }) => failure.kind === 'invariant')!
      const visible = guide(subject, broken, { strategies, limits, budgetMs: millis(30_000) })!
      expect(visible.failure).toMatchObject({ kind: 'violation', level: 'linearizable' })
      expect(runScenario(subject, visible.scenario, { ...limits, invariants: false }).failure).toEqual(visible.failure)
    },
  )
})

describe('a protocol with unrepeatable runs', () => {
  const reaching = (reach: () => unknown): SearchedProtocol => {
    const protocol = findProtocol('raft')!
    return {
      ...raft(),
      protocol: guardProtocol({
        ...protocol,
        create(options) {
          const machine = protocol.create(options)
          return {
            ...machine,
            step: (...step) => {
              reach()
              return machine.step(...step)
            },
          }
        },
      }),
    }
  }

  test.each([
    ['Math.random()', () => Math.random()],
    ['Date.now()', () => Date.now()],
    ['new Date()', () => new Date()],
    ['performance.now()', () => performance.now()],
    ['setTimeout()', () => setTimeout(() => {}, 1)],
    ['crypto.randomUUID()', () => crypto.randomUUID()],
    ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(4))],
    ['crypto.randomBytes()', () => nodeCrypto.randomBytes(4)],
    ['crypto.randomInt()', () => nodeCrypto.randomInt(4)],
    ['process.hrtime()', () => process.hrtime()],
    ['process.hrtime.bigint()', () => process.hrtime.bigint()],
  ])('a protocol with unrepeatable runs is reported with the event that called %s', (name, reach) => {
    const { findings } = searchSeeds(reaching(reach), { ...everything, first: 1, count: 1 })
    expect(findings[0]?.failure).toMatchObject({ kind: 'broken' })
    expect(findings[0]?.failure).toHaveProperty('what', expect.stringMatching(/^n\d threw on .* it calls /))
    expect(findings[0]?.failure).toHaveProperty('what', expect.stringContaining(name))
  })

  test('a protocol with unrepeatable runs does not affect the clock and the randomness of other code', () => {
    searchSeeds(
      reaching(() => crypto.randomUUID()),
      { ...everything, first: 1, count: 1 },
    )
    expect(crypto.randomUUID()).toMatch(/^[0-9a-f-]{36}$/)
    expect([crypto.getRandomValues(new Uint8Array(4)), nodeCrypto.randomBytes(4)]).toHaveLength(2)
    expect(process.hrtime.bigint() > 0n && Date.now() > 0).toBe(true)
  })

  test('a protocol is not reported as unrepeatable for creating a date from a given time', () => {
    const { findings } = searchSeeds(
      reaching(() => new Date(0).getTime()),
      { ...everything, first: 1, count: 1 },
    )
    expect(findings).toEqual([])
  })

  test('a protocol with unrepeatable runs is reported with the first event that differs between runs', () => {
    const protocol = findProtocol('raft')!
    let steps = 0
    const forgetful = {
      ...raft(),
      protocol: {
        ...protocol,
        create: (options: Parameters<typeof protocol.create>[0]) => {
          const machine = protocol.create(options)
          // State that is kept outside of `state` carries over from one run to the next.
          return {
            ...machine,
            step: (...[state, event, now, steady]: Parameters<typeof machine.step>) =>
              machine.step(
                state,
                event.type === 'request' && event.input.f === 'write'
                  ? { ...event, input: { ...event.input, value: ++steps } }
                  : event,
                now,
                steady,
              ),
          }
        },
      },
    }
    const { findings } = searchSeeds(forgetful, { ...everything, first: 1, count: 3, verifyDeterminism: true })
    expect(findings[0]?.failure).toHaveProperty(
      'what',
      expect.stringMatching(/not deterministic: .* event \d+ of the clients was \{/),
    )
  })
})

describe('a trial of a search', () => {
  test('a trial of a search fails with the same cause if its scenario runs alone', () => {
    const { findings } = searchSeeds(raft('no-log-check'), { ...everything, first: someSeed(), count: 100 })
    expect(findings.length).toBeGreaterThan(0)
    for (const { scenario, failure, seed } of findings) {
      const again = runScenario(raft('no-log-check'), scenario, limits).failure
      expect(again && causeOf(again), `seed ${seed}`).toBe(causeOf(failure))
    }
  })

  test('a trial of a search is not changed by a fault on no links', () => {
    const plan = planTrial(raft(), strategies[0]!, 7)
    const one = runPlan(raft(), plan, limits)
    const nothing = {
      from: one.scenario().faults[0]!.from,
      to: one.scenario().faults[0]!.from,
      fault: { kind: 'reset', links: [] },
    } as const
    const other = runScenario(raft(), { ...one.scenario(), faults: [...one.scenario().faults, nothing] }, limits)
    const clients = (events: typeof one.events) =>
      events.filter(({ process }) => process !== 'nemesis').map(({ index: _, ...event }) => event)
    expect(clients(other.events)).toEqual(clients(one.events))
  })

  test.each([
    [1, 5],
    [5, 5],
    [7, 10],
  ])('a trial with %i keys and five nodes ends with %i reads that cover every key and every node', (keys, reads) => {
    const { scenario } = planTrial({ ...raft(), nodes: 5 }, strategies[0]!, 7)
    const operations = scenario.operations.map((operation, i) => ({
      ...operation,
      input: { f: 'write', key: `k${i % keys}`, value: i },
    }))
    const finals = runScenario(raft(), { ...scenario, operations }, limits).events.filter(({ final }) => final === true)
    expect(new Set(finals.map(({ key }) => key)).size).toBe(keys)
    expect(new Set(finals.map(({ node }) => node)).size).toBe(5)
    expect(finals.length).toBe(reads)
  })
})

describe('a failure found by a search', () => {
  test.each(['stale-read', 'no-log-check', 'ack-before-majority', 'forget-vote'])(
    'a failure caused by %s is shrunk to at most 12 operations and 4 faults',
    (bug) => {
      const subject = raft(bug)
      const { findings } = searchSeeds(subject, { ...everything, first: 1, count: 400, stopAtFirst: true })
      const scenario = minimise(subject, findings[0]!, { limits: { ...limits, now: cpuNow }, budgetMs: millis(5_000) })!
      expect(scenario.operations.length).toBeLessThanOrEqual(12)
      expect(scenario.faults.length).toBeLessThanOrEqual(4)
      const { failure } = runScenario(subject, scenario, limits)
      expect(failure && causeOf(failure)).toBe(causeOf(findings[0]!.failure))
    },
  )

  test('a failure is shrunk for up to five times the budget if few runs fit into the budget', () => {
    const subject = raft('stale-read')
    const [finding] = searchSeeds(subject, { ...everything, first: 1, count: 400, stopAtFirst: true }).findings
    let nowMs = 0
    // Every reading of this clock advances it by a long time, and the clock is read before each run.
    const scenario = minimise(subject, finding!, {
      limits: {
        ...limits,
        now: () => {
          nowMs += 100
          return millis(nowMs)
        },
      },
      budgetMs: millis(1_000),
    })
    expect(scenario?.operations.length).toBeLessThan(finding!.scenario.operations.length / 2)
    expect(nowMs).toBeGreaterThan(4_000)
    expect(nowMs).toBeLessThan(6_000)
  })

  test('a failure is read back from its file unchanged, and replays to the same history', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const scenario = runPlan(raft(), planTrial(raft(), strategies[seed % 4]!, seed), limits).scenario()
      const { events } = runScenario(raft(), scenario, limits)
      const replay = {
        scenario,
        found: 'nothing',
        digest: digestOf(events),
        invariants: seed % 2 === 0,
        level: 'eventual',
      }
      const back = parseReplay(printReplay(replay), 'replay.json')
      expect(back, `seed ${seed}`).toEqual(replay)
      expect(digestOf(runScenario(raft(), back.scenario, limits).events)).toBe(replay.digest)
    }
  })

  test.each(workloadsOfObjects.map((workload) => [workload.name, workload]))(
    'a failure with operations of the workload %s is read back unchanged',
    (_, workload) => {
      const subject = raft(undefined, workload)
      const scenario = runPlan(subject, planTrial(subject, strategies[0]!, 1), limits).scenario()
      const replay = { scenario, found: undefined, digest: undefined, invariants: true }
      expect(parseReplay(printReplay(replay), 'replay.json')).toEqual(replay)
    },
  )
})
