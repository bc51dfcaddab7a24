import { EXIT } from '@chaosproxy/engine/run'
import { faultDefinitions, faultProfiles, nemeses } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import type { Target } from '@chaosproxy/runner'
import { flag, inGroup, jsonOption } from '../arguments/declare.ts'
import { namesOf } from '../arguments/names.ts'
import { faultSupportOf, usualPromise } from '../arguments/target.ts'
import { type Command, flagOf, textOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import { allFaults, type Finding, faultFindings, ticked } from '../doctor/findings.ts'
import { fitted } from '../terminal/fitted.ts'
import { type Listed, listing, settingText } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const command: Command = {
  name: 'targets',
  positional: '[name]',
  summary: 'list the targets, the faults that they can suffer and their deliberate bugs',
  options: {
    ...inGroup('What is listed', [], {
      faults: flag(
        'list the faults that other commands take by --faults; with the name of a target, list the faults that this target can suffer',
      ),
      bugs: flag('list the deliberate bugs that other commands take by --bug'),
      ...configOption,
    }),
    ...jsonOption,
  },
  examples: [
    ['chaos targets --bugs', 'bugs to try the tool on'],
    ['chaos targets raft --faults', 'the faults that one target can suffer, and what to use instead of the others'],
    ['chaos targets redis', 'one target, and which of its errors mean "failed" and which "unknown"'],
  ],
  async run(options) {
    const json = flagOf(options, 'json')
    if (flagOf(options, 'faults') && flagOf(options, 'bugs'))
      throw usageError('--faults and --bugs each print a list of their own. Give one of them.')
    const show = flagOf(options, 'faults') ? faultTable : flagOf(options, 'bugs') ? bugList : targetList
    const { registries } = await readOwnConfig(options, 'chaos targets')
    const chosen = textOf(options, 'name')
    const names = chosen === undefined ? registries.targetNames : [chosen]
    const targets = await Promise.all(names.map(async (name) => ({ ...(await registries.target(name)), name })))
    const { rows, lines } = show(targets)
    const more = show === targetList && chosen !== undefined ? targets.flatMap(errorTable) : []
    const page = fitted([...lines, ...more].join('\n'))
    print(`${json ? JSON.stringify(rows) : page}\n`)
    return EXIT.met
  },
}

interface Listing {
  readonly rows: readonly object[]
  readonly lines: readonly string[]
}

const style = styleFor()
const realOf = (targets: readonly Target[]): readonly Target[] =>
  targets.length === 1 ? targets : targets.filter(({ tier }) => tier === 'real')

function targetList(targets: readonly Target[]): Listing {
  const real = realOf(targets)
  const [target] = real
  const isAlone = target !== undefined && real.length === 1
  const rows = targets.map((target) => ({
    target: target.name,
    summary: target.summary,
    tier: target.tier,
    defaultNodes: target.defaultNodes,
    promises: usualPromise(target),
    settings: target.settings,
    bugs: namesOf(target.bugs),
    errors: target.errors,
  }))
  return { rows, lines: isAlone ? described(target) : shortList(real) }
}

const shortList = (targets: readonly Target[]): readonly string[] => [
  ...listing(
    [
      ...targets.map(({ name, summary }): Listed => [name, summary.replace(/;.*/, '')]),
      ['maelstrom', 'any program that speaks the protocol of Maelstrom'],
    ],
    style.bold,
  ),
  '',
  'To see one with its settings and what it promises: chaos targets NAME',
  'To run one: chaos run --target NAME; --sim runs it in the simulator, unless it is a database',
  'To test a program of your own: chaos run --target ./FILE.json, which describes it; if it speaks the protocol of Maelstrom, --target maelstrom:WORKLOAD:COMMAND',
]

const described = (target: Target): readonly string[] => [
  ...listing(
    [
      [target.name, target.summary],
      ['', `${target.defaultNodes} nodes · promises under faults: ${usualPromise(target)}`],
      ...target.settings.map((setting): Listed => ['', settingText('--set', setting, style)]),
    ],
    style.bold,
  ),
  '',
  `Run it: chaos run --target ${target.name}`,
]

/** Returns a line for each error of a target: whether the operation failed or its outcome is unknown. */
function errorTable({ errors = [] }: Target): readonly string[] {
  if (errors.length === 0) return []
  const texts = errors.map(({ texts }) => texts.join(', '))
  const widest = Math.min(WIDEST_ERROR, Math.max(...texts.map(({ length }) => length)))
  return [
    '',
    `${style.bold('errors')}: fail means no effect; info means a possible effect. A missing answer, or an error that is not in this list, means info`,
    ...errors.map(({ means, why }, at) => `  ${means}  ${(texts[at] ?? '').padEnd(widest)}  ${why}`),
  ]
}

const WIDEST_ERROR = 46

/** Returns a table of faults by target, and notes on the faults. */
function faultTable(targets: readonly Target[]): Listing {
  const rows = faultDefinitions.flatMap(({ kind, summary }) => {
    const names = namesOf(nemeses.filter((nemesis) => nemesis.kind === kind))
    return targets.map((target) => ({
      ...{ target: target.name, fault: kind, summary, nemeses: names },
      ...faultSupportOf(target, kind),
    }))
  })
  const [target, ...others] = targets
  const isAlone = target !== undefined && others.length === 0
  const listed = (found: readonly Finding[]): readonly string[] =>
    listing(
      found.map((fault): Listed => (isAlone ? ticked(fault) : [`  ${fault.what}`, fault.detail])),
      style.bold,
    )
  const { named, unnamed } = isAlone ? faultFindings(target) : allFaults()
  return {
    rows,
    lines: [
      ...listed(named),
      '',
      'Choose them: chaos run --faults partition,lose-reply, or a profile, one fault of each kind:',
      ...listing(
        faultProfiles.map(({ name, summary }): Listed => [`  ${name}`, summary]),
        style.bold,
      ),
      ...(isAlone ? [] : ['Which of them a target can suffer: chaos targets NAME --faults']),
      '',
      'Only in a schedule, with parameters and times: chaos run --faults ./schedule.json, which holds',
      '[{"fromMs":1000,"toMs":2000,"kind":"lose-reply","links":"from-clients","when":{"probability":0.3}}]',
      '',
      ...listed(unnamed),
    ],
  }
}

function bugList(targets: readonly Target[]): Listing {
  const real = realOf(targets)
  const rows = real.flatMap(({ name: target, bugs }) =>
    bugs.map(({ name, summary, under }) => ({ target, bug: name, summary, under })),
  )
  const lines = real.flatMap(({ name: target, bugs }) => [
    style.bold(target),
    ...listing(
      bugs.map(({ name, summary }): Listed => [name, summary]),
      String,
    ).map((line) => `  ${line}`),
    '',
  ])
  return { rows, lines: [...lines, 'Give a target one: chaos run --target NAME --bug BUG'] }
}
