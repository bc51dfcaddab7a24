import { levelNames, levelsInWords } from '@chaosproxy/checker'
import { inputError, type Json, UserError } from '@chaosproxy/history'
import type { Settings } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { parseRequirement, REQUIREMENT_EXAMPLE } from '../result/requirements/requirement.ts'
import type { RunSpec } from '../result/run-spec.ts'
import { count, duration, entriesOf, isObject, schemaProblems, unwrapped } from './schema.ts'
import { trafficSchema } from './traffic-spec.ts'

/**
 * Part of a run's spec; missing members get defaults. Configuration files, command lines and programs all produce
 * drafts.
 */
export interface RunDraft
  extends LoosePartial<Omit<RunSpec, 'target' | 'workload' | 'usualFaults' | 'timeMs' | 'timeoutMs' | 'checkMs'>> {
  /** A name in the registry, the path of a file, or an object with a name, settings and a bug. */
  readonly target?: string | NamedPart | undefined
  readonly workload?: string | Omit<NamedPart, 'bug'> | undefined
  /** Milliseconds for which clients start operations; by default 20,000. */
  readonly timeMs?: number | undefined
  /** Milliseconds for which a client waits for an answer; by default 1,000. */
  readonly timeoutMs?: number | undefined
  /** Milliseconds that checking may take; by default 60,000. */
  readonly checkMs?: number | undefined
}

type LoosePartial<Of> = { readonly [Member in keyof Of]?: Of[Member] | undefined }

export interface NamedPart {
  readonly name?: string | undefined
  /** A deliberate bug of the target. A workload has no bugs. */
  readonly bug?: string | undefined
  readonly settings?: Settings | undefined
}

const settings = v.record(
  v.string(),
  v.union([v.number(), v.boolean(), v.string()], 'must be a number, a string, true or false'),
  'must be an object of settings, such as {"keys":20}',
)

const faultChoice = v.union(
  [
    v.string(),
    v.record(
      v.string(),
      v.custom<Json>(() => true),
    ),
  ],
  'must be a name, or a fault with its times',
)

const HOUR_MS = 3_600_000

function problemOf(requirement: string): string | undefined {
  try {
    parseRequirement(requirement, '')
    return undefined
  } catch (error) {
    return error instanceof UserError ? `cannot be${error.message}` : String(error)
  }
}

const targetName = v.pipe(
  v.string('must be a name'),
  v.description('the target to test: a name that chaos targets lists, or a file'),
)
const bug = v.optional(
  v.pipe(
    v.string('must be a name'),
    v.description('a deliberate bug of the target, from the list of chaos targets --bugs'),
  ),
)
const workloadName = v.pipe(v.string('must be a name'), v.description('what clients do'))

/**
 * The defaults of a run. Two cores can sustain the rate, and the clients suffice for the rate even while some of them
 * wait.
 */
export const RUN_DEFAULTS = {
  clients: 20,
  rate: 2000,
  timeMs: 20_000,
  timeoutMs: 1_000,
  faults: ['partition', 'kill', 'pause'],
  checkMs: 60_000,
} as const

const faults = v.pipe(
  v.array(faultChoice, 'must be a list of faults, such as ["partition","kill"]'),
  v.description('faults to inject: kinds from the list of chaos targets --faults, all, or faults with their times'),
)

type Members = Omit<RunSpec, 'target' | 'workload' | 'usualFaults'>

/**
 * The schemas of a run's members, except target and workload. Specs, configurations, options, the help and the
 * documents use them.
 */
export const runMembers: { readonly [Member in keyof Members]-?: v.GenericSchema<unknown, Members[Member]> } = {
  nodes: v.optional(count('number of nodes', 1, 25)),
  clients: v.optional(count('number of concurrent clients', 1, 200), RUN_DEFAULTS.clients),
  rate: v.optional(count('operations per second, counted over all clients', 1, 1_000_000), RUN_DEFAULTS.rate),
  timeMs: v.optional(duration('duration for which clients send requests', 100, 24 * HOUR_MS), RUN_DEFAULTS.timeMs),
  timeoutMs: v.optional(duration('time for which a client waits for a response', 1, HOUR_MS), RUN_DEFAULTS.timeoutMs),
  faults: v.optional(faults, [...RUN_DEFAULTS.faults]),
  seed: count('the seed of every random choice in the run', 0, Number.MAX_SAFE_INTEGER),
  expect: v.optional(
    v.pipe(
      v.picklist([...levelNames(), 'none'], `must be one of ${levelsInWords(levelNames())}; or none`),
      v.description('the level that must be met; none: require no level; absent: the level that the target promises'),
    ),
  ),
  require: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string('must be a string'),
          v.rawCheck(({ dataset, addIssue }) => {
            const problem = dataset.typed ? problemOf(dataset.value) : undefined
            if (problem !== undefined) addIssue({ message: problem })
          }),
        ),
        `must be a list of requirements, such as ["${REQUIREMENT_EXAMPLE}"]`,
      ),
      v.description(`further requirements beside the level, such as "${REQUIREMENT_EXAMPLE}"`),
    ),
  ),
  checkMs: v.optional(duration('time limit for checking the history', 1, 24 * HOUR_MS), RUN_DEFAULTS.checkMs),
  stopOnViolation: v.optional(
    v.pipe(
      v.boolean('must be true or false'),
      v.description('end the run as soon as a violation of the strongest level of the model is noticed'),
    ),
  ),
  rehearsal: v.optional(
    v.pipe(
      v.boolean('must be true or false'),
      v.description(
        'before a run that uses a route table, write one value and read it back; if that fails, do not start the run',
      ),
    ),
  ),
}

/** Parses the specification of a run. The compiler checks that the schema matches `RunSpec`. */
const runSchema = v.strictObject({
  target: v.strictObject({ name: targetName, bug, settings: v.optional(settings, {}) }),
  workload: v.optional(v.strictObject({ name: workloadName, settings: v.optional(settings, {}) }), {
    name: 'register',
    settings: {},
  }),
  ...runMembers,
  usualFaults: v.optional(
    v.pipe(
      v.literal(true, 'must be true, or absent'),
      v.description('true: no faults were chosen, so the run has the usual faults of its target'),
    ),
  ),
})

const zero = v.literal(0, 'must be 0: the clients of a recording are not ours')

const recordingSchema = v.strictObject({
  ...runSchema.entries,
  target: v.strictObject({ name: targetName, settings: v.optional(settings, {}), traffic: trafficSchema }),
  workload: v.optional(runSchema.entries.workload.wrapped, { name: 'traffic', settings: {} }),
  clients: v.optional(zero, 0),
  rate: v.optional(zero, 0),
  faults: v.optional(faults, []),
})

/** The members of a draft: those of a run, without defaults. */
export const draftEntries: { readonly [Member in keyof RunDraft]-?: v.GenericSchema<unknown, RunDraft[Member]> } = {
  target: v.optional(v.strictObject({ name: v.optional(targetName), bug, settings: v.optional(settings) })),
  workload: v.optional(v.strictObject({ name: v.optional(workloadName), settings: v.optional(settings) })),
  ...withoutDefaults(runMembers),
}

function withoutDefaults<Entries extends v.ObjectEntries>(entries: Entries): Entries {
  const bare = Object.entries(entries).map(([name, schema]) => [name, v.optional(unwrapped(schema) as v.GenericSchema)])
  return Object.fromEntries(bare) as Entries
}

/**
 * Parses a run from JSON. Messages begin with `where`: the name of a file.
 *
 * @throws UserError (input): one line for each invalid member, with its allowed values.
 */
export function parseRunSpec(json: unknown, where: string): RunSpec {
  const schema = isOfTraffic(json) ? recordingSchema : runSchema
  const result = v.safeParse(schema, withNames(json), { abortEarly: true })
  if (result.success) return result.output
  throw inputError(schemaProblems(schema, result.issues, { where, what: 'a run' }).join('\n'))
}

const isOfTraffic = (json: unknown): boolean =>
  isObject(json) && isObject(json['target']) && json['target']['traffic'] !== undefined

/** Returns the description of a member such as `timeMs` or `target.bug`, for the help and documents. */
export function memberText(name: string): string {
  let schema: unknown = runSchema
  for (const key of name.split('.')) schema = entriesOf(schema)?.[key]
  return descriptionOf(schema)
}

/** Expands names: a target or workload with default settings may be given as a name alone. */
export function withNames(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json
  const members: { [name: string]: unknown } = { ...json }
  for (const member of ['target', 'workload'])
    if (typeof members[member] === 'string') members[member] = { name: members[member] }
  return members
}

function descriptionOf(schema: unknown): string {
  const inner = unwrapped(schema)
  const pipe = isObject(inner) && Array.isArray(inner['pipe']) ? inner['pipe'] : []
  return pipe
    .map((part: unknown) => (isObject(part) && part['type'] === 'description' ? String(part['description']) : ''))
    .join('')
}
