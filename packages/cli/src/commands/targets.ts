import { EXIT } from '@chaosproxy/engine/run'
import { faultDefinitions, nemeses } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Target } from '@chaosproxy/runner'
import { flag, inGroup } from '../arguments/declare.ts'
import { usualPromise } from '../arguments/target.ts'
import { type Command, flagOf, textOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import { fitted } from '../terminal/fitted.ts'
import { type Listed, listing, settingText } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { widthAsked } from '../terminal/page-width.ts'
import { styleFor } from '../terminal/style.ts'

export const targetsCommand: Command = {
  name: 'targets',
  positional: '[name]',
  summary: 'list what can be tested, the faults it can suffer and its deliberate bugs',
  options: {
    ...inGroup('What is listed', [], {
      faults: flag('which faults each target can suffer, and why not the others'),
      bugs: flag('the deliberate bugs, for --bug'),
      ...configOption,
    }),
    ...inGroup('Output', [], { json: flag('print JSON on stdout') }),
  },
  examples: [
    ['chaos targets --bugs', 'bugs to try the tool on'],
    ['chaos targets redis', 'one target, and which of its errors mean "failed" and which "unknown"'],
  ],
  async run(options) {
    const json = flagOf(options, 'json')
    if (flagOf(options, 'faults') && flagOf(options, 'bugs'))
      throw new UserError('usage', '--faults and --bugs are two lists: ask for one at a time.')
    const show = flagOf(options, 'faults') ? faultTable : flagOf(options, 'bugs') ? bugList : targetList
    const { registries } = await readOwnConfig(options, 'chaos targets')
    const chosen = textOf(options, 'name')
    const names = chosen === undefined ? registries.targetNames : [chosen]
    const targets = await Promise.all(names.map(async (name) => ({ ...(await registries.target(name)), name })))
    const { rows, lines } = show(targets)
    const more = show === targetList && chosen !== undefined ? targets.flatMap(errorTable) : []
    const page = fitted([...lines, ...more].join('\n'))
    print(process.stdout, `${json ? JSON.stringify(rows) : page}\n`)
    return EXIT.met
  },
}

interface Listing {
  readonly rows: readonly object[]
  readonly lines: readonly string[]
}

const style = styleFor(process.stdout)
/** The targets that are not simulated, or the single one that was asked for. */
const realOf = (targets: readonly Target[]): readonly Target[] =>
  targets.length === 1 ? targets : targets.filter(({ tier }) => tier === 'real')

function targetList(targets: readonly Target[]): Listing {
  const real = realOf(targets)
  const described = real.flatMap((target): readonly Listed[] => [
    [target.name, target.summary],
    ['', `${target.defaultNodes} nodes · promises under faults: ${usualPromise(target)}`],
    ...target.settings.map((setting): Listed => ['', settingText('--set', setting, style)]),
    ['', ''],
  ])
  const rows = targets.map((target) => ({
    target: target.name,
    summary: target.summary,
    tier: target.tier,
    defaultNodes: target.defaultNodes,
    promises: usualPromise(target),
    settings: target.settings,
    bugs: target.bugs.map((bug) => bug.name),
    ...(target.errors === undefined ? {} : { errors: target.errors }),
  }))
  const how = 'Run one: chaos run --target NAME; with --sim, or as sim:NAME, in the simulator'
  return { rows, lines: [...listing(described, style.bold), how] }
}

/** Which errors of a target mean that an operation failed, and which leave it unknown: one line for each. */
function errorTable({ errors = [] }: Target): readonly string[] {
  if (errors.length === 0) return []
  const said = errors.map(({ says }) => says.join(', '))
  const widest = Math.min(WIDEST_ERROR, Math.max(...said.map(({ length }) => length)))
  return [
    '',
    `${style.bold('errors')}: fail, nothing was done; info, it may have been; so does any that is not listed, and no answer`,
    ...errors.map(({ means, why }, at) => `  ${means}  ${(said[at] ?? '').padEnd(widest)}  ${why}`),
  ]
}

const WIDEST_ERROR = 46

/** The promise with default settings. */
/** Every kind of fault, and which targets can suffer it. */
function faultTable(targets: readonly Target[]): Listing {
  const rows = faultDefinitions.flatMap(({ kind, summary }) => {
    const names = nemeses.filter((nemesis) => nemesis.kind === kind).map(({ name }) => name)
    return targets.map(({ name, suffers }) => {
      const suffering = suffers(kind)
      const refusal: Refusal = suffering === true ? {} : suffering
      return { target: name, fault: kind, summary, nemeses: names, suffers: suffering === true, ...refusal }
    })
  })
  const kinds = faultDefinitions.map(({ kind, summary }) => {
    const own = rows.filter(({ fault }) => fault === kind)
    return { kind, summary, own, nemeses: own[0]?.nemeses ?? [] }
  })
  const width = Math.max(...kinds.map(({ kind }) => kind.length)) + 2
  const table = tickedTable(targets, kinds)
  const asked = widthAsked(process.stdout)
  const isWide = asked !== undefined && width + (table.ticks + 1) * targets.length > asked / 2
  return {
    rows,
    lines: [
      ...(isWide ? namedTable(targets, kinds) : table.lines),
      '',
      'Choose them: chaos run --faults partition,lose-reply',
      'Any kind, with any parameters and at any time, in a schedule: chaos run --faults ./schedule.json, which holds',
      '[{"fromMs":1000,"toMs":2000,"kind":"lose-reply","links":"from-clients","when":{"probability":0.3}}]',
    ],
  }
}

interface KindRow {
  readonly kind: string
  readonly summary: string
  readonly nemeses: readonly string[]
  readonly own: readonly (Refusal & { readonly target: string; readonly suffers: boolean })[]
}

/** A column for each target. */
function tickedTable(targets: readonly Target[], kinds: readonly KindRow[]) {
  const ticks = String(targets.length).length
  const inColumns = (texts: readonly string[]): string => texts.map((text) => text.padEnd(ticks)).join(' ')
  const numbers = targets.map((_, i) => String(i + 1))
  const header = `${inColumns(numbers)}  ${targets.map(({ name }, i) => `${numbers[i]} ${name}`).join(' · ')}`
  const rows = kinds.flatMap(({ kind, summary, nemeses: names, own }): readonly Listed[] => [
    [kind, `${inColumns(own.map(({ suffers }) => (suffers ? '✔' : '✘')))}  ${summary}`],
    ...chosenBy(names),
    ...refusalsOf(own).map(
      ({ names, reason }, _, { length }): Listed => ['', `✘ ${length === 1 ? '' : `${names.join(', ')}: `}${reason}`],
    ),
  ])
  return { ticks, lines: listing([['', header], ...rows], style.bold) }
}

/** For a terminal too narrow for a column per target: names the targets that cannot suffer a fault. */
function namedTable(targets: readonly Target[], kinds: readonly KindRow[]): readonly string[] {
  const simulated = targets.filter(({ tier }) => tier === 'simulated').map(({ name }) => name)
  const named = (names: readonly string[]): string => {
    if (names.length === targets.length) return 'all'
    if (simulated.length < 2 || !simulated.every((name) => names.includes(name))) return names.join(', ')
    return [...names.filter((name) => !simulated.includes(name)), 'every sim:NAME'].join(', ')
  }
  return [
    `A target suffers every fault that does not name it after ✘. Targets: ${targets.map(({ name }) => name).join(', ')}`,
    '',
    ...listing(
      kinds.flatMap(({ kind, summary, nemeses: names, own }): readonly Listed[] => [
        [kind, summary],
        ...chosenBy(names),
        ...refusalsOf(own).map(({ names, reason }): Listed => ['', `✘ ${named(names)}: ${reason}`]),
      ]),
      style.bold,
    ),
  ]
}

const chosenBy = (nemeses: readonly string[]): readonly Listed[] =>
  nemeses.length === 0 ? [] : [['', `--faults ${nemeses.join(', ')}`]]

interface Refusal {
  readonly not?: string
  readonly instead?: string
}

/** Each reason, with the targets that give it. */
function refusalsOf(
  rows: readonly (Refusal & { readonly target: string })[],
): readonly { readonly names: readonly string[]; readonly reason: string }[] {
  const refused = new Map<string, string[]>()
  for (const { target, not, instead } of rows) {
    if (not === undefined) continue
    const reason = `${not}; instead: ${instead}`
    refused.set(reason, [...(refused.get(reason) ?? []), target])
  }
  return [...refused].map(([reason, names]) => ({ names, reason }))
}

function bugList(targets: readonly Target[]): Listing {
  const real = realOf(targets)
  const rows = real.flatMap(({ name: target, bugs }) =>
    bugs.map(({ name, summary, under }) => ({ target, bug: name, summary, ...(under === undefined ? {} : { under }) })),
  )
  const lines = real.flatMap(({ name: target, bugs }) => [
    style.bold(target),
    ...bugs.map((bug) => `  ${bug.name.padEnd(24)}${bug.summary}`),
    '',
  ])
  return { rows, lines: [...lines, 'Give a target one: chaos run --target NAME --bug MISTAKE'] }
}
