import {
  createRandom,
  describeFault,
  type Fault,
  type FaultPlan,
  linkName,
  linksBetween,
  nemeses,
  nodeNames,
  planSchedule,
  type Random,
  resolveFault,
} from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5']
const situation = (seed: number, leader: string | undefined = undefined) => ({
  nodes,
  leader,
  random: createRandom(seed),
})

describe('a fault schedule', () => {
  const plans = fc.record({
    seed: fc.integer(),
    durationMs: fc.integer({ min: 500, max: 120_000 }).map(millis),
    kinds: fc.subarray([...nemeses], { minLength: 1 }),
  })

  test('a fault schedule is determined by its seed', () => {
    fc.assert(
      fc.property(plans, ({ seed, durationMs, kinds }) => {
        const plan = () => planSchedule({ nemeses: kinds, nodes, durationMs, random: createRandom(seed) })
        expect(plan()).toEqual(plan())
      }),
      { numRuns: 50 },
    )
  })

  test('a fault schedule has no faults near its start and end, and each fault ends after it starts', () => {
    fc.assert(
      fc.property(plans, ({ seed, durationMs, kinds }) => {
        const schedule = planSchedule({ nemeses: kinds, nodes, durationMs, random: createRandom(seed) })
        expect(schedule.length).toBeGreaterThan(0)
        const [earliest, latest] = [durationMs * 1e5 - 1, durationMs * 1e6 * 0.95 + 1]
        expect(schedule.filter(({ from, to }) => from < earliest || to <= from || to > latest)).toEqual([])
        expect(schedule.map((fault) => fault.from)).toEqual(schedule.map((fault) => fault.from).sort((a, b) => a - b))
      }),
    )
  })

  test('a fault schedule has faults shorter than 500 ms and longer than 3 s if longestFault is 0.4', () => {
    const durationMs = millis(10_000)
    const kinds = nemeses.filter(({ name }) => name === 'partition')
    const lengths = Array.from({ length: 50 }, (_, seed) =>
      planSchedule({ nemeses: kinds, nodes, durationMs, random: createRandom(seed), longestFault: 0.4 }),
    ).flatMap((schedule) => schedule.map(({ from, to }) => (to - from) / 1e6))
    expect(Math.max(...lengths)).toBeGreaterThan(3_000)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4_000)
    expect(Math.min(...lengths)).toBeLessThan(500)
    expect(lengths.length / 50).toBeGreaterThan(3)
  })

  test('a fault schedule numbers its faults from 1 in the order of their start', () => {
    const schedule = planSchedule({ nemeses, nodes, durationMs: millis(20_000), random: createRandom(1) })
    expect(schedule.map(({ id }) => id)).toEqual(schedule.map((_, i) => `fault-${i + 1}`))
  })

  test('a fault schedule uses every kind of fault once before it repeats a kind', () => {
    const kinds = nemeses.filter(({ name }) => ['partition', 'kill', 'pause'].includes(name))
    const schedule = planSchedule({ nemeses: kinds, nodes, durationMs: millis(20_000), random: createRandom(7) })
    const turns = schedule.map((fault) => fault.plan.kind).filter((kind, i, all) => kind !== all[i - 1])
    expect(new Set(turns.slice(0, 3)).size).toBe(3)
    expect(schedule.length).toBeGreaterThan(6)
  })

  test('a schedule of only the nemesis `shifting` has more than 20 kills in a minute', () => {
    const shifting = nemeses.filter(({ name }) => name === 'shifting')
    const plan = (kinds: typeof nemeses) =>
      planSchedule({ nemeses: kinds, nodes, durationMs: millis(60_000), random: createRandom(1) })
    expect(plan(shifting).filter(({ plan }) => plan.kind === 'kill').length).toBeGreaterThan(20)
  })

  test('the nemesis `shifting` first kills all nodes, and then starts one majority after another', () => {
    const shifting = nemeses.find(({ name }) => name === 'shifting')!
    for (const size of [3, 4, 5, 7]) {
      const { parts } = shifting.plan(createRandom(size), nodeNames(size))
      const aliveAt = (moment: number) => {
        const down = parts.filter(({ from, to }) => from <= moment && moment < to).map(({ plan }) => plan)
        const killed = down.flatMap((plan) =>
          plan.kind === 'kill' && typeof plan.nodes === 'object' ? plan.nodes : [],
        )
        return nodeNames(size).filter((node) => !killed.includes(node))
      }
      expect(aliveAt(0.01)).toEqual([])
      for (const moment of [0.2, 0.5, 0.9]) expect(aliveAt(moment).length).toBe(Math.floor(size / 2) + 1)
      expect(aliveAt(0.5)).not.toEqual(aliveAt(0.2))
      expect(aliveAt(0.9)).not.toEqual(aliveAt(0.5))
    }
  })

  test('a fault schedule flips bits on only one minority of the nodes for the whole run', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer(), (size, seed) => {
        const kinds = nemeses.filter(({ name }) => name === 'flip-bit')
        const random = createRandom(seed)
        const schedule = planSchedule({ nemeses: kinds, nodes: nodeNames(size), durationMs: millis(60_000), random })
        const damaged = new Set(schedule.flatMap(({ plan }) => ('nodes' in plan ? plan.nodes : [])))
        expect(schedule.length).toBeGreaterThan(5)
        expect(damaged.size).toBeGreaterThan(0)
        if (size > 2) expect(damaged.size).toBeLessThan(size / 2)
      }),
      { numRuns: 50 },
    )
  })

  test.each([
    [1_000, true],
    [1_001, false],
  ])(
    'a short schedule of three or more kinds has a fault that takes the majority away for %d ms: %s',
    (lengthMs, isPlanned) => {
      // In a run of 5 s, the shortest fault lasts 200 ms.
      const cut = {
        plan: { kind: 'partition', links: 'between-nodes', mode: 'hold' },
        lengths: lengthMs / 200,
      } as const
      const pause = { plan: { kind: 'pause', nodes: 'one' }, lengths: 1 } as const
      const kinds = [pause, cut, pause].map(({ plan, lengths }, at) => ({
        ...{ name: `${at}`, summary: '', kind: plan.kind, among: 'nodes' as const },
        plan: () => ({ lengths, parts: [{ from: 0, to: 1, plan: plan as FaultPlan }] }),
      }))
      const shuffle = <T>(items: readonly T[]): T[] => [...items]
      const random = { ...createRandom(1), next: () => 0, chance: () => false, shuffle } as Random
      const schedule = planSchedule({ nemeses: kinds, nodes, durationMs: millis(5_000), random })
      expect(schedule.some(({ plan }) => plan.kind === 'partition')).toBe(isPlanned)
    },
  )

  test('a fault schedule is empty if no nemesis is given', () => {
    expect(planSchedule({ nemeses: [], nodes, durationMs: millis(1000), random: createRandom(1) })).toEqual([])
  })
})

describe.each([3, 4, 5, 7])('a schedule of partitions, kills and pauses on %d nodes', (size) => {
  test('a schedule of partitions, kills and pauses keeps a majority up and connected for at least 85% of the run', () => {
    const names = nodeNames(size)
    const kinds = nemeses.filter(({ name }) => ['partition', 'kill', 'pause'].includes(name))
    const harms = new Set<string>()
    for (let seed = 1; seed <= 200; seed++) {
      const random = createRandom(seed)
      const schedule = planSchedule({ nemeses: kinds, nodes: names, durationMs: millis(20_000), random })
      const faults = schedule.map(({ id, from, to, plan }) => ({
        fault: resolveFault(plan, { nodes: names, leader: undefined, random: random.fork(id) }),
        ...{ from, to },
      }))
      for (const { plan } of schedule) harms.add('nodes' in plan ? `${plan.kind} ${plan.nodes}` : String(plan.links))
      expect(outageOf(faults, names), `seed ${seed}`).toBeLessThan(0.15 * 20e9)
    }
    // The limit on outages does not keep any kind of outage out of the schedules, such as power failures (`kill all`)
    // and shifting majorities (`majority-ring`).
    expect([...harms].some((harm) => harm.startsWith('kill n'))).toBe(true)
    for (const harm of ['kill all', 'kill leader', 'kill minority', 'pause minority', 'halves', 'majority-ring'])
      expect(harms).toContain(harm)
  })
})

describe('a planned fault', () => {
  test.each(nemeses.map((nemesis) => [nemesis.name, nemesis] as const))(
    'a planned fault is resolved to the kind of fault that the nemesis %s declares',
    (_, nemesis) => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          for (const { plan } of nemesis.plan(createRandom(seed), nodes).parts)
            expect(resolveFault(plan, situation(seed)).kind).toBe(nemesis.kind)
        }),
      )
    },
  )

  test('a planned isolation of the leader isolates the node that leads when the fault is injected', () => {
    const fault = resolveFault({ kind: 'partition', links: 'isolate-leader', mode: 'hold' }, situation(1, 'n4'))
    expect(fault.kind === 'partition' && new Set(fault.links.map(linkName))).toEqual(
      new Set(['n1', 'n2', 'n3', 'n5'].flatMap((other) => [`n4>${other}`, `${other}>n4`])),
    )
    expect(describeFault(fault)).toBe('partition {n1 n2 n3 n5 | n4}')
  })

  test('a majority-ring partition leaves each node connected to a different majority', () => {
    for (const size of [5, 6, 7, 9]) {
      const names = Array.from({ length: size }, (_, i) => `n${i + 1}`)
      const fault = resolveFault(
        { kind: 'partition', links: 'majority-ring', mode: 'hold' },
        { nodes: names, leader: undefined, random: createRandom(size) },
      )
      const cut = new Set(fault.kind === 'partition' ? fault.links.map(linkName) : [])
      const seen = names.map((node) => names.filter((other) => other === node || !cut.has(`${other}>${node}`)).join())
      for (const group of seen) expect(group.split(',').length).toBeGreaterThan(size / 2)
      expect(new Set(seen).size).toBe(size)
    }
  })

  test.each([
    [
      [
        ['n1', 'n3'],
        ['n2', 'n4', 'n5'],
      ],
      'partition {n1 n3 | n2 n4 n5}',
    ],
    [[['n1'], ['n2'], ['n3']], 'partition {n1 | n2 | n3}'],
  ])('a planned partition is described by its groups: %j', (groups, words) => {
    expect(describeFault({ kind: 'partition', links: linksBetween(groups), mode: 'hold' })).toBe(words)
  })

  test('a partition is described by the pairs of nodes that are cut, or by the links of a one-way cut', () => {
    const ring = linksBetween([['n1'], ['n3']]).concat(linksBetween([['n2'], ['n4']]))
    expect(describeFault({ kind: 'partition', links: ring, mode: 'drop' })).toBe('partition {n1–n3, n2–n4} (dropping)')
    expect(describeFault({ kind: 'partition', links: [{ from: 'n1', to: 'n2' }], mode: 'hold' })).toBe(
      'partition {n1>n2}',
    )
  })

  test('a partition is described by the pairs of nodes that remain connected, if they are few', () => {
    const links = linksBetween([['n1'], ['n2'], ['n3'], ['n4'], ['n5']])
    const left = links.filter(({ from, to }) => ![from, to].every((end) => end === 'n1' || end === 'n2'))
    const open = left.filter(({ from, to }) => ![from, to].every((end) => end === 'n2' || end === 'n3'))
    expect(describeFault({ kind: 'partition', links: open, mode: 'hold' })).toBe('partition {all but n1–n2, n2–n3}')
  })

  test('a one-way partition is described by its links if they are at most six, and otherwise by their number', () => {
    const oneWay = (count: number) => Array.from({ length: count }, (_, i) => ({ from: 'n1', to: `n${i + 2}` }))
    expect(describeFault({ kind: 'partition', links: oneWay(6), mode: 'hold' })).toBe(
      'partition {n1>n2, n1>n3, n1>n4, n1>n5, n1>n6, n1>n7}',
    )
    expect(describeFault({ kind: 'partition', links: oneWay(7), mode: 'hold' })).toBe('partition {7 links}')
  })

  test('a kill of a minority of the nodes leaves a majority running if the cluster has at least three nodes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer(), (size, seed) => {
        const names = Array.from({ length: size }, (_, i) => `n${i + 1}`)
        const fault = resolveFault(
          { kind: 'kill', nodes: 'minority' },
          { nodes: names, leader: undefined, random: createRandom(seed) },
        )
        const victims = fault.kind === 'kill' ? fault.nodes.length : 0
        expect(victims).toBeGreaterThan(0)
        if (size > 2) expect(size - victims).toBeGreaterThan(size / 2)
      }),
    )
  })
})

describe('a seeded random generator', () => {
  test('a forked random generator draws independently of the draws of its parent', () => {
    const fresh = createRandom(42).fork('link n1>n2')
    const parent = createRandom(42)
    parent.next()
    expect(parent.fork('link n1>n2').next()).toBe(fresh.next())
  })

  test('a random generator draws about a tenth of its numbers from each tenth of the interval', () => {
    const random = createRandom('uniform')
    const counts = new Array(10).fill(0)
    for (let i = 0; i < 100_000; i++) counts[random.integer(10)]++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  test('a random generator shuffles a list without losing elements', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        expect(createRandom(seed).shuffle(items).sort()).toEqual([...items].sort())
      }),
    )
  })
})

/** Returns the nanoseconds during which no node could reach a majority. */
function outageOf(
  faults: readonly { readonly fault: Fault; readonly from: number; readonly to: number }[],
  names: readonly string[],
): number {
  const moments = [...new Set(faults.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  let outage = 0
  for (const [i, at] of moments.entries()) {
    const active = faults.filter(({ from, to }) => from <= at && at < to).map(({ fault }) => fault)
    const down = new Set(active.flatMap((fault) => ('nodes' in fault ? fault.nodes : [])))
    const cut = new Set(active.flatMap((fault) => ('links' in fault ? fault.links.map(linkName) : [])))
    const up = names.filter((node) => !down.has(node))
    const reaches = (one: string, other: string) => !cut.has(`${one}>${other}`) && !cut.has(`${other}>${one}`)
    if (!up.some((one) => up.filter((other) => reaches(one, other)).length > names.length / 2))
      outage += (moments[i + 1] ?? at) - at
  }
  return outage
}
