import type {
  Accounted,
  Accounting,
  Bounds,
  ClockCost,
  Counterexample,
  OperationRow,
  OrderEdge,
  Report,
  Staleness,
  StampCost,
  TransactionFacts,
  Verdict,
} from '@chaosproxy/checker'
import { type History, inputOf, type Json, outputOf } from '@chaosproxy/history'
import {
  type PhaseSummary,
  RESULT_FORM,
  type RunSummary,
  type RunViews,
  type Statistics,
  statisticsOf,
  strongestMet,
} from '@chaosproxy/runner/result'
import { bounded } from '../bounded-json.ts'
import { type Facts, type FactsInput, factsOf } from '../facts/facts.ts'
import { nearFaults } from '../facts/near-faults.ts'
import { sentenceText } from '../facts/violation-words.ts'
import type { Violation } from '../facts/violations.ts'
import type { Wire } from '../facts/wire.ts'
import { brokenLevel } from '../measured-words.ts'
import { functionOf, hasReturned, keyOf, linesOf, nodeOf, outcomeName } from '../operation-words.ts'
import type { WrittenProof } from '../proof.ts'
import { raceJson } from '../race/race-json.ts'
import { recordFactsOf, recordJson } from '../record.ts'
import { type Telling, tellingOf } from '../telling/telling.ts'
import { capitalised } from '../words.ts'

/** A JSON object under construction; undefined members are left out. */
type Members = { readonly [member: string]: Json | undefined }

const object = (members: Members): Json =>
  Object.fromEntries(Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined))

/** JSON has neither NaN nor Infinity, so an unknown number is null. */
const number = (value: number): number | null => (Number.isFinite(value) ? value : null)

export interface JsonInput extends FactsInput {
  /** Absent if nothing could be checked. */
  readonly report: Report<string> | undefined
  /** From `chaos check`: the file's name as typed. */
  readonly file?: string | undefined
  /** From `chaos run`: its directory. */
  readonly directory?: string | undefined
  /** The initial value assumed, if it is not the one the history names. */
  readonly initial?: Json | undefined
  readonly parseMs?: number | undefined
  readonly checkMs: number
  readonly again?: string | undefined
  readonly proof?: WrittenProof | undefined
}

/** The most elements, writes and the like to list; `totals` has how many there are. */
const MOST_LISTED = 1_000

/**
 * The output of `--json`, whose members stay the same between versions. Times are nanoseconds from the run's start. It
 * is always shorter than a megabyte (see `bounded`).
 */
export const toJson = (input: JsonInput): Json => bounded(wholeJson(input))

function wholeJson(input: JsonInput): Json {
  const { report, history, run } = input
  const statistics = statisticsOf(history)
  const facts = factsOf(input)
  const { expectation } = facts
  const phases = run?.phases ?? []
  const record = recordFactsOf(history, input.initial)
  return object({
    chaos: RESULT_FORM,
    file: input.file,
    ...saidOf(history, facts),
    telling: tellingJson(tellingOf(facts, input)),
    headline: report?.headline ?? 'not checked',
    model: report?.model,
    levels: report === undefined ? {} : levelsJson(report, history, facts),
    proof: input.proof === undefined ? undefined : proofJson(input.proof),
    messages: facts.wire === undefined ? undefined : wireJson(facts.wire),
    race: facts.race === undefined ? undefined : raceJson(facts.race),
    violations: facts.violations.length === 0 ? undefined : facts.violations.map(violationJson),
    record: record === undefined ? undefined : recordJson(record),
    operations: { ...(run?.operations ?? statistics.operations) },
    availability: object({
      overall: number(run === undefined ? statistics.availability : overallOf(phases)),
      nodes: object(
        Object.fromEntries((run?.nodes ?? statistics.nodes).map((node) => [node.node, number(node.availability)])),
      ),
      phases:
        run === undefined
          ? undefined
          : object(
              Object.fromEntries(
                phases.map((phase) => [phase.phase, phase.operations === 0 ? null : number(phase.availability)]),
              ),
            ),
    }),
    latency: latencyJson(statistics, run),
    phases: run === undefined ? undefined : object(Object.fromEntries(phases.map(phaseJson))),
    info: report === undefined ? undefined : object({ ...report.info }),
    lost: (report?.lost ?? [])
      .slice(0, MOST_LISTED)
      .map((write) =>
        object({ key: write.key, value: write.value, operation: operationJson(history, write.operation, {}) }),
      ),
    totals: (report?.lost.length ?? 0) > MOST_LISTED ? { lost: report?.lost.length ?? 0 } : undefined,
    accounting: report?.accounting === undefined ? undefined : accountingJson(report.accounting, history),
    staleness: report?.staleness === undefined ? undefined : stalenessJson(report.staleness, history),
    clocks: report?.clocks === undefined ? undefined : clocksJson(report.clocks),
    stamps: report?.stamps === undefined ? undefined : stampsJson(report.stamps),
    ...(report?.transactions === undefined ? {} : transactionsJson(report, report.transactions, history)),
    views: run?.views === undefined ? undefined : viewsJson(run.views),
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
    expectation: expectation === undefined ? undefined : object({ ...expectation }),
    requirements: (input.requirements ?? run?.requirements)?.map((result) => object({ ...result })),
    timing: object({ parseMs: input.parseMs, checkMs: input.checkMs }),
    run: input.directory,
  })
}

/** What nodes sent each other about the change that the first counterexample misses. */
const wireJson = ({ sender, reader, change, messages, others, isNeverSent, unclear, sentence }: Wire): Json =>
  object({
    ...{ sender, reader, change, sentence, neverSent: isNeverSent, unclear, others },
    messages: messages.map(({ carries, ...message }) => object({ ...message, carries: carries !== undefined })),
  })

/** One cause: the level whose counterexample shows it, what happened, and the other levels that forbid it. */
const violationJson = ({ counterexample, others }: Violation): Json => ({
  level: counterexample.level,
  sentence: counterexample.sentence,
  alsoForbiddenBy: others,
})

/** What was broken in a phase; how available and how fast it was stands with the other figures of that kind. */
const phaseJson = (phase: PhaseSummary): [string, Json] => [
  phase.phase,
  object({
    operations: phase.operations,
    staleReads: phase.staleReads,
    violated: phase.violated,
    broken: brokenLevel(phase) ?? null,
  }),
]

const faultJson = (record: RunSummary['faults'][number]): Json =>
  object({
    id: record.id,
    kind: record.fault.kind,
    fault: record.fault as unknown as Json,
    fromNanos: record.from,
    toNanos: record.to,
    hits: record.hits,
    recoveryNanos: record.recoveryNanos,
    inDoubt: record.inDoubt === undefined ? undefined : object({ ...record.inDoubt }),
    skipped: record.skipped,
  })

/** What every page says at its top, and the level whose counterexample it draws. */
const saidOf = (history: History, { headline, shown, why }: Facts): Members => ({
  title: headline.title,
  verdict: headline.verdict,
  despite: headline.despite === undefined ? undefined : { ...headline.despite },
  shown: shown?.level,
  sentence: shown === undefined ? undefined : capitalised(sentenceText(history, shown, why)),
})

const tellingJson = ({ outcome, what, why, next }: Telling): Json => ({
  outcome,
  what,
  why: object({ text: why.text, certainty: why.certainty, settings: why.settings === '' ? undefined : why.settings }),
  next: object({ ...next }),
})

const latencyJson = ({ p50Nanos, p99Nanos }: Statistics, run: RunSummary | undefined): Json =>
  object({
    p50Nanos: number(p50Nanos),
    p99Nanos: number(p99Nanos),
    phases:
      run === undefined
        ? undefined
        : object(
            Object.fromEntries(
              run.phases.map((phase) => [
                phase.phase,
                { p50Nanos: phase.p50Nanos ?? null, p99Nanos: phase.p99Nanos ?? null },
              ]),
            ),
          ),
  })

/** The verdicts on what the nodes answered; those on what clients saw are the run's own. */
const viewsJson = ({ client, backend, settled, said }: RunViews): Json => ({
  client: { headline: client },
  backend: {
    headline: backend.headline,
    levels: Object.fromEntries(Object.entries(backend.levels).map(([level, { result }]) => [level, { result }])),
  },
  settled: { ...settled },
  said,
})

function overallOf(phases: readonly PhaseSummary[]): number {
  const measured = phases.filter((phase) => phase.operations > 0)
  const operations = measured.reduce((sum, phase) => sum + phase.operations, 0)
  return measured.reduce((sum, phase) => sum + phase.availability * phase.operations, 0) / operations
}

function accountingJson({ result, reason, attempted, acknowledged, ok, ...lists }: Accounting, history: History): Json {
  const listJson = (list: readonly Accounted[]): Json =>
    list
      .slice(0, MOST_LISTED)
      .map(({ key, value, count, operation, late, bounds }) =>
        object({ key, value, count, lines: linesOf(history, operation), lateNanos: late, bounds }),
      )
  const { lost, unexpected, duplicated, stale, recovered, neverRead } = lists
  return {
    result,
    reason,
    attempted,
    acknowledged,
    ok,
    lost: listJson(lost),
    unexpected: listJson(unexpected),
    duplicated: listJson(duplicated),
    stale: listJson(stale),
    recovered: listJson(recovered),
    neverRead: listJson(neverRead),
    totals: {
      lost: lost.length,
      unexpected: unexpected.length,
      duplicated: duplicated.length,
      stale: stale.length,
      recovered: recovered.length,
      neverRead: neverRead.length,
    },
  }
}

function clocksJson(clocks: ClockCost): Json {
  return object({ ...clocks, withinNanos: { ...clocks.withinNanos }, undecided: [...clocks.undecided] })
}

const stampsJson = (stamps: StampCost): Json => object({ ...stamps, undecided: [...stamps.undecided] })

/** The most transactions of one anomaly to name: a cycle may be long. */
const MOST_OF_ANOMALY = 8

/** Where a transaction stands; what it did is in the file. */
function transactionJson(history: History, operation: OperationRow): Json {
  const { process, callTime } = history.operations
  return {
    process: processJson(history, process[operation] ?? 0),
    call: callTime[operation] ?? 0,
    lines: linesOf(history, operation),
  }
}

/** What was found in transactions; each anomaly with the lines of one. */
const transactionsJson = (
  report: Report<string>,
  { anomalies, assumed, judged }: TransactionFacts,
  history: History,
): Members => ({
  strongest: strongestMet(report),
  anomalies: object(
    Object.fromEntries(
      Object.entries(anomalies).map(([name, { count, first }]) => [
        name,
        { count, first: first.slice(0, MOST_OF_ANOMALY).map((operation) => transactionJson(history, operation)) },
      ]),
    ),
  ),
  assumed,
  judged: { transactions: judged.transactions, reads: { ...judged.reads } },
})

function stalenessJson(staleness: Staleness, history: History): Json {
  const { behindNanos, versionsBehind, worst, deltaNanos } = staleness
  return object({
    reads: { ...staleness.reads },
    behindNanos: behindNanos === undefined ? undefined : { ...behindNanos },
    versionsBehind: versionsBehind === undefined ? undefined : { ...versionsBehind },
    worst: worst === undefined ? undefined : operationJson(history, worst, {}),
    deltaNanos: deltaNanos === undefined ? undefined : boundsJson(deltaNanos),
    k: boundsJson(staleness.k),
  })
}

/** Without `atMost` if no upper bound is known. */
const boundsJson = ({ atLeast, atMost }: Bounds): Json =>
  object({ atLeast: number(atLeast), atMost: atMost === undefined ? undefined : number(atMost) })

const proofJson = ({ written, levels }: WrittenProof): Json => ({
  ...written,
  levels: Object.fromEntries(levels.map(({ level, verdict, why }) => [level, { proved: verdict === 'accepted', why }])),
})

const levelsJson = ({ levels }: Report<string>, history: History, facts: Facts): Json =>
  object(
    Object.fromEntries(Object.entries(levels).map(([level, verdict]) => [level, verdictJson(verdict, history, facts)])),
  )

function verdictJson(verdict: Verdict, history: History, facts: Facts): Json {
  switch (verdict.result) {
    case 'met':
      return object({
        result: 'met',
        // An order can name a million operations, so only its kind is given.
        witness: verdict.witness.kind,
        impliedBy: verdict.witness.kind === 'implied' ? verdict.witness.by : undefined,
      })
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
  { shown, near: known, spans, may }: Facts,
): Json {
  const near = counterexample === shown ? known : nearFaults(history, counterexample, { spans, may })
  const at = new Map(counterexample.operations.map(({ operation }, i) => [operation, i]))
  const whyOf = new Map(counterexample.transactions?.parts.map(({ operation, why }) => [operation, why]))
  const operationOf = (part: number): OperationRow => counterexample.transactions?.parts[part]?.operation ?? -1
  return object({
    sentence: counterexample.sentence,
    anomaly: counterexample.anomaly,
    story: counterexample.story?.name,
    refusedBy: counterexample.story?.refusedBy,
    // The faults that matter to it, most telling first, in the words of every page.
    faults: near.length === 0 ? undefined : near.map(({ text, relation }) => object({ text, relation })),
    keys: counterexample.keys,
    operations: counterexample.operations.map(({ operation, role }) =>
      operationJson(history, operation, { role, why: whyOf.get(operation) }),
    ),
    // A position in `operations` above.
    culprit: counterexample.culprit === undefined ? undefined : at.get(counterexample.culprit),
    statesBefore: counterexample.statesBefore,
    edges: counterexample.edges?.map((edge) => edgeJson(edge, at)),
    // Transactions: each comes before the next. Positions in `operations` above.
    cycle: counterexample.transactions?.isCycle
      ? counterexample.transactions.arrows.map(({ from, to, ...edge }) =>
          object({ before: at.get(operationOf(from.part)), after: at.get(operationOf(to.part)), ...edge }),
        )
      : undefined,
    // Why it was not cut down further, from how many operations it was cut, and whether these violate the level on their own.
    uncut: counterexample.uncut === undefined ? undefined : { ...counterexample.uncut },
  })
}

function edgeJson({ before, after, reason, shownBy }: OrderEdge, at: ReadonlyMap<OperationRow, number>): Json {
  return object({
    before: at.get(before),
    after: at.get(after),
    reason,
    shownBy: shownBy && object({ read: at.get(shownBy.read), chain: shownBy.chain.map((edge) => edgeJson(edge, at)) }),
  })
}

function processJson(history: History, process: number): Json {
  const name = history.processName(process)
  return /^\d+$/.test(name) ? Number(name) : name
}

function operationJson(history: History, operation: number, more: Members): Json {
  const { process, callTime, returnTime } = history.operations
  return object({
    process: processJson(history, process[operation] ?? 0),
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
    ...more,
  })
}
