import type {
  Accounted,
  Accounting,
  Counterexample,
  OperationRow,
  OrderEdge,
  Report,
  Staleness,
  TransactionFacts,
  Verdict,
} from '@chaosproxy/checker'
import { type History, inputOf, type Json, outputOf } from '@chaosproxy/history'
import {
  type FaultRecord,
  type PhaseSummary,
  RESULT_FORM,
  type RunViews,
  statisticsOf,
  strongestMet,
} from '@chaosproxy/runner/result'
import { bounded } from '../bounded-json.ts'
import { type Facts, type FactsInput, factsOf } from '../facts/facts.ts'
import { nearFaults } from '../facts/near-faults.ts'
import { sentenceText } from '../facts/violation-words.ts'
import type { Violation } from '../facts/violations.ts'
import type { Wire } from '../facts/wire.ts'
import { answeredIn, brokenLevel } from '../measured-words.ts'
import { functionOf, hasReturned, keyOf, linesOf, nodeOf, outcomeName } from '../operation-words.ts'
import type { WrittenProof } from '../proof.ts'
import { raceJson } from '../race/race-json.ts'
import { recordFactsOf, recordJson } from '../record.ts'
import { type Telling, tellingOf } from '../telling/telling.ts'
import { capitalised } from '../words.ts'

/** A part of the result. `bounded` removes undefined members, and replaces numbers that JSON lacks with null. */
type Part = { readonly [member: string]: unknown }

interface JsonInput extends FactsInput {
  /** The result of the check; undefined if nothing could be checked. */
  readonly report: Report<string> | undefined
  /** The file's name as the user typed it; only for `chaos check`. */
  readonly file?: string | undefined
  /** The directory of the run; only for `chaos run`. */
  readonly directory?: string | undefined
  /** The initial value assumed, if it differs from that in the history. */
  readonly initial?: Json | undefined
  readonly parseMs?: number | undefined
  readonly checkMs: number
  readonly again?: string | undefined
  readonly proof?: WrittenProof | undefined
}

/** Maximum number of elements, writes and the like to list; `totals` has the full counts. */
const MOST_LISTED = 1_000

/**
 * Returns the output of `--json`. Its members stay the same between versions, and it is always shorter than a megabyte
 * (see `bounded`). Times are nanoseconds since the start of the run.
 */
export const toJson = (input: JsonInput): Json => bounded(wholeJson(input))

function wholeJson(input: JsonInput): Part {
  const { report, history, run } = input
  const statistics = statisticsOf(history)
  const facts = factsOf(input)
  const { expectation } = facts
  const phases = run?.phases ?? []
  const record = recordFactsOf(history, input.initial)
  const lost = report?.lost ?? []
  return {
    chaos: RESULT_FORM,
    file: input.file,
    ...headlineJson(history, facts),
    telling: tellingJson(tellingOf(facts, input)),
    headline: report?.headline ?? 'not checked',
    model: report?.model,
    levels: byMember(Object.entries(report?.levels ?? {}), ([level, verdict]) => [
      level,
      verdictJson(verdict, history, facts),
    ]),
    proof: input.proof && proofJson(input.proof),
    messages: facts.wire && wireJson(facts.wire),
    race: facts.race && raceJson(facts.race),
    violations: facts.violations.length === 0 ? undefined : facts.violations.map(violationJson),
    record: record && recordJson(record),
    operations: run?.operations ?? statistics.operations,
    availability: {
      overall: run === undefined ? statistics.availability : overallOf(phases),
      nodes: byMember(run?.nodes ?? statistics.nodes, ({ node, availability }) => [node, availability]),
      phases: run && byMember(phases, (of) => [of.phase, of.operations === 0 ? null : of.availability]),
    },
    latency: {
      ...latencyJson(statistics),
      phases: run && byMember(phases, (of) => [of.phase, latencyJson(of)]),
    },
    phases: run && byMember(phases, phaseJson),
    info: report?.info,
    lost: lost
      .slice(0, MOST_LISTED)
      .map(({ key, value, operation }) => ({ key, value, operation: operationJson(history, operation) })),
    totals: lost.length > MOST_LISTED ? { lost: lost.length } : undefined,
    accounting: report?.accounting && accountingJson(report.accounting, history),
    staleness: report?.staleness && stalenessJson(report.staleness, history),
    clocks: report?.clocks,
    stamps: report?.stamps,
    ...(report?.transactions && transactionsJson(report, report.transactions, history)),
    views: run?.views && viewsJson(run.views),
    faults: run?.faults.map(faultJson),
    vacuous: input.vacuous ?? run?.vacuous,
    notes: run?.notes,
    trouble: run?.trouble,
    warnings: history.warnings,
    target: run?.spec.target.name,
    workload: run?.spec.workload.name,
    seed: run?.spec.seed,
    tier: run?.tier,
    interrupted: run?.interrupted,
    expected: expectation?.level ?? 'none',
    expectation,
    requirements: input.requirements ?? run?.requirements,
    timing: { parseMs: input.parseMs, checkMs: input.checkMs },
    run: input.directory,
  }
}

const byMember = <Of>(all: readonly Of[], entryOf: (each: Of) => readonly [member: string, value: unknown]): Part =>
  Object.fromEntries(all.map(entryOf))

const latencyJson = ({
  p50Nanos = null,
  p99Nanos = null,
}: { readonly [rank in 'p50Nanos' | 'p99Nanos']?: number | undefined | null }): Part => ({ p50Nanos, p99Nanos })

const wireJson = ({ sender, reader, change, messages, others, isNeverSent, unclear, sentence }: Wire): Part => ({
  ...{ sender, reader, change, sentence, neverSent: isNeverSent, unclear, others },
  messages: messages.map(({ carries, ...message }) => ({ ...message, carries: carries !== undefined })),
})

/** Returns one violation, and the other levels that forbid it. */
const violationJson = ({ counterexample: { level, sentence }, others }: Violation): Part => ({
  ...{ level, sentence, alsoForbiddenBy: others },
})

/** Returns the figures of a phase, without availability and latency, which are listed elsewhere. */
const phaseJson = (phase: PhaseSummary): [string, Part] => {
  const { operations, staleReads, violated } = phase
  return [phase.phase, { operations, staleReads, violated, broken: brokenLevel(phase) ?? null }]
}

const faultJson = ({ id, fault, from, to, hits, recoveryNanos, inDoubt, skipped }: FaultRecord): Part => ({
  ...{ id, kind: fault.kind, fault, fromNanos: from, toNanos: to, hits, recoveryNanos, inDoubt, skipped },
})

/** Returns the texts at the top of every page. */
const headlineJson = (
  history: History,
  { headline: { title, verdict, despite }, counterexample: shown, why }: Facts,
): Part => ({
  ...{ title, verdict, despite, shown: shown?.level },
  sentence: shown && capitalised(sentenceText(history, shown, why)),
})

const tellingJson = ({ outcome, what, why: { text, certainty, settings }, next }: Telling): Part => ({
  ...{ outcome, what, why: { text, certainty, settings: settings === '' ? undefined : settings }, next },
})

/** Returns the verdicts on the answers that nodes sent, in contrast to those that clients got. */
const viewsJson = ({ client, backend: { headline, levels }, settled, said }: RunViews): Part => ({
  client: { headline: client },
  backend: { headline, levels: byMember(Object.entries(levels), ([level, { result }]) => [level, { result }]) },
  ...{ settled, said },
})

function overallOf(phases: readonly PhaseSummary[]): number {
  const { requested, answered } = answeredIn(phases)
  return answered / requested
}

const ACCOUNTS = ['lost', 'unexpected', 'duplicated', 'stale', 'recovered', 'neverRead'] as const

function accountingJson(accounting: Accounting, history: History): Part {
  const { result, reason, attempted, acknowledged, ok } = accounting
  const accountedJson = ({ key, value, count, operation, late, bounds }: Accounted): Part => ({
    ...{ key, value, count, lines: linesOf(history, operation), lateNanos: late, bounds },
  })
  return {
    ...{ result, reason, attempted, acknowledged, ok },
    ...byMember(ACCOUNTS, (name) => [name, accounting[name].slice(0, MOST_LISTED).map(accountedJson)]),
    totals: byMember(ACCOUNTS, (name) => [name, accounting[name].length]),
  }
}

/** Maximum number of transactions to list for one anomaly: a cycle may be long. */
const MOST_OF_ANOMALY = 8

function transactionJson(history: History, operation: OperationRow): Part {
  const { process, call, lines } = operationJson(history, operation)
  return { process, call, lines }
}

/** Returns the verdicts on transactions, with an example of each anomaly. */
const transactionsJson = (
  report: Report<string>,
  { anomalies, assumed, judged: { transactions, reads } }: TransactionFacts,
  history: History,
): Part => ({
  strongest: strongestMet(report),
  anomalies: byMember(Object.entries(anomalies), ([name, { count, first }]) => [
    name,
    { count, first: first.slice(0, MOST_OF_ANOMALY).map((operation) => transactionJson(history, operation)) },
  ]),
  assumed,
  judged: { transactions, reads },
})

const stalenessJson = (
  { reads, behindNanos, versionsBehind, worst, deltaNanos, k }: Staleness,
  history: History,
): Part => ({
  ...{
    reads,
    behindNanos,
    versionsBehind,
    worst: worst === undefined ? undefined : operationJson(history, worst),
    deltaNanos,
    k,
  },
})

const proofJson = ({ written, levels }: WrittenProof): Part => ({
  ...written,
  levels: byMember(levels, ({ level, verdict, why }) => [level, { proved: verdict === 'accepted', why }]),
})

function verdictJson(verdict: Verdict, history: History, facts: Facts): Part {
  switch (verdict.result) {
    case 'met':
      return {
        result: 'met',
        // A witness can list a million operations, so only its kind is printed.
        witness: verdict.witness.kind,
        impliedBy: verdict.witness.kind === 'implied' ? verdict.witness.by : undefined,
      }
    case 'unknown':
      return { result: 'unknown', reason: verdict.reason.text, kind: verdict.reason.kind }
    case 'violated':
      return {
        result: 'violated',
        reason: verdict.counterexample.sentence,
        counterexample: counterexampleJson(verdict.counterexample, history, facts),
      }
    default:
      return verdict satisfies never
  }
}

function counterexampleJson(
  counterexample: Counterexample,
  history: History,
  { counterexample: shown, near: known, spans, may }: Facts,
): Part {
  const { sentence, anomaly, story, keys, operations, culprit, statesBefore, edges, transactions, uncut } =
    counterexample
  const near = counterexample === shown ? known : nearFaults(history, counterexample, { spans, may })
  const at = new Map(operations.map(({ operation }, i) => [operation, i]))
  const whyOf = new Map(transactions?.parts.map(({ operation, why }) => [operation, why]))
  const operationOf = (part: number): OperationRow => transactions?.parts[part]?.operation ?? -1
  return {
    ...{ sentence, anomaly, story: story?.name, refusedBy: story?.refusedBy },
    // The most relevant fault comes first.
    faults: near.length === 0 ? undefined : near.map(({ text, relation }) => ({ text, relation })),
    keys,
    operations: operations.map(({ operation, role }) => ({
      ...operationJson(history, operation),
      ...{ role, why: whyOf.get(operation) },
    })),
    // The index of the culprit in the list `operations` above.
    culprit: culprit === undefined ? undefined : at.get(culprit),
    statesBefore,
    edges: edges?.map((edge) => edgeJson(edge, at)),
    // The steps of the cycle in order. `before` and `after` are indexes into `operations` above.
    cycle: transactions?.isCycle
      ? transactions.arrows.map(({ from, to, ...edge }) => ({
          ...{ before: at.get(operationOf(from.part)), after: at.get(operationOf(to.part)) },
          ...edge,
        }))
      : undefined,
    // Why the counterexample was not reduced further.
    uncut,
  }
}

const edgeJson = ({ before, after, reason, shownBy }: OrderEdge, at: ReadonlyMap<OperationRow, number>): Part => ({
  ...{ before: at.get(before), after: at.get(after), reason },
  shownBy: shownBy && { read: at.get(shownBy.read), chain: shownBy.chain.map((edge) => edgeJson(edge, at)) },
})

function operationJson(history: History, operation: OperationRow): Part {
  const { process, callTime, returnTime } = history.operations
  const name = history.processName(process[operation] ?? 0)
  return {
    process: /^\d+$/.test(name) ? Number(name) : name,
    f: functionOf(history, operation),
    key: keyOf(history, operation),
    input: inputOf(history, operation),
    output: outputOf(history, operation),
    type: outcomeName(history, operation),
    call: callTime[operation] ?? 0,
    return: hasReturned(history, operation) ? (returnTime[operation] ?? 0) : null,
    node: nodeOf(history, operation),
    error: history.errorOf(operation),
    lines: linesOf(history, operation),
  }
}
