import { faultDefinitions, nemeses } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Target } from '@chaosproxy/runner'
import { settingsFor } from '@chaosproxy/workloads'
import { type Command, flagOf, textOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import { EXIT } from '../exit-code.ts'
import { fitted } from '../terminal/fitted.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const targetsCommand: Command = {
  name: 'targets',
  positional: '[name]',
  summary: 'list what can be tested, the faults it can suffer and the mistakes it can be given',
  options: {
    faults: { type: 'boolean', describe: 'which faults each target can suffer, and why not' },
    bugs: { type: 'boolean', describe: 'the deliberate mistakes, for --bug' },
    ...configOption,
    json: { type: 'boolean', describe: 'print JSON on stdout' },
  },
  groups: {
    'What is listed': ['faults', 'bugs', 'config'],
    'What is told': ['json'],
  },
  examples: [
    ['chaos targets --bugs', 'mistakes to try the tool on'],
    ['chaos targets redis', 'one of them, and what its errors say of the operations they answer'],
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
    const text = [...lines, ...more].join('\n')
    // A table of every target has no narrow form.
    const page = show === faultTable ? text : fitted(text)
    print(process.stdout, `${json ? JSON.stringify(rows) : page}\n`)
    return EXIT.met
  },
}

interface Listing {
  readonly rows: readonly object[]
  readonly lines: readonly string[]
}

const style = styleFor(process.stdout)
/** Without the simulated ones, unless one was asked for. */
const realOf = (targets: readonly Target[]): readonly Target[] =>
  targets.length === 1 ? targets : targets.filter(({ tier }) => tier === 'real')

function targetList(targets: readonly Target[]): Listing {
  const real = realOf(targets)
  const widest = Math.max(...real.map(({ name }) => name.length)) + 2
  const lines = real.flatMap((target) => [
    `${style.bold(target.name.padEnd(widest))}${target.summary}`,
    `${' '.repeat(widest)}${target.defaultNodes} nodes · promises under faults: ${promiseOf(target)}`,
    ...target.settings.map(
      (setting) =>
        `${' '.repeat(widest)}--set ${setting.name}=${style.bold(String(setting.default))}  ${setting.summary}${setting.values === undefined ? '' : ` (${setting.values.join(', ')})`}`,
    ),
    '',
  ])
  const rows = targets.map((target) => ({
    target: target.name,
    summary: target.summary,
    tier: target.tier,
    defaultNodes: target.defaultNodes,
    promises: promiseOf(target),
    settings: target.settings,
    bugs: target.bugs.map((bug) => bug.name),
    ...(target.errors === undefined ? {} : { errors: target.errors }),
  }))
  return { rows, lines: [...lines, 'Run one: chaos run --target NAME; with --sim, or as sim:NAME, in the simulator'] }
}

/** What a target's errors say of the operations they answer: one line for each meaning. */
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
const promiseOf = (target: Target): string =>
  target.promises({ workload: 'register', object: 'register', settings: settingsFor(target), faults: [] })

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
  const width = Math.max(...faultDefinitions.map(({ kind }) => kind.length)) + 2
  const column = String(targets.length).length
  const columns = targets.map(({ name }, i) => `${i + 1} ${name}`)
  const lines = faultDefinitions.flatMap(({ kind, summary }) => {
    const own = rows.filter(({ fault }) => fault === kind)
    const cells = own.map((row) => (row.suffers ? '✔' : '✘').padEnd(column)).join(' ')
    const names = own[0]?.nemeses ?? []
    return [
      `${style.bold(kind.padEnd(width))}${cells}  ${summary}`,
      ...(names.length === 0 ? [] : [`${' '.repeat(width)}--faults ${names.join(', ')}`]),
      ...refusalsOf(own).map((refusal) => `${' '.repeat(width)}✘ ${refusal}`),
    ]
  })
  return {
    rows,
    lines: [
      `${' '.repeat(width)}${targets.map((_, i) => String(i + 1).padEnd(column)).join(' ')}  ${columns.join(' · ')}`,
      ...lines,
      '',
      'Choose them: chaos run --faults partition,lose-reply',
      'Any kind, with any parameters and at any time, in a schedule: chaos run --faults ./schedule.json, which holds',
      '[{"fromMs":1000,"toMs":2000,"kind":"lose-reply","links":"from-clients","when":{"probability":0.3}}]',
    ],
  }
}

interface Refusal {
  readonly not?: string
  readonly instead?: string
}

/** One line for each reason: `raft, primary-replica: why not; instead: …`. */
function refusalsOf(rows: readonly (Refusal & { readonly target: string })[]): readonly string[] {
  const refused = new Map<string, string[]>()
  for (const { target, not, instead } of rows) {
    if (not === undefined) continue
    const reason = `${not}; instead: ${instead}`
    refused.set(reason, [...(refused.get(reason) ?? []), target])
  }
  return [...refused].map(([reason, names]) => (refused.size === 1 ? reason : `${names.join(', ')}: ${reason}`))
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
