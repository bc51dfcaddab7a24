import { nemeses } from '@chaos/faults'
import { UserError } from '@chaos/history'
import type { Target } from '@chaos/runner'
import { targets } from '@chaos/targets'
import { settingsFor } from '@chaos/workloads'
import { type Command, flagOf } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const targetsCommand: Command = {
  name: 'targets',
  positional: '',
  summary: 'list what can be tested, the faults it can suffer and the mistakes it can be given',
  options: {
    faults: { type: 'boolean', describe: 'which faults each target can suffer, and why not' },
    bugs: { type: 'boolean', describe: 'the deliberate mistakes, for --bug' },
    json: { type: 'boolean', describe: 'print JSON on stdout' },
  },
  examples: [['chaos targets --bugs', 'mistakes to try the tool on']],
  async run(options) {
    const json = flagOf(options, 'json')
    if (flagOf(options, 'faults') && flagOf(options, 'bugs'))
      throw new UserError('usage', '--faults and --bugs are two lists: ask for one at a time.')
    const show = flagOf(options, 'faults') ? faultTable : flagOf(options, 'bugs') ? bugList : targetList
    const { rows, lines } = show()
    print(process.stdout, json ? `${JSON.stringify(rows)}\n` : `${lines.join('\n')}\n`)
    return EXIT.met
  },
}

interface Listing {
  readonly rows: readonly object[]
  readonly lines: readonly string[]
}

const style = styleFor(process.stdout)
const real = targets.filter(({ tier }) => tier === 'real')
const names = real.map(({ name }) => name)
const widest = Math.max(...nemeses.map(({ name }) => name.length), ...names.map((name) => name.length)) + 2

function targetList(): Listing {
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
  }))
  return { rows, lines: [...lines, 'Run one: chaos run --target NAME; with --sim, or as sim:NAME, in the simulator'] }
}

/** As it comes: of what is asked for by default. */
const promiseOf = (target: Target): string =>
  target.promises({ workload: 'register', settings: settingsFor(target), faults: [] })

function faultTable(): Listing {
  const rows = real.flatMap((target) =>
    nemeses.map(({ name, kind, summary }) => {
      const suffering = target.suffers(kind)
      return {
        target: target.name,
        fault: name,
        summary,
        real: suffering.possible,
        simulated: true,
        how: suffering.possible ? suffering.how : suffering.reason,
      }
    }),
  )
  const lines = real.flatMap((target) => [
    style.bold(target.name),
    ...rows
      .filter((row) => row.target === target.name)
      .map((row) => `  ${row.fault.padEnd(widest)}${row.real ? '✔' : '✘ only with --sim:'} ${row.how}`),
    '',
  ])
  return { rows, lines: [...lines, 'Choose them: chaos run --faults partition,kill'] }
}

function bugList(): Listing {
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
