import { levelNames } from '@chaosproxy/checker'
import type { FaultChoice } from '@chaosproxy/faults'
import { type Json, type Millis, millis, UserError } from '@chaosproxy/history'
import type { Settings } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { entriesOf, schemaProblems, unwrapped } from './schema-problems.ts'

/** One run as JSON: flags are turned into it, `run.json` keeps it, and any run can be started from it. */
export interface RunSpec {
  readonly target: {
    /** A name in the registry, or the path of a file. */
    readonly name: string
    readonly bug?: string | undefined
    readonly settings: Settings
  }
  readonly workload: { readonly name: string; readonly settings: Settings }
  /** Absent: the target decides. */
  readonly nodes?: number | undefined
  readonly clients: number
  /** Operations per second over all clients. */
  readonly rate: number
  /** How long clients keep starting operations. */
  readonly timeMs: Millis
  /** How long a client waits for an answer. */
  readonly timeoutMs: Millis
  /** Kinds as `--faults` names them, or faults with times as in a schedule. */
  readonly faults: readonly FaultChoice[]
  readonly seed: number
  /** Absent: what the target promises. `none`: the run only observes. */
  readonly expect?: string | undefined
  /** How long checking may take. */
  readonly checkMs: Millis
}

const count = (text: string, min: number, max: number) => {
  const range = `must be a whole number from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range), v.description(text))
}

const duration = (text: string, min: number, max: number) => {
  const range = `must be a number of milliseconds from ${min} to ${max}`
  return v.pipe(
    v.number(range),
    v.minValue(min, range),
    v.maxValue(max, range),
    v.transform((value): Millis => millis(value)),
    v.description(text),
  )
}

const settings = v.record(
  v.string(),
  v.union([v.number(), v.boolean(), v.string()], 'must be a number, a text, true or false'),
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

/** Parser, messages, help and documents all derive from this schema; the compiler checks it against `RunSpec`. */
const runSchema = v.strictObject({
  target: v.strictObject({
    name: v.pipe(v.string('must be a name'), v.description('what to test: a name that chaos targets lists, or a file')),
    bug: v.optional(
      v.pipe(v.string('must be a name'), v.description('a deliberate mistake, as chaos targets --bugs lists them')),
    ),
    settings: v.optional(settings, {}),
  }),
  workload: v.optional(
    v.strictObject({
      name: v.pipe(v.string('must be a name'), v.description('what clients do')),
      settings: v.optional(settings, {}),
    }),
    { name: 'register', settings: {} },
  ),
  nodes: v.optional(count('how many nodes', 1, 15)),
  clients: v.optional(count('clients at work at the same time', 1, 200), 20),
  rate: v.optional(count('operations per second, over all clients together', 1, 1_000_000), 2000),
  timeMs: v.optional(duration('how long clients are at work', 100, 24 * HOUR_MS), 20_000),
  timeoutMs: v.optional(duration('how long a client waits for an answer', 1, HOUR_MS), 1_000),
  faults: v.optional(v.array(faultChoice, 'must be a list of faults, such as ["partition","kill"]'), [
    'partition',
    'kill',
    'pause',
  ]),
  seed: count('drives every choice of the run', 0, Number.MAX_SAFE_INTEGER),
  expect: v.optional(
    v.pipe(
      v.picklist([...levelNames(), 'none'], `must be one of ${levelNames().join(', ')}, or none`),
      v.description('the level it is held to; none: only look; absent: what the target promises'),
    ),
  ),
  checkMs: v.optional(duration('how long checking may take', 1, 24 * HOUR_MS), 60_000),
})

/**
 * Reads a run from parsed JSON. Messages begin with `where`: the name of a file.
 *
 * @throws UserError (input): one line saying which member is wrong, and what it can be.
 */
export function parseRunSpec(json: unknown, where: string): RunSpec {
  const result = v.safeParse(runSchema, withNames(json), { abortEarly: true })
  if (result.success) return result.output
  throw new UserError('input', schemaProblems(runSchema, result.issues, { where, what: 'a run' }).join('\n'))
}

/** The meaning of a member such as `timeMs` or `target.bug`, for help and documents. */
export function memberText(name: string): string {
  let schema: unknown = runSchema
  for (const key of name.split('.')) schema = entriesOf(schema)?.[key]
  return descriptionOf(schema)
}

/** A target or workload with default settings can be given by name alone. */
function withNames(json: unknown): unknown {
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

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null
