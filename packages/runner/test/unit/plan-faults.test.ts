import { type FaultKind, type Nemesis, nemeses, nodeNames } from '@chaosproxy/faults'
import { completeRun, parseRunSpec, planRun, type Target } from '@chaosproxy/runner'
import { findWorkload, register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { requestedFaults } from '../../src/plan/plan-run.ts'

/** A nemesis that hits one of the given nodes. */
const happening = (kind: 'kill' | 'pause', name: string = kind): Nemesis => ({
  ...{ name, summary: '', kind, among: 'nodes' },
  plan: (random, nodes) => ({ lengths: 1, parts: [{ from: 0, to: 1, plan: { kind, nodes: [random.pick(nodes)] } }] }),
})

const ON_DISK: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'power-loss',
  'slow-fsync',
  'fail-fsync',
  'freeze-disk',
  'fill-disk',
])

const plain: Target = {
  name: 'fake',
  summary: '',
  defaultNodes: 3,
  settings: [],
  bugs: [],
  marks: false,
  tier: 'simulated',
  functions: () => register.functions,
  promises: () => 'nothing',
  supports: (kind) => (kind === 'clock' ? { not: 'it has none', instead: ['pause'] } : true),
  start: () => Promise.reject(new Error('it is only planned')),
}

function planned(target: Target, faults: readonly unknown[], seed = 7) {
  const spec = parseRunSpec({ target: 'fake', seed, timeMs: 20_000, faults }, 'test')
  return planRun(spec, { target: async () => target, workload: async () => register }, 'test')
}

const nodesOf = ({ plan }: { readonly plan: object }): readonly string[] =>
  'nodes' in plan ? (plan.nodes as readonly string[]) : []

test('a run that stops at a violation expects the strongest level of its workload', async () => {
  const heldTo = async (name: string, more: object) => {
    const workload = findWorkload(name) ?? register
    const spec = parseRunSpec({ target: 'fake', seed: 7, timeMs: 20_000, expect: 'linearizable', ...more }, 'test')
    const target: Target = { ...plain, functions: () => workload.functions }
    const { expect: held } = await planRun(spec, { target: async () => target, workload: async () => workload }, 'test')
    return held?.level
  }
  const stopping = { stopOnViolation: true }
  expect(await heldTo('register', stopping)).toBe('linearizable')
  expect(await heldTo('watch', stopping)).toBe('faithful')
  expect(await heldTo('work-queue', stopping)).toBe('exactly-once')
  expect(await heldTo('txn-list-append', stopping)).toBe('strict-serializable')
  await expect(heldTo('watch', {})).rejects.toThrow('cannot check whether a run is linearizable')
})

test('objects begin with the value that the target declares, and not with that of the workload', async () => {
  const begun = async (begins: Target['begins']) => (await planned({ ...plain, begins }, [])).workload.initial
  expect(await begun(undefined)).toBe(null)
  expect(await begun({ initial: 'unknown', where: 'routes.json' })).toBe('unknown')
})

test('an expected level below sequential is refused if the run has compare-and-sets', async () => {
  const settings = { cas: 0.2 }
  const spec = parseRunSpec(
    { target: 'fake', seed: 7, timeMs: 20_000, expect: 'causal', workload: { name: 'register', settings } },
    'test',
  )
  await expect(planRun(spec, { target: async () => plain, workload: async () => register }, 'test')).rejects.toThrow(
    'give --workload-set cas=0',
  )
})

test('compare-and-sets are omitted from a run that expects a level below sequential', async () => {
  const promising: Target = { ...plain, promises: () => 'linearizable' }
  const registries = { target: async () => promising, workload: async () => register }
  const casOf = async (expect: string) => {
    const { workload } = await completeRun({ target: 'fake', expect }, registries, { where: 'test', seed: 7 })
    return workload.settings['cas']
  }
  expect(await casOf('causal')).toBe(0)
  expect(await casOf('sequential')).toBeUndefined()
})

describe('the faults of a run', () => {
  test('a fault hits only nodes for which the target offers it', async () => {
    const target: Target = {
      ...plain,
      offers: () => [{ nodes: ['db'], nemeses: [happening('kill', 'kill:db'), happening('pause')] }],
    }
    const { nemeses: chosen, schedule } = await planned(target, ['kill:db'])
    expect(chosen.map(({ name }) => name)).toEqual(['kill:db'])
    expect(schedule.length).toBeGreaterThan(0)
    expect(new Set(schedule.flatMap(nodesOf))).toEqual(new Set(['db']))
  })

  test('the faults of a run are the same whether the target offers all faults by default or by a list', async () => {
    const target: Target = { ...plain, offers: () => [{ nodes: nodeNames(3), nemeses }] }
    for (let seed = 1; seed <= 50; seed++) {
      const [one, other] = [
        await planned(plain, ['kill', 'delay'], seed),
        await planned(target, ['kill', 'delay'], seed),
      ]
      expect(one.schedule).toEqual(other.schedule)
    }
  })

  test('a run has less than half as many faults if the spacing factor `calm` is 4 instead of 1', async () => {
    const offered = (calm: number): Target => ({
      ...plain,
      clients: 'observed',
      offers: () => [{ nodes: nodeNames(3), nemeses, calm }],
    })
    const [often, rarely] = [await planned(offered(1), ['reset']), await planned(offered(4), ['reset'])]
    expect(often.schedule.length).toBeGreaterThan(2 * rarely.schedule.length)
    expect(often.schedule.at(-1)?.from).toBeGreaterThan(15e9)
  })

  test('a fault hits each group of nodes for which the target offers it, and fault ids follow the order of time', async () => {
    const target: Target = {
      ...plain,
      offers: () => [
        { nodes: ['a'], nemeses: [happening('kill')] },
        { nodes: ['b'], nemeses: [happening('kill'), happening('pause')] },
      ],
    }
    const { schedule, nemeses: chosen } = await planned(target, ['kill', 'pause'])
    expect(chosen.map(({ name }) => name)).toEqual(['kill', 'pause'])
    expect(new Set(schedule.flatMap(nodesOf))).toEqual(new Set(['a', 'b']))
    expect(schedule.map(({ id }) => id)).toEqual(schedule.map((_, i) => `fault-${i + 1}`))
  })

  test.each([
    [
      "the target's refusal of a fault that it does not offer",
      { offers: () => [], refusal: () => 'not here' },
      'kill',
      'test: not here',
    ],
    [
      'the faults that the target offers instead',
      {},
      'clock',
      'test: fake cannot suffer clock: it has none. Instead: pause.',
    ],
    ['the fault that the user probably meant', {}, 'kil', 'test: there is no fault kil. Did you mean kill?'],
  ])('the faults of a run are refused, and the error states %s', async (_, more: Partial<Target>, name, message) => {
    await expect(planned({ ...plain, ...more }, [name])).rejects.toThrow(message)
  })
})

describe('the selection of faults by "everything" or a profile', () => {
  const registries = (target: Target) => ({ target: async () => target, workload: async () => register })
  const kindsOf = (names: readonly unknown[]) => names.map((name) => nemeses.find((each) => each.name === name)?.kind)

  test('"everything" is replaced by one named fault of every kind that can be injected into the target', async () => {
    const { spec, nemeses: chosen } = await planned(plain, ['everything'])
    const kinds = kindsOf(spec.faults)
    expect(new Set(kinds)).toEqual(new Set(nemeses.map(({ kind }) => kind).filter((kind) => kind !== 'clock')))
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(chosen.map(({ name }) => name)).toEqual(spec.faults)
  })

  test('"everything" excludes each fault that voids the promise of the target', async () => {
    const target: Target = {
      ...plain,
      promises: ({ faults }) => (faults.includes('forge-message') ? 'nothing' : 'linearizable'),
    }
    const { spec, expect: held } = await planned(target, ['everything'])
    expect(spec.faults).not.toContain('forge')
    expect(held).toEqual({ level: 'linearizable', promised: true })
  })

  test('"everything" includes flipped bits only on request, and the run then expects no level', async () => {
    const target: Target = { ...plain, promises: () => 'linearizable' }
    expect((await planned(target, ['everything'])).spec.faults).not.toContain('flip-bit')
    expect((await planned(target, ['disk'])).spec.faults).not.toContain('flip-bit')
    expect((await planned(target, ['flip-bit'])).expect).toBeUndefined()
    expect((await planned(target, ['kill'])).expect).toEqual({ level: 'linearizable', promised: true })
  })

  test('a profile is replaced by the faults of its kinds that can be injected into the target', async () => {
    const { spec } = await planned(plain, ['gentle', 'kill'])
    expect(spec.faults).toEqual(['delay', 'slow', 'packet-loss', 'reorder', 'delay-reply', 'slow-body', 'kill'])
  })

  test('a profile is refused, with a list of possible faults, if none of its faults can be injected into the target', async () => {
    const diskless: Target = {
      ...plain,
      supports: (kind) => (ON_DISK.has(kind) ? { not: 'it has none', instead: [] } : true),
    }
    await expect(planned(diskless, ['disk'])).rejects.toThrow(
      /--faults disk: fake cannot suffer any fault of this profile\. fake cannot suffer power-loss: .* Faults it can suffer: partition/,
    )
  })

  test('a run of all faults lasts long enough for each fault, unless timeMs is given', async () => {
    const draft = { target: 'fake', workload: 'register', faults: ['everything'] }
    const complete = (more: object) => completeRun({ ...draft, ...more }, registries(plain), { where: 'test', seed: 7 })
    const spec = await complete({})
    expect(spec.timeMs).toBeGreaterThan(20_000)
    expect((await planRun(spec, registries(plain), 'test')).shortage()).toBeUndefined()
    expect((await complete({ timeMs: 3_000 })).timeMs).toBe(3_000)
  })

  test('a saved spec distinguishes the usual faults of the target from requested faults', async () => {
    const target: Target = { ...plain, usual: { workload: { name: 'register', settings: {} }, faults: ['partition'] } }
    const of = registries(target)
    const told = async (draft: object) => {
      const spec = await completeRun({ target: 'fake', ...draft }, of, { where: 'test', seed: 7 })
      const again = parseRunSpec(JSON.parse(JSON.stringify(spec)), 'run.json')
      return requestedFaults(await planRun(again, of, 'test'))
    }
    const partition = { name: 'partition', kind: 'partition' }
    expect(await told({})).toEqual([{ ...partition, isUsual: true }])
    expect(await told({ faults: ['partition'] })).toEqual([{ ...partition, isUsual: false }])
  })
})

describe('a scheduled fault', () => {
  const refusal = async (fault: object, target: Target = plain) =>
    planned(target, [{ fromMs: 100, toMs: 200, ...fault }]).then(
      () => undefined,
      (error: Error) => error.message,
    )

  test.each([
    [{ kind: 'kill', nodes: ['n3', 'n4'] }, 'n4'],
    [{ kind: 'partition', links: ['n1>n7'] }, 'n7'],
    [{ kind: 'latency', latencyMs: 5, links: ['clients>n9'] }, 'n9'],
  ])('a scheduled fault is refused if it names a node that the target lacks: %o', async (fault, missing) => {
    expect(await refusal(fault)).toContain(`names the node ${missing}, but the nodes are n1, n2, n3.`)
  })

  test.each([
    [{ kind: 'kill', nodes: ['n3'] }],
    [{ kind: 'kill', nodes: 'leader' }],
    [{ kind: 'partition', links: ['n1>n2', 'n2>db'] }],
  ])(
    'a scheduled fault is accepted if it names existing nodes, the leader, or a link to another service: %o',
    async (fault) => {
      expect(await refusal(fault)).toBeUndefined()
    },
  )
})
