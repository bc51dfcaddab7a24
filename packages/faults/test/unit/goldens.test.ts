import {
  createRandom,
  describeFault,
  type FaultPlan,
  familyOf,
  faultDefinitions,
  faultProfiles,
  fnv1a,
  type Nemesis,
  nemeses,
  nemesisIn,
  nodeNames,
  ownFaultKinds,
  parametersOf,
  parseFault,
  planSchedule,
  printFault,
  printSchedule,
  resolveFault,
} from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import type { Strategy } from '../../src/nemeses/nemesis.ts'
import { linkSelectors, nodeSelectors } from '../../src/schedule/schedule.ts'

// Seeds must have the same effects in every version, because people keep seeds to repeat failures. Declarations of
// faults must stay the same, because people write faults in files. A changed golden file therefore affects users,
// unless only a summary has changed.

const golden = async (name: string, lines: readonly string[]): Promise<void> =>
  expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`../golden/${name}.txt`)

const own = nemeses.filter(({ kind }) => !ownFaultKinds.includes(kind))
const SEEDS = [1, 2, 3, 4]
const NODES = nodeNames(5)
const written = (value: unknown): string => JSON.stringify(value)
const planned = ({ from, to, plan }: { from: number; to: number; plan: FaultPlan }): string =>
  `${from.toFixed(4)}-${to.toFixed(4)} ${written(printFault(plan))}`

test('a seed gives the same random numbers in every version', async () => {
  const lines = ['1', 1, '', 'a seed', -7, 2 ** 40].flatMap((seed) => {
    const random = createRandom(seed)
    const draws = Array.from({ length: 4 }, () => random.next())
    const fork = random.fork('link n1>n2')
    return [
      `${written(seed)}: ${draws.join(' ')}`,
      `  forked: ${fork.next()} ${fork.fork('deeper').next()}`,
      `  integers: ${Array.from({ length: 8 }, () => random.integer(100)).join(' ')}`,
      `  chances: ${Array.from({ length: 8 }, () => random.chance(0.5)).join(' ')}`,
      `  shuffled: ${random.shuffle(NODES).join(' ')}; picked: ${random.pick(NODES)}`,
    ]
  })
  await golden('random', [...lines, ...['', 'a', 'ab', 'ü'].map((text) => `hash of ${written(text)}: ${fnv1a(text)}`)])
})

const episodesOf = (strategy: Strategy): readonly string[] =>
  SEEDS.flatMap((seed) => {
    const { parts, lengths } = strategy.plan(createRandom(seed), NODES)
    return [`  seed ${seed}, ${lengths} times as long:`, ...parts.map((part) => `    ${planned(part)}`)]
  })

test('a nemesis draws the same faults from a seed in every version', async () => {
  const lines = own.flatMap((nemesis) => [`${nemesis.name} (${nemesis.among}):`, ...episodesOf(nemesis)])
  await golden('nemeses', lines)
})

test.each(['requests', 'streams'] as const)(
  'the faults of %s that a nemesis draws from a seed are the same in every version',
  async (traffic) => {
    const lines = own.flatMap((nemesis) => {
      const strategy = nemesisIn(traffic, nemesis)
      const isSame = strategy === undefined || strategy === nemesis
      return isSame
        ? [`${nemesis.name}: ${strategy === undefined ? 'none' : 'the same'}`]
        : [`${nemesis.name}:`, ...episodesOf(strategy)]
    })
    await golden(`nemeses-in-${traffic}`, lines)
  },
)

test('a schedule has the same faults for a seed in every version', async () => {
  const scheduled = (kinds: readonly Nemesis[], nodes: number, durationMs: number, longestFault?: number) =>
    SEEDS.slice(0, 3).flatMap((seed) => [
      `${kinds.length} kinds, ${nodes} nodes, ${durationMs} ms, seed ${seed}${longestFault === undefined ? '' : `, up to ${longestFault}`}:`,
      ...printSchedule(
        planSchedule({
          ...{ nemeses: kinds, nodes: nodeNames(nodes), durationMs: millis(durationMs) },
          random: createRandom(seed),
          longestFault,
        }),
      ).map((fault) => `  ${written(fault)}`),
    ])
  const harmful = own.filter(({ name }) => ['partition', 'kill', 'pause'].includes(name))
  const [kill] = harmful.filter(({ name }) => name === 'kill')
  await golden('schedules', [
    ...scheduled(own.slice(0, 12), 5, 12_000),
    ...scheduled(harmful, 3, 20_000),
    ...scheduled(harmful, 5, 8_000, 0.5),
    ...scheduled(kill === undefined ? [] : [kill], 3, 9_000),
    ...scheduled(harmful, 1, 1_200),
    ...scheduled(harmful, 4, 300),
  ])
})

test('a selector chooses the same nodes and links for a seed in every version', async () => {
  const lines = [1, 2, 3, 4, 5, 6].flatMap((count) =>
    [undefined, 'n2'].flatMap((leader) =>
      SEEDS.slice(0, 2).flatMap((seed) => {
        const resolved = (plan: FaultPlan): string =>
          describeFault(resolveFault(plan, { nodes: nodeNames(count), leader, random: createRandom(seed) }))
        return [
          `${count} nodes, ${leader ?? 'no'} leader, seed ${seed}:`,
          ...nodeSelectors.map((nodes) => `  ${nodes}: ${resolved({ kind: 'pause', nodes })}`),
          ...linkSelectors.map((links) => `  ${links}: ${resolved({ kind: 'partition', links, mode: 'hold' })}`),
        ]
      }),
    ),
  )
  await golden('selectors', lines)
})

const kinds = faultDefinitions.filter(({ kind }) => !ownFaultKinds.includes(kind))

test('a kind of fault has the same parameters, defaults and limits in every version', async () => {
  const lines = kinds.flatMap(
    ({ kind, parameters, shorthands = {}, plural, notInProcesses, actsOnReplies, stopsNodes, voidsPromises }) => {
      const traits = Object.entries({ plural, actsOnReplies, stopsNodes, voidsPromises, notInProcesses })
      return [
        kind,
        ...traits.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name} ${written(value)}`])),
        ...[parameters, shorthands]
          .flatMap(parametersOf)
          .map(({ name, ...about }) => `  ${name}: ${written({ ...about, summary: undefined })}`),
      ]
    },
  )
  const conditions = [...new Set(kinds.flatMap(({ kind }) => familyOf(kind) ?? []))].flatMap(
    ({ name, match, when }) => [
      `conditions of ${name}`,
      ...[match, when]
        .flatMap(parametersOf)
        .map(({ name: condition, ...about }) => `  ${condition}: ${written({ ...about, summary: undefined })}`),
    ],
  )
  const profiles = faultProfiles.map(
    (profile) =>
      `profile ${profile.name}: ${own.flatMap(({ name, kind }) => (profile.has(kind) ? [name] : [])).join(' ')}`,
  )
  await golden('kinds', [...lines, ...conditions, ...profiles])
})

test('a fault is described in the same words in every version', async () => {
  const links = ['clients>n1', 'n1>n2']
  const lines = kinds.flatMap(({ kind, parameters }) => {
    const isTraffic = familyOf(kind) !== undefined
    const needed = kind.startsWith('edit-')
      ? { headers: { A: 'b' } }
      : kind === 'fabricate-message'
        ? { message: 1 }
        : {}
    const read = (more: object, nodes: readonly string[]) =>
      `${kind}: ${describeFault(parseFault({ kind, ...needed, ...(isTraffic ? { links } : { nodes }), ...more }, 'x'))}`
    const usual = parametersOf(parameters).flatMap(({ name, unit, least, values, ...rest }) =>
      rest.default === undefined && rest.optional !== true
        ? [[name, values?.[0] ?? (unit === 'text' ? 'x' : Math.max(least ?? 0, unit === 'probability' ? 0.125 : 7))]]
        : [],
    )
    const unusual = parametersOf(parameters).flatMap(({ name, unit, least = 0, most = 1e9, values, ...rest }) =>
      unit === 'json' || (rest.optional === true && unit === 'text' && values === undefined)
        ? []
        : [
            [
              name,
              values?.at(-1) ??
                (unit === 'flag'
                  ? true
                  : unit === 'text'
                    ? '40003'
                    : unit === 'probability'
                      ? 0.375
                      : Math.min(most, least + 12)),
            ],
          ],
    )
    const given = [Object.fromEntries(usual), Object.fromEntries(unusual)]
    const when = isTraffic
      ? [
          { ...given[0], when: { nth: 2 } },
          { ...given[0], when: { first: 9, every: 3, probability: 0.25 } },
        ]
      : []
    return [...given, ...when].flatMap((more) => [...new Set([read(more, ['n1']), read(more, ['n1', 'n2'])])])
  })
  await golden('descriptions', [...new Set(lines)])
})
