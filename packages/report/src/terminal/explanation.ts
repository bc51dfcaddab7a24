import { type Counterexample, type OrderEdge, type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import { count, type History, hasTimes, moment, plural } from '@chaosproxy/history'
import { judgedLevels } from '@chaosproxy/runner/result'
import { uncutText } from '../facts/violation-words.ts'
import { adjective } from '../level-words.ts'
import {
  callTimeOf,
  hasReturned,
  keyedText,
  linesOf,
  nameText,
  nodeOf,
  operationText,
  printable,
  returnTimeOf,
  valueText,
} from '../operation-words.ts'
import { linesText } from '../places.ts'
import { capitalised, distinguishingDigits, listed, listedAtMost, nonEmpty } from '../words.ts'
import { finish } from './run-page.ts'
import type { Style, TerminalOptions } from './style.ts'
import { type Cell, table } from './table.ts'
import { wrap } from './width.ts'

const MOST_STATES = 12

/** Renders the verdict on every level with all its evidence. `chaos check --explain` prints this after its page. */
export function renderExplanations(
  report: Report<string>,
  history: History,
  style: Style,
  options: TerminalOptions,
): string {
  const width = Math.max(40, options.width) - 4
  const explained = new Set<Counterexample>()
  const sections = Object.entries(report.levels).map(([level, verdict]): string[] => {
    const levelName = capitalised(adjective(level))
    if (verdict.result === 'unknown')
      return wrap(`${style.yellow(levelName)}: unknown. ${capitalised(printable(verdict.reason.text))}.`, width)
    if (verdict.result === 'met')
      return wrap(`${style.green(levelName)}: met. ${capitalised(evidenceOf(verdict))}`, width)
    const { counterexample } = verdict
    const title = `${style.accent(levelName)}: violated.`
    if (explained.has(counterexample)) return [`${title} ${capitalised(sharedWith(report, level, counterexample))}`]
    explained.add(counterexample)
    return [title, ...explanationOf(history, counterexample, style, width)]
  })
  return finish(sections, options)
}

function evidenceOf({ witness }: Extract<Verdict, { readonly result: 'met' }>): string {
  switch (witness.kind) {
    case 'implied':
      return `it follows from ${witness.by}.`
    case 'order': {
      const operations = witness.orders.reduce((total, order) => total + order.operations.length, 0)
      if (operations === 0) return 'nothing was completed, so there is nothing to contradict.'
      const orders =
        witness.orders.length === 1 ? 'one order' : `${count(witness.orders.length)} orders, one for each key,`
      return `${orders} of ${plural(operations, 'operation')} explains every result; it was replayed, step by step.`
    }
    case 'convergence': {
      const values = witness.values.map((final) => keyedText(final))
      return `all final reads agreed: ${listedAtMost(values, MOST_STATES)}.`
    }
    default:
      return 'every read was examined, and none contradicts it.'
  }
}

const sharedWith = (report: Report<string>, level: string, counterexample: Counterexample): string => {
  const levels = judgedLevels(report)
  const others = levels.filter((other) => {
    const verdict = verdictOf(report, other)
    return other !== level && verdict.result === 'violated' && verdict.counterexample === counterexample
  })
  return `by the same operations as ${listed(others.filter((other) => levels.indexOf(other) < levels.indexOf(level)))}.`
}

function explanationOf(history: History, counterexample: Counterexample, style: Style, width: number): string[] {
  const { sentence, statesBefore, culprit, edges, operations } = counterexample
  const states =
    statesBefore === undefined
      ? []
      : `When ${culprit === undefined ? 'it' : operationText(history, culprit, { withKey: true })} was called, ${possible(statesBefore.map((state) => valueText(state)))}.`
  return [
    ...wrap(printable(sentence), width),
    ...nonEmpty(wrap(uncutText(counterexample) ?? '', width)),
    ...[states].flat().flatMap((text) => wrap(text, width)),
    ...operationTable(history, counterexample, style).map((line) => `  ${line}`),
    ...(counterexample.uncut === undefined && operations.some(({ role }) => role === 'context')
      ? wrap('Removing any operation of the core removes the contradiction. The context explains the core.', width)
      : []),
    ...(edges === undefined || edges.length === 0
      ? []
      : ['Each of these must come before the next, and the last before the first:', ...edgeLines(history, edges)]),
  ]
}

const possible = (states: readonly string[]): string => {
  if (states.length === 0) return 'no value was possible'
  if (states.length === 1) return `the only possible value was ${states[0]}`
  return `the possible values were ${listedAtMost(states, MOST_STATES)}`
}

function operationTable(history: History, { operations, culprit }: Counterexample, style: Style): string[] {
  const timed = hasTimes(history)
  const returned = (row: number): number => (hasReturned(history, row) ? returnTimeOf(history, row) : Number.NaN)
  const times = operations.flatMap(({ operation }) => [callTimeOf(history, operation), returned(operation)])
  const digits = distinguishingDigits(times)
  const withKey = new Set(operations.map(({ operation }) => history.operations.key[operation])).size > 1
  const columns = ['role', 'operation', 'node', ...(timed ? ['from', 'to'] : []), 'in the file'].map((title) => ({
    title,
  }))
  const rows = operations.map(({ operation, role }): (Cell | string)[] => [
    role === 'core' ? { text: operation === culprit ? 'culprit' : role, paint: style.accent } : role,
    operationText(history, operation, { withKey }),
    nameText(nodeOf(history, operation) ?? ''),
    ...(timed
      ? [
          moment(callTimeOf(history, operation), digits),
          hasReturned(history, operation) ? moment(returned(operation), digits) : 'never',
        ]
      : []),
    linesText(history, linesOf(history, operation)),
  ])
  return table(columns, rows, style.dim, 2)
}

function edgeLines(history: History, edges: readonly OrderEdge[]): string[] {
  const text = (row: number): string =>
    `${operationText(history, row, { withKey: true })} (${linesText(history, linesOf(history, row))})`
  const chainLines = ({ shownBy }: OrderEdge, indent: string): string[] =>
    shownBy === undefined
      ? []
      : [
          `${indent}shown by ${text(shownBy.read)}`,
          ...shownBy.chain.flatMap((edge) => [
            `${indent}  ${text(edge.before)} before ${text(edge.after)}: ${reasons[edge.reason] ?? edge.reason}`,
            ...chainLines(edge, `${indent}    `),
          ]),
        ]
  return edges.flatMap((edge) => [
    `  ${text(edge.before)}`,
    `    before ${text(edge.after)}: ${reasons[edge.reason] ?? edge.reason}`,
    ...chainLines(edge, '      '),
  ])
}

const reasons: { readonly [reason in OrderEdge['reason']]?: string } = {
  'process order': 'the same process did the first operation before the second',
  'real time': 'the first operation had returned before the second was called',
  'reads from': 'the second operation saw the value of the first',
  'overwritten after': 'the first operation saw a value that the second replaced',
  'overwritten before': 'a read that came after the first operation saw the value of the second',
}
