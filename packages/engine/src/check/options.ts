import {
  areStatements,
  asStatements,
  entryFor,
  findModel,
  levelsInWords,
  type Model,
  type ModelEntry,
  modelEntry,
  models,
  registerTransactions,
  requireUnderstood,
  type ShareOptions,
  usualModel,
} from '@chaosproxy/checker'
import {
  type Format,
  type History,
  inputError,
  type Json,
  type Millis,
  millis,
  type Ordering,
  usageError,
} from '@chaosproxy/history'
import type { Mapping } from '@chaosproxy/history/files'
import { levelsRequired, type ProbeAnswer, requireKnownFunctions, requireSameSubject } from '@chaosproxy/runner/result'
import { isUserFile } from '@chaosproxy/targets/user-file'
import type { ChosenBaseline } from '../run/held-to.ts'
import { heldBytesOf, roomBeside } from './memory.ts'
import { usualFailedCas, usualInitial } from './usual.ts'

/** Settings for checking each file. Plain data, so that it can be sent to other threads. */
export interface CheckSpec {
  readonly initial: Json | undefined
  /** The name of a model, or the path of a user's own model. By default, the model that the history names. */
  readonly model: string | undefined
  /** The chosen levels; by default all levels of the model. */
  readonly levels: readonly string[] | undefined
  readonly expect: string | undefined
  /** Requirements in addition to the level. */
  readonly require: readonly string[] | undefined
  readonly baseline: ChosenBaseline | undefined
  /** The answers of the probes. All probes run once, before the checks. */
  readonly answers?: readonly (readonly [requirement: string, answer: ProbeAnswer])[] | undefined
  readonly format: Format | undefined
  /**
   * True if an operation's value `[a, b]` means the key `a` and the value `b`. If undefined, chaos guesses this from
   * the values.
   */
  readonly keyed: boolean | undefined
  /** For each role, such as `time`, the name of the member that has this role in a line. */
  readonly mapping?: Mapping | undefined
  /** The order of events; by default the order of lines, which must agree with their times. */
  readonly ordering?: Ordering | undefined
  readonly failedCas: 'auto' | 'drop' | 'observes'
  /** What the check assumes about transactions on registers (see the checker's `CheckOptions`). */
  readonly assume?: readonly string[] | undefined
  /** The unit that is judged as one transaction in a recorded database. */
  readonly unit?: 'request' | 'connection' | undefined
  /** The time limit per file for reading, checking and explaining. */
  readonly timeoutMs: Millis
  readonly memoryBytes: number
  /** The number of threads. The default depends on the size of the files. */
  readonly workers: number | undefined
  readonly explain: boolean
  /** The file for a proof of the verdicts, if any. */
  readonly prove?: string | undefined
}

/** Returns the names of the known models, for messages. */
export const modelNamesText = (): string => models.map(({ name }) => name).join(', ')

/** Returns the checker's options. `remainingMs` is the time left to decide. */
export function checkOptionsFor(
  file: string,
  history: History,
  settings: CheckSpec,
  remainingMs: number,
  own?: Model<unknown>,
): ShareOptions {
  const entry = own === undefined ? entryOfFile(file, history, settings) : modelEntry(own)
  if (settings.baseline !== undefined) requireSameSubject(settings.baseline.baseline, { model: entry.name })
  requireKnownFunctions(settings.require ?? [], own ?? entry.name, history.functions)
  const levels = levelsFor(file, entry, settings)
  requireUnderstood(history, entry)
  const { assume = [] } = settings
  if (assume.length > 0 && entry.name !== registerTransactions.name)
    throw usageError(
      `${file}: --assume ${assume.join(',')} applies only to transactions of registers (--model ${registerTransactions.name}), not to ${entry.name}. Leave --assume out.`,
    )
  requireUnits(file, history, settings)
  return {
    model: own ?? entry.name,
    initial: initialOf(history, settings),
    levels,
    failedCas: settings.failedCas === 'auto' ? usualFailedCas(history) : settings.failedCas,
    ...(assume.length === 0 ? {} : { assume }),
    ...(settings.unit === undefined ? {} : { unit: settings.unit }),
    staleness: true,
    deadlineMs: millis(Math.max(0, remainingMs)),
    memoryBytes: roomBeside(settings.memoryBytes, heldBytesOf(history)),
    now: () => millis(performance.now()),
  }
}

/**
 * If each connection is judged as one transaction, converts operations on registers to SQL statements. Otherwise,
 * returns the history unchanged.
 */
export const inUnits = (history: History, { unit }: Pick<CheckSpec, 'unit'>): History =>
  unit === 'connection' && areStatements(history) ? asStatements(history) : history

/**
 * @throws UserError (usage, input) if the recording does not show which operations belong to the same request or
 * connection, whichever `--unit` requires.
 */
function requireUnits(file: string, { transactionNotes }: History, { unit }: CheckSpec): void {
  if (unit === undefined) return
  if (transactionNotes === undefined)
    throw usageError(
      `${file}: --unit ${unit} needs a recording of whole transactions ("transactions":"whole")${unit === 'connection' ? ', or of reads and writes of keys in a database' : ''}.`,
    )
  if (unit === 'request' && ![...transactionNotes.values()].some(({ request }) => request !== undefined))
    throw inputError(
      `${file}: --unit request: no statement names its request. Have the application add a comment with traceparent (sqlcommenter) or request_id (Rails) to its SQL, or give --unit connection.`,
    )
}

/** Returns the initial value to assume: the option, even if it is null, or else the usual value. */
export const initialOf = (history: History, { initial, model }: Pick<CheckSpec, 'initial' | 'model'>): Json => {
  const start = initial === undefined ? usualInitial(history, model) : initial
  // Balances in a list belong to accounts 0, 1, ….
  const isList = (model ?? history.header?.model) === 'bank' && Array.isArray(start)
  return isList ? Object.fromEntries(start.entries()) : start
}

export const modelFileOf = ({ model }: Pick<CheckSpec, 'model'>): string | undefined =>
  model !== undefined && isUserFile(model) ? model : undefined

/** Returns the requested levels that the model can be judged by. */
function levelsFor(
  file: string,
  { name, judge }: ModelEntry<string>,
  { levels, expect, require = [] }: CheckSpec,
): readonly string[] {
  const { ladder } = judge
  for (const [option, named] of [
    ['level', levels ?? []],
    ['expect', expect === undefined ? [] : [expect]],
  ] as const) {
    const other = named.find((level) => !ladder.levels.includes(level))
    if (other === undefined) continue
    throw usageError(
      `${file}: --${option} ${other}: the ${name} model does not have that level. It has ${levelsInWords(ladder.levels)}.${ofOperations(other, ladder.levels)}`,
    )
  }
  if (levels === undefined) return ladder.levels
  const required = levelsRequired(require).filter((level) => ladder.levels.includes(level))
  return [...new Set([...levels, ...(expect === undefined ? [] : [expect]), ...required])]
}

/** For each level of transactions, the closest level of single operations. */
const OF_OPERATIONS: { readonly [level: string]: string } = {
  serializable: 'sequential',
  'strong-session-serializable': 'sequential',
  'strict-serializable': 'linearizable',
}

function ofOperations(level: string, levels: readonly string[]): string {
  if (level === 'declared')
    return ' Only recordings of a database with "transactions":"whole" say which level each transaction asked for.'
  const meant = OF_OPERATIONS[level]
  return meant === undefined || !levels.includes(meant) ? '' : ` For single operations, use ${meant}.`
}

function entryOfFile(file: string, history: History, settings: CheckSpec): ModelEntry<string> {
  const model = settings.model ?? usualModel(history)
  if (findModel(model) !== undefined) return entryFor(model, history)
  throw inputError(
    `${file}: its model is "${model}", which this version cannot check. Choose another with --model: ${modelNamesText()}.`,
  )
}
