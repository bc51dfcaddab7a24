import { assumptionNames, levelNames, models } from '@chaosproxy/checker'
import { type CheckSpec, modelNamesText, type Priority, USUAL_CHECK } from '@chaosproxy/engine'
import { type Ordering, USUAL_TOLERANCE_NANOS, usageError } from '@chaosproxy/history'
import { count, duration } from '@chaosproxy/runner'
import { isUserFile } from '@chaosproxy/targets/user-file'
import * as v from 'valibot'
import { baselineOptions, parseBaselineOptions } from '../arguments/baseline.ts'
import { asCount, asDuration, asName, asRead, asSize, flag, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { levelsText, listed, namesOf, oneOf, parseLevel } from '../arguments/names.ts'
import { queueOption, requireQueued } from '../arguments/queue.ts'
import { objectOptions, orderingOf, readingOptions, type TypedOrder } from '../arguments/reading.ts'
import { judgingOptions } from '../arguments/require.ts'
import { type ParsedOptions, textsOf } from '../command.ts'
import { chooseReporters, pageChoice, type ReporterChoice, reporterOptions } from '../reporting/choice.ts'
import type { Use } from '../use.ts'

/** Every model's name, followed by the names that other tools and older files use. */
const modelNames = (): readonly string[] => [...namesOf(models), ...models.flatMap(({ aliases }) => aliases)]
/** The value of `--expect` if no level is expected. */
const NO_EXPECTATION = 'none'
const FAILED_CAS = ['auto', 'drop', 'observes'] as const

const UNITS = ['request', 'connection'] as const

/** The most worker threads; a larger number is a typing error. */
const MOST_WORKERS = 256

const HOUR_MS = 3_600_000

const declared = {
  ...inGroup('What is checked', ['model'], {
    model: asRead(
      () => `model of the object: ${modelNamesText()}; or the path of a file that exports a model of your own`,
      (typed) => (isUserFile(typed) ? typed : oneOf('model', 'model', typed, modelNames())),
    ),
    initial: objectOptions.initial,
    ...readingOptions,
    'time-tolerance': asDuration(
      v.optional(duration('how much earlier an event may be than an event on a line above it', 0, HOUR_MS)),
      { usual: `${USUAL_TOLERANCE_NANOS / 1e6}ms, or less in a history of short operations` },
    ),
    merge: flag('merge the files, or the files of a directory, into one history that is sorted by time'),
    'failed-cas': asName(v.optional(v.picklist(FAILED_CAS), 'auto'), 'meaning of a failed cas', {
      text: 'what a failed cas means: drop (it did not happen), observes (it read another value), or auto (what is usual for the format)',
    }),
    assume: asRead(
      `for rw-register: what to assume about the order of versions, comma-separated: ${assumptionNames.join(', ')}`,
      (typed) => listed(typed).map((name) => oneOf('assume', 'assumption', name, assumptionNames)),
      'nothing',
    ),
    unit: asName(v.optional(v.picklist(UNITS)), 'unit', {
      text: 'unit to judge as one transaction: request (all SQL of one request, found by SQL comments with traceparent or request_id) or connection (all SQL of a connection until it is idle for 10 ms)',
      usual: 'each recorded transaction',
    }),
  }),
  ...inGroup('What must hold', ['level', 'expect'], {
    level: asRead(
      `decide only these levels, comma-separated: ${levelsText()}`,
      (typed) => listed(typed).map((level) => parseLevel('level', level)),
      'all',
    ),
    expect: asName(v.optional(v.picklist([...levelNames(), NO_EXPECTATION])), 'level', {
      text: 'exit with 1 unless this level is met; none: require no level',
      usual: NO_EXPECTATION,
    }),
    require: judgingOptions.require,
    ...baselineOptions,
  }),
  ...inGroup('Limits', [], {
    timeout: asDuration(
      v.optional(
        duration('time limit for checking each file; reading does not count', 0, 24 * HOUR_MS),
        USUAL_CHECK.timeoutMs,
      ),
    ),
    memory: asSize(
      v.optional(
        v.pipe(
          v.number(),
          v.description(
            'memory limit for each file; the limit of the process is the sum over the files that are checked in parallel',
          ),
        ),
        USUAL_CHECK.memoryBytes,
      ),
    ),
    workers: asCount(
      v.optional(
        count(
          'number of threads; each checks some of the files, or some of the keys of a single file',
          1,
          MOST_WORKERS,
        ),
      ),
      { usual: 'one per core, none for small files' },
    ),
    ...queueOption,
  }),
  ...inGroup('Output', ['explain', 'out', 'prove'], {
    explain: flag('print all the evidence of a violation: possible values, every operation, every order'),
    out: word('(single file only) write an HTML report to this path'),
    prove: word('(single file only) write a proof of the verdicts to this path; chaos verify checks the proof'),
    ...reporterOptions(),
  }),
}

export const use: Use<CheckSettings> = {
  name: 'check',
  positional: '<files..>',
  needs: 'at least one history: chaos check FILE, or - for standard input.',
  summary: 'say which consistency levels saved histories meet',
  options: declared,
  examples: [
    ['chaos check history.jsonl', 'verdict, and the smallest explanation'],
    ["chaos check 'runs/**/*.jsonl' etcd_007.log", 'a table of several files, of any known format'],
    ['chaos check recording/', 'a rotated recording: part-0001.jsonl, part-0002.jsonl.gz, … in one directory'],
    [
      'chaos check recording/ --queue redis://10.0.0.5:6379',
      'let the workers of a queue check it; each checks some of the keys',
    ],
    ['chaos check --merge logs/', 'one file per client: all histories in the directory, merged by time'],
    ['chaos check s3://bucket/recording/', 'a recording in a store; credentials come from the environment (AWS_…)'],
    ['zcat history.edn.gz | chaos check -', 'from stdin (gzip and zstd files are decompressed automatically)'],
    ['chaos check history.jsonl --expect sequential', 'gate a build on it'],
    ['chaos check history.jsonl --model ./stack.ts', 'by a model of your own'],
    ['chaos check history.jsonl --prove history.proof', 'write what proves the verdicts'],
  ],
  read: parseCheckSettings,
}

export interface CheckSettings {
  /** The file names as typed. */
  readonly files: readonly string[]
  readonly spec: CheckSpec
  readonly merge: boolean
  readonly out: string | undefined
  /** The queue whose workers judge the keys. */
  readonly queue: string | undefined
  readonly priority: Priority
  readonly force: boolean
  readonly verbose: boolean
  /** The chosen reporters, including the reporter that `--out` adds. */
  readonly reporters: readonly ReporterChoice[]
}

/** @throws UserError (usage, input) */
export function parseCheckSettings(options: ParsedOptions): CheckSettings {
  const typed = valuesOf(options, declared)
  const { expect, out } = typed
  requireQueued(options)
  return {
    files: textsOf(options, 'files'),
    spec: {
      initial: typed.initial,
      model: typed.model,
      levels: typed.level,
      expect: expect === NO_EXPECTATION ? undefined : expect,
      require: typed.require,
      baseline: parseBaselineOptions(options),
      format: typed.format,
      keyed: typed.keyed,
      mapping: typed.map,
      ordering: checkedOrder(typed, typed['time-tolerance'], typed.merge),
      failedCas: typed['failed-cas'],
      assume: typed.assume,
      unit: typed.unit,
      timeoutMs: typed.timeout,
      memoryBytes: typed.memory,
      workers: typed.workers,
      explain: typed.explain,
      prove: typed.prove,
    },
    merge: typed.merge,
    out,
    queue: typed.queue,
    priority: typed.priority,
    force: typed.force,
    verbose: typed.verbose,
    reporters: [...chooseReporters(options, 'file'), ...(out === undefined ? [] : [pageChoice(out)])],
  }
}

/** @throws UserError (usage) for options that contradict each other. */
function checkedOrder(typed: TypedOrder, toleranceMs: number | undefined, isMerged: boolean): Ordering | undefined {
  const ordering = orderingOf(typed)
  const { by } = ordering
  if (isMerged && by === 'lines')
    throw usageError('--merge sorts by time, which contradicts --order lines. Leave out one of the two options.')
  if (toleranceMs !== undefined && by !== undefined)
    throw usageError(`--time-tolerance has no effect with --order ${by}. Leave out one of the two options.`)
  if (toleranceMs !== undefined && isMerged)
    throw usageError(
      '--time-tolerance has no effect with --merge, which sorts by time. Leave out one of the two options.',
    )
  if (by === undefined && toleranceMs === undefined) return undefined
  return { ...ordering, toleranceNanos: toleranceMs === undefined ? undefined : toleranceMs * 1e6 }
}
