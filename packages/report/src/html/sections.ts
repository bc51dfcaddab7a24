import type { Accounting, Report, Staleness } from '@chaosproxy/checker'
import { nameOfChoice } from '@chaosproxy/faults'
import { count, duration, moment, plural } from '@chaosproxy/history'
import type { FaultSpan, PhaseSummary, RunSummary, Statistics } from '@chaosproxy/runner/result'
import { accountLines, sumsText } from '../accounting-words.ts'
import type { Facts } from '../facts/facts.ts'
import { endText } from '../facts/near-faults.ts'
import { labelOfFault } from '../fault-labels.ts'
import { lostText } from '../losses/register.ts'
import {
  atomicityText,
  behindText,
  clocksText,
  isBroken,
  namedPhases,
  type PhaseColumn,
  phaseColumns,
  staleText,
  unmeasuredText,
  viewsTexts,
} from '../measured-words.ts'
import { keyedText, printable } from '../operation-words.ts'
import { type RecordFacts, recordLines } from '../record.ts'
import { pageStyle } from '../terminal/run-page.ts'
import { faultLines, infoText, majorityText } from '../terminal/run-tables.ts'
import { plainStyle } from '../terminal/style.ts'
import { capitalised, durationOfMillis, listedAtMost, shareOf } from '../words.ts'
import {
  folded,
  type Html,
  html,
  namedRows,
  note,
  plainTable,
  rowOf,
  rowTitle,
  scrollOf,
  sectionOf,
  tableOf,
  td,
} from './markup.ts'

/** Returns availability, latency, stale reads and violations by phase. */
export function phasesSection(all: readonly PhaseSummary[], facts: Facts): Html | undefined {
  if (all.length === 0) return undefined
  const phases = namedPhases(all)
  const majority = majorityText(phases, facts)
  const worst = worstPhases(phases)
  const others = phases.filter((phase) => !worst.includes(phase))
  return sectionOf(
    'phases',
    'How it fared',
    html`${phaseTable(worst, phases, 'Phases')}${others.length !== 0 && folded('more', plural(others.length, 'more phase'), phaseTable(others, phases, 'Other phases'))}${majority !== '' && note(`${capitalised(majority)}.`)}${phases.some(isBroken) && note('Violation seen: the strongest level with a counterexample that ends in the phase. A phase with stale reads violates linearizable. The cause of a violation may be in an earlier phase. Phases without an entry may have violations, too: only one counterexample of each level is shown.')}`,
  )
}

function phaseTable(shown: readonly PhaseSummary[], all: readonly PhaseSummary[], label: string): Html {
  const { share, operations, availability, up, p50, p99, recovery, stale, broken } = phaseColumns
  const columns = [
    ...[share, operations, availability, up, p50, p99, recovery],
    ...(all.some(({ staleReads }) => staleReads !== undefined) ? [stale] : []),
    ...(all.some(isBroken) ? [broken] : []),
  ]
  const cell = (phase: PhaseSummary, { text, mood }: PhaseColumn): Html => {
    const cellText = text(phase) ?? '–'
    if (mood?.(phase) !== 'bad') return td(cellText)
    return td(text === broken.text ? `✘ ${cellText}` : cellText, 'why-bad')
  }
  const rows = shown.map((phase) => rowOf(phase.phase, ...columns.map((column) => cell(phase, column))))
  return tableOf(label, 'numbers', ['phase', ...columns.map(({ title }) => title)], rows)
}

/**
 * Returns every fault with how often it took effect. A fault that never took effect proves nothing, and the table says
 * so.
 */
export function faultsSection(run: RunSummary | undefined, spans: readonly FaultSpan[]): Html | undefined {
  const skipped = run?.faults.filter((record) => record.skipped !== undefined) ?? []
  if (spans.length + skipped.length === 0) return undefined
  const counted = spans.some((span) => span.hits !== undefined)
  const summary = run === undefined ? [] : faultLines(run, pageStyle(plainStyle, { width: 10_000, unicode: true }))
  const titles = ['fault', 'from', 'to', 'lasted', ...(counted ? ['hits', 'served again after'] : [])]
  const begun = spans.map(
    (span) =>
      html`<tr${span.hits === 0 && html` class="idle"`}>${rowTitle(html`<button type="button" class="link" data-from="${span.from}" data-to="${span.to}">${span.label}</button>`)}${td(moment(span.from))}<td>${endText({ ...span, startingFrom: undefined })}${span.perhapsUntil === undefined ? '' : `, perhaps ${moment(span.perhapsUntil)}`}</td>${td(duration(span.to - span.from))}${counted && [td(span.hits === 0 ? 'no effect' : count(span.hits ?? 0)), td(span.recoveryNanos === undefined ? 'no later answer' : duration(span.recoveryNanos))]}</tr>`,
  )
  const unbegun = skipped.map(
    (record) =>
      html`<tr class="idle">${rowTitle(labelOfFault(record.fault))}${td(moment(record.from))}<td class="wrap" colspan="4">skipped: ${record.skipped}</td></tr>`,
  )
  return sectionOf('faults', 'Faults', [
    ...summary.map(note),
    scrollOf('List of faults', plainTable(titles, [...begun, ...unbegun], 'numbers'), 'scroll tall'),
  ])
}

export function factsSection(statistics: Statistics, report: Report | undefined, run: RunSummary | undefined): Html {
  const { total, ok, fail, info, reads, writes, cas } = run?.operations ?? statistics.operations
  const nodes = run?.nodes ?? statistics.nodes
  const operations = namedRows([
    ['total', count(total)],
    ['ok', count(ok)],
    ['fail, certainly not done', count(fail)],
    ['info, outcome unknown', count(info)],
    ['reads', reads > 0 && count(reads)],
    ['writes', writes > 0 && count(writes)],
    ['cas', cas > 0 && count(cas)],
    ['latency p50', Number.isFinite(statistics.p50Nanos) && duration(statistics.p50Nanos)],
    ['latency p99', Number.isFinite(statistics.p99Nanos) && duration(statistics.p99Nanos)],
    ...(report?.staleness === undefined ? [] : stalenessRows(report.staleness)),
  ])
  return sectionOf(
    'facts',
    'Counts and configuration',
    html`<div class="columns"><div><h3>Operations</h3>${operations}${report !== undefined && report.info.total > 0 && note(`${infoText(report.info)}.`)}${report?.clocks !== undefined && note(`${capitalised(clocksText(report.clocks))}.`)}</div>${nodes.length !== 0 && html`<div><h3>Nodes</h3>${namedRows(nodes.map((node) => [printable(node.node), shareOf(node.availability, node.operations)]))}</div>`}${run !== undefined && html`<div><h3>Configuration</h3>${configuration(run)}</div>`}</div>${run?.views !== undefined && viewsTexts(run.views).map((text) => note(`${capitalised(text)}.`))}`,
  )
}

type NamedRow = readonly [name: string, value: string | false]

/** Returns rows about stale reads: their number, how far behind they are, and the history's atomicity (Δ and k). */
function stalenessRows(staleness: Staleness): readonly NamedRow[] {
  const unmeasured = unmeasuredText(staleness)
  const atomicity = atomicityText(staleness)
  const isBehind = staleness.reads.stale > 0
  return [
    ['stale reads', staleText(staleness)],
    ['behind, p99', isBehind && behindText(staleness, 'p99')],
    ['behind, at most', isBehind && behindText(staleness, 'max')],
    ['Δ- and k-atomic with', atomicity !== '' && atomicity],
    ['', unmeasured !== '' && unmeasured],
  ]
}

function configuration({ spec, tier, startedAt, durationNanos, timing }: RunSummary): Html {
  const { target, workload } = spec
  return namedRows([
    ['target', target.name],
    ['deliberate bug', target.bug ?? false],
    ['settings', settingsText(target.settings)],
    ...trafficRows(target.traffic),
    ['workload', workload.name],
    ['its settings', settingsText(workload.settings)],
    ['nodes', count(spec.nodes)],
    ['clients', spec.clients > 0 && count(spec.clients)],
    ['rate', spec.clients > 0 && `${count(spec.rate)} ops/s`],
    ['client timeout', durationOfMillis(spec.timeoutMs)],
    ['faults', spec.faults.length === 0 ? 'none' : spec.faults.map(nameOfChoice).join(', ')],
    ['seed', String(spec.seed)],
    ['began', startedAt],
    ['lasted', duration(durationNanos)],
    ['checked in', durationOfMillis(timing.checkMs)],
    ['determinism', tier === 'simulated' ? 'simulated: repeats to the byte' : 'real: repeats workload and faults'],
  ])
}

function trafficRows(traffic: RunSummary['spec']['target']['traffic']): readonly NamedRow[] {
  if (traffic === undefined) return []
  const { command = [], servers, as } = traffic
  const places = servers.map(({ name, upstream, serve = [] }) => `${name} ${upstream ?? serve.join(' ')}`)
  return [
    ['clients', command.length > 0 && command.join(' ')],
    ['servers', places.join(', ')],
    ['read as', as],
  ]
}

function settingsText(settings: RunSummary['spec']['target']['settings']): string | false {
  const chosen = Object.entries(settings)
  return chosen.length > 0 && chosen.map(([name, value]) => `${name} ${value}`).join(', ')
}

/** Lists the lost writes or, if the elements were counted, what happened to every element. */
export function lostSection(report: Report | undefined): Html | undefined {
  if (report === undefined) return undefined
  const { accounting } = report
  if (accounting !== undefined) return accountingSection(accounting)
  if (report.lost.length === 0) return undefined
  const writes = report.lost.map((write) => keyedText(write, 24))
  return html`<p class="lost"><b>${capitalised(lostText(report.lost))}:</b> ${listedAtMost(writes, 12)}</p>`
}

function accountingSection(accounting: Accounting): Html {
  const lines = accountLines(accounting).map(
    ({ what, meaning, count: amount, items, isTrouble }) =>
      [
        `${count(amount)} ${what}`,
        html`${listedAtMost(items, 12)} <span class="note">${meaning}</span>`,
        isTrouble && 'trouble',
      ] as const,
  )
  return sectionOf(
    'accounting',
    'Accounting',
    html`${note(`${sumsText(accounting)}; ${printable(accounting.reason)}`)}${lines.length !== 0 && namedRows(lines)}`,
  )
}

/** Maximum number of listed entries of each kind. */
const MOST_LISTED = 50

/** Returns what the record lacks, how clients are distinguished, and which requests were not recorded. */
export function recordSection(facts: RecordFacts | undefined): Html | undefined {
  if (facts === undefined) return undefined
  const lines = recordLines(facts, MOST_LISTED)
  if (lines.length === 0) return undefined
  const rows = lines.map(
    ({ about, text, isDoubt }) => [capitalised(about), capitalised(text), isDoubt && 'trouble'] as const,
  )
  return sectionOf('record', 'The record', namedRows(rows))
}

/** More phases would be too many to compare. */
const MOST_PHASES = 6

/**
 * Returns the phase without faults and the worst other phases, in the order of the run. Phases with a violated level
 * rank as worst, then those with the most stale reads. Among equals, single faults rank before combined ones, and then
 * low availability before high availability.
 */
export function worstPhases(phases: readonly PhaseSummary[]): readonly PhaseSummary[] {
  const worstFirst = phases.toSorted((one, other) => compareInTurn(weights(one), weights(other)))
  const worst = new Set(worstFirst.slice(0, MOST_PHASES))
  return phases.filter((phase) => worst.has(phase))
}

/** Returns numbers to sort phases by: the first that differs decides. */
const weights = (phase: PhaseSummary): readonly number[] => [
  phase.phase === 'calm' ? 0 : 1,
  isBroken(phase) ? 0 : 1,
  -(phase.staleReads ?? 0),
  phase.phase.includes('+') ? 1 : 0,
  phase.operations === 0 ? 1 : phase.availability,
]

function compareInTurn(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((weight, i) => weight !== other[i])
  return (one[at] ?? 0) - (other[at] ?? 0)
}
