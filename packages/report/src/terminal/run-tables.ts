import type { Report } from '@chaosproxy/checker'
import { faultName } from '@chaosproxy/faults'
import { count, moment, percent, plural } from '@chaosproxy/history'
import type { FaultRecord, NodeSummary, PhaseSummary, RunSummary } from '@chaosproxy/runner/result'
import type { Facts } from '../facts/facts.ts'
import { labelOfFault, severalOf } from '../fault-labels.ts'
import { answeredIn, isBroken, namedPhases, type PhaseColumn, phaseColumns } from '../measured-words.ts'
import { nameText, printable } from '../operation-words.ts'
import { grouped, listed, listedAtMost, percentOf } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { asIs } from './style.ts'
import { table } from './table.ts'
import { displayWidth, packed, wrap } from './width.ts'

/** Returns the columns of the table of phases. A narrow terminal omits columns of low rank first. */
function columnsOf(phases: readonly PhaseSummary[]): readonly (readonly [missed: number, column: PhaseColumn])[] {
  const { share, availability, up, p50, p99, operations, recovery, stale, broken } = phaseColumns
  return [
    [1, share],
    [9, availability],
    [2, up],
    [4, p50],
    [5, p99],
    [0, operations],
    [3, recovery],
    ...(phases.some(({ staleReads = 0 }) => staleReads > 0) ? [[6, stale] as const] : []),
    ...(phases.some(isBroken) ? [[7, broken] as const] : []),
  ]
}

/** Renders the figures of each phase: without faults, and under each kind of fault. */
export function phaseTable(all: readonly PhaseSummary[], { style, symbols, width }: PageStyle): string[] {
  const phases = namedPhases(all)
  const paints = { bad: style.red, short: style.yellow, good: style.green, faint: style.dim, plain: asIs }
  let shown = columnsOf(phases)
  for (;;) {
    const lines = table(
      [
        { title: 'phase' },
        ...shown.map(([, column]) => ({
          title: column.brief ?? column.title,
          align: column === phaseColumns.broken ? ('left' as const) : ('right' as const),
        })),
      ],
      phases.map((phase) => [
        printable(phase.phase),
        ...shown.map(([, { text, mood = () => 'plain' as const }]) => ({
          text: text(phase) ?? symbols.none,
          paint: paints[mood(phase)],
        })),
      ]),
      style.dim,
    )
    if (displayWidth(lines[0] ?? '') <= width || shown.length <= 1) return lines.map((line) => line.trimEnd())
    const least = Math.min(...shown.map(([missed]) => missed))
    shown = shown.filter(([missed]) => missed !== least)
  }
}

/** Returns the availability and the stale reads of each phase, with as many entries per line as fit. */
export function phasesInBrief(
  phases: readonly PhaseSummary[],
  { width }: PageStyle,
  others: readonly string[] = [],
): string[] {
  const items = namedPhases(phases)
    .filter(({ operations }) => operations > 0)
    .map(
      ({ phase, availability, operations, staleReads = 0 }) =>
        `${printable(phase)} ${percentOf(availability, operations)}${staleReads > 0 ? `, ${count(staleReads)} stale` : ''}`,
    )
  const [first, ...more] = items
  return first === undefined ? [...others] : packed([`availability: ${first}`, ...more, ...others], ' · ', width)
}

/**
 * Says for how long no majority was up, and how many requests were answered the rest of the time. Empty if a majority
 * was always up, or if this is unknown.
 */
export function majorityText(phases: readonly PhaseSummary[], { may }: Pick<Facts, 'may'>): string {
  const without = phases.filter(({ majority }) => !majority)
  if (without.length === 0) return ''
  const share = without.reduce((sum, phase) => sum + phase.share, 0)
  if (!may({ claim: 'no majority up', share })) return ''
  const rest = phases.filter(({ majority, operations }) => majority && operations > 0)
  const { requested, answered } = answeredIn(rest)
  const otherwise =
    requested === 0 ? '' : `; the rest of the time ${percent(answered / requested)} of requests were answered`
  return `for ${share < 0.01 ? 'under 1%' : percent(share, 0)} of the run there was no working majority${otherwise}`
}

const MOST_NODES = 40

/** Lists the availability of each node: `availability by node: n1 99.20%, n2 98.71%`. */
export const nodesText = (nodes: readonly NodeSummary[], when = ''): string =>
  nodes.length === 0
    ? ''
    : `availability by node${when}: ${nodes
        .slice(0, MOST_NODES)
        .map(({ node, availability, operations }) => `${nameText(node)} ${percentOf(availability, operations)}`)
        .join(' · ')}${nodes.length > MOST_NODES ? ` and ${count(nodes.length - MOST_NODES)} more` : ''}`

/** Lists the faults that took effect: `faults that took effect: 6 of 6 partitions, 3 of 4 kills`. */
export function faultLines(run: RunSummary, page: PageStyle): string[] {
  if (run.faults.length === 0) return ['no faults were injected']
  const bit = [...injectedByName(run)].map(([name, records]) => {
    const hit = records.filter((record) => record.hits > 0).length
    return `${hit} of ${records.length} ${records.length === 1 ? name : severalOf(name)}`
  })
  const idle = run.faults
    .filter((record) => record.skipped === undefined && record.hits === 0)
    .map((record) => `${labelOfFault(record.fault)} at ${moment(record.from)}`)
  const skipped = run.faults.flatMap(({ fault, from, skipped: why }) =>
    why === undefined ? [] : [`${labelOfFault(fault)} at ${moment(from)} (${why})`],
  )
  return [
    ...(bit.length === 0 ? [] : wrap(`faults that took effect: ${bit.join(', ')}`, page.width)),
    ...(idle.length === 0
      ? []
      : wrap(
          `${page.symbols.warning} had no effect, so tested nothing: ${listedAtMost(idle, 4)}`,
          page.width,
          page.style.yellow,
        )),
    ...(skipped.length === 0 ? [] : wrap(`not injected: ${listedAtMost(skipped, 4)}`, page.width)),
  ]
}

/** Names each kind of fault that never took effect: `no partition took effect`. */
export const idleTexts = (run: RunSummary): string[] =>
  [...injectedByName(run)].flatMap(([name, records]) =>
    records.every(({ hits }) => hits === 0) ? [`no ${name} took effect`] : [],
  )

const injectedByName = ({ faults }: RunSummary): ReadonlyMap<string, readonly FaultRecord[]> =>
  grouped(
    faults.filter(({ skipped }) => skipped === undefined),
    ({ fault }) => faultName(fault),
  )

/** Counts operations of unknown outcome, and how many of them the checker decided. */
export function infoText(info: Report<string>['info']): string {
  const { total, happened = 0, undecided = 0 } = info
  const isSettled = info.happened !== undefined && info.undecided !== undefined
  const impossible = isSettled ? total - happened - undecided : 0
  const parts = [
    happened > 0 ? `${count(happened)} found to have happened` : [],
    impossible > 0 ? `${count(impossible)} cannot have` : [],
    undecided > 0 && undecided < total ? `${count(undecided)} undecided` : [],
  ].flat()
  return `${plural(total, 'operation has', 'operations have')} an unknown outcome${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

/** Counts the operations of a run: `58,113 operations (2,905 ops/s): 57,900 ok, 65 fail, 148 info`. */
export function countsText(
  { operations, phases = [] }: Pick<RunSummary, 'operations'> & Partial<Pick<RunSummary, 'phases'>>,
  rate: string | undefined,
): string {
  const { total, ok, fail, info, reads, writes, cas } = operations
  const kinds = [
    reads > 0 ? plural(reads, 'read') : [],
    writes > 0 ? plural(writes, 'write') : [],
    cas > 0 ? `${count(cas)} cas` : [],
  ].flat()
  const by = kinds.length === 0 ? '' : `; ${listed(kinds)}`
  return `${plural(total, 'operation')}${rate === undefined ? '' : ` (${rate})`}: ${count(ok)} ok, ${count(fail)} fail${refusedText(fail, Math.round(answeredIn(phases).answered) - ok)}, ${count(info)} info${by}`
}

/** Counts refusals, such as a cas that did not match. For the availability, a refusal is an answer. */
const refusedText = (fail: number, refused: number): string =>
  refused <= 0 ? '' : ` (${refused >= fail ? 'all' : count(refused)} answered, with a refusal)`
