import type { Reason } from '@chaosproxy/checker'
import { nemeses } from '@chaosproxy/faults'
import { type Millis, millis, nanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Scenario } from '@chaosproxy/runner'
import {
  type Failure,
  parseReplay,
  printReplay,
  type SearchResult,
  type SeedFailure,
  strategies,
  threadLimits,
} from '@chaosproxy/simulator'
import { findWorkload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import type { AnyKind, QueuedKind } from '../queue/kind.ts'
import { amount, count } from '../queue/numbers.ts'
import type { SubjectName } from '../worlds/subject-name.ts'
import { guideJob, minimiseJob, seedsJob } from './jobs.ts'
import type { TrialChoice } from './spec.ts'
import type { GuideSpec, MinimiseSpec, SeedsSpec } from './worker.ts'

const MOST_SEEDS = 10_000
const MOST_SHARED = 64
const LONGEST_BUDGET_MS = 3_600_000

const names = (list: readonly { readonly name: string }[]) =>
  v.pipe(
    v.string(),
    v.check((given) => list.some(({ name }) => name === given), 'is not known here'),
  )
export const milliseconds: v.GenericSchema<unknown, Millis> = v.pipe(amount, v.transform(millis))
const budget = v.pipe(amount, v.maxValue(LONGEST_BUDGET_MS), v.transform(millis))
const setting = v.union([v.string(), v.number(), v.boolean()])

/**
 * @throws if the protocol or the workload is neither built in nor sent along. The worker loads no other file, and runs
 * no program.
 */
export function requireKnown(
  { target, workload }: Pick<SubjectName, 'target' | 'workload'>,
  paths: ReadonlySet<string>,
): void {
  if (findProtocol(target) === undefined && !paths.has(target)) throw new Error(`subject.target: no protocol ${target}`)
  if (findWorkload(workload) === undefined && !paths.has(workload))
    throw new Error(`subject.workload: no workload ${workload}`)
}

/** @throws if a scenario has a different target or workload. Playing it would load that target or workload. */
export function requireSame(
  { target, workload }: Pick<SubjectName, 'target' | 'workload'>,
  ...scenarios: readonly Scenario[]
): void {
  for (const each of scenarios)
    if (each.target !== target || each.workload !== workload)
      throw new Error(`its scenario is for ${each.target} and ${each.workload}, not for ${target} and ${workload}`)
}

const choices = v.strictObject({
  faults: v.optional(v.array(names(nemeses))),
  clocks: v.optional(v.strictObject({ driftPpm: v.optional(amount), jumpMs: v.optional(milliseconds) })),
  clients: v.optional(count),
  lengthMs: v.optional(milliseconds),
  mix: v.optional(v.record(v.string(), amount)),
})

/** A member that is undefined if the JSON lacks it. */
const perhaps = <Value>(schema: v.GenericSchema<unknown, Value>) => v.optional(schema, () => undefined)

export const subject: v.GenericSchema<unknown, SubjectName> = v.strictObject({
  target: v.string(),
  bug: perhaps(v.string()),
  targetSettings: v.record(v.string(), setting),
  level: v.string(),
  workload: v.string(),
  settings: v.record(v.string(), setting),
  nodes: perhaps(v.pipe(count, v.minValue(1), v.maxValue(15))),
  operations: v.pipe(count, v.minValue(1), v.maxValue(10_000)),
  choices: v.optional(choices),
})

const chosenStrategies: v.GenericSchema<unknown, readonly string[]> = v.pipe(v.array(names(strategies)), v.minLength(1))

/** Validates a scenario as strictly as the scenario of a replay file. Both come from untrusted sources. */
const scenario = v.pipe(
  v.looseObject({ operations: v.array(v.unknown()), faults: v.array(v.unknown()) }),
  v.transform((given): Scenario => {
    const text = printReplay({
      scenario: given as unknown as Scenario,
      found: 'a failure',
      digest: undefined,
      invariants: true,
    })
    return parseReplay(text, 'the scenario').scenario
  }),
)

const at = v.pipe(count, v.transform(nanos))
const failure: v.GenericSchema<unknown, Failure> = v.variant('kind', [
  v.strictObject({ kind: v.literal('violation'), level: v.string(), sentence: v.string() }),
  v.strictObject({ kind: v.literal('unrecovered'), what: v.string(), healedAt: at, waited: at }),
  v.strictObject({
    ...{ kind: v.literal('invariant'), name: v.string(), node: v.string(), what: v.string(), at },
    evidence: v.optional(v.array(v.string())),
    fromOutside: v.optional(v.boolean()),
  }),
  v.strictObject({
    kind: v.literal('broken'),
    what: v.string(),
    mistake: v.string(),
    trace: v.array(v.string()),
    where: v.optional(v.strictObject({ node: v.string(), at })),
    endless: v.optional(v.boolean()),
    stuck: v.optional(v.boolean()),
  }),
])

const finding: v.GenericSchema<unknown, SeedFailure> = v.strictObject({
  seed: count,
  strategy: v.string(),
  failure,
  scenario,
  after: v.optional(v.string()),
})

/** The schemas of the members of a `TrialChoice`. */
export const trialChoice: { readonly [member in keyof TrialChoice]: v.GenericSchema<unknown, TrialChoice[member]> } = {
  strategies: chosenStrategies,
  invariants: v.boolean(),
  verifyDeterminism: v.boolean(),
}

const seedsSpec: v.GenericSchema<unknown, SeedsSpec> = v.strictObject({
  subject,
  first: count,
  count: v.pipe(count, v.minValue(1), v.maxValue(MOST_SEEDS)),
  ...trialChoice,
  stopAtFirst: v.boolean(),
  interesting: v.optional(v.pipe(v.array(count), v.maxLength(MOST_SHARED))),
})

const reason: v.GenericSchema<unknown, Reason> = v.strictObject({
  kind: v.picklist(['time', 'memory', 'operations', 'final reads', 'record', 'unasked']),
  text: v.string(),
})

export const searchResult: v.GenericSchema<unknown, SearchResult> = v.strictObject({
  trials: count,
  steps: count,
  evidence: v.strictObject({
    missing: perhaps(v.array(v.string())),
    undecided: count,
    reasons: v.array(v.strictObject({ seed: count, reason })),
    unanswered: v.optional(v.record(v.string(), count)),
  }),
  findings: v.array(finding),
  tried: v.record(v.picklist(strategies.map(({ name }) => name)), v.strictObject({ trials: count, found: count })),
  interesting: v.array(count),
})

export const seedsKind: QueuedKind<SeedsSpec, SearchResult> = {
  job: seedsJob,
  script: 'search-worker',
  limits: threadLimits,
  readSpec(data, paths) {
    const spec = v.parse(seedsSpec, data)
    requireKnown(spec.subject, paths)
    return spec
  },
  readResult(data, { subject, first, count: many }) {
    const result = v.parse(searchResult, data)
    requireSame(subject, ...result.findings.map(({ scenario }) => scenario))
    const failures = [...result.findings, ...result.evidence.reasons]
    const seeds = [...failures.map(({ seed }) => seed), ...result.interesting]
    if (result.trials > many || !seeds.every((seed) => seed >= first && seed < first + many))
      throw new Error(`its trials are not all of seeds ${first} to ${first + many - 1}`)
    return result
  },
  title: ({ subject, first, count }) => `seeds ${first} to ${first + count - 1} of ${subject.target}`,
}

const minimiseSpec: v.GenericSchema<unknown, MinimiseSpec> = v.strictObject({
  subject,
  finding,
  invariants: v.boolean(),
  budgetMs: budget,
})

interface OfFinding<Spec extends object, Result> extends Pick<QueuedKind<Spec, Result | undefined>, 'job' | 'title'> {
  readonly spec: v.GenericSchema<unknown, Spec>
  readonly result: v.GenericSchema<unknown, Result>
  scenarioOf(result: Result): Scenario
}

/** Returns a kind of queued job for one finding. The kind rejects a scenario with another target or workload. */
const ofFinding = <Spec extends Pick<GuideSpec, 'subject' | 'finding'>, Result>({
  spec,
  result,
  scenarioOf,
  ...kind
}: OfFinding<Spec, Result>): QueuedKind<Spec, Result | undefined> => ({
  ...kind,
  script: 'search-worker',
  limits: threadLimits,
  readSpec(data, paths) {
    const read = v.parse(spec, data)
    requireKnown(read.subject, paths)
    requireSame(read.subject, read.finding.scenario)
    return read
  },
  readResult(data, { subject }) {
    const read = v.parse(
      v.nullish(result, () => undefined),
      data,
    )
    if (read !== undefined) requireSame(subject, scenarioOf(read))
    return read
  },
})

const minimiseKind = ofFinding<MinimiseSpec, Scenario>({
  job: minimiseJob,
  spec: minimiseSpec,
  result: scenario,
  scenarioOf: (smaller) => smaller,
  title: ({ subject, finding }) => `shrinking the failure of seed ${finding.seed} of ${subject.target}`,
})

const guideSpec: v.GenericSchema<unknown, GuideSpec> = v.strictObject({
  subject,
  finding,
  strategies: chosenStrategies,
  budgetMs: budget,
})

/** Searches from a broken invariant for a violation that clients observe. */
const guideKind = ofFinding<GuideSpec, SeedFailure>({
  job: guideJob,
  spec: guideSpec,
  result: finding,
  scenarioOf: (seen) => seen.scenario,
  title: ({ subject, finding }) => `the search from the broken invariant of seed ${finding.seed} of ${subject.target}`,
})

export const searchKinds: readonly AnyKind[] = [seedsKind, minimiseKind, guideKind]
