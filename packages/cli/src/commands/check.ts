import { writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { type CheckOptions, check, type Level, levels, type Report } from '@chaos/checker'
import { type Format, formats, type History, type Json, type Millis, millis, UserError } from '@chaos/history'
import { readHistory } from '@chaos/history/files'
import { type CheckRow, renderCheck, renderCheckTable, renderHtml, toJson } from '@chaos/report'
import { countOperations, judgeExpectation } from '@chaos/runner'
import { oneOf, parseLevel } from '../arguments/names.ts'
import { parseDuration, parseSize } from '../arguments/quantities.ts'
import { type Command, flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor, terminalOptions } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'

// What other tools and older files call the same sequential specification.
const REGISTER_NAMES = ['register', 'cas-register', 'kv-register', 'kv-cas-register', 'key-value']
const FAILED_CAS = ['auto', 'drop', 'observes'] as const

export const checkCommand: Command = {
  name: 'check',
  positional: '<files..>',
  summary: 'say which consistency levels saved histories meet',
  options: {
    model: { type: 'string', describe: `what the object is: ${REGISTER_NAMES.join(', ')}`, requiresArg: true },
    initial: {
      type: 'string',
      describe: 'value before the first write, as JSON [default: null, or what the file says]',
      requiresArg: true,
    },
    level: { type: 'string', describe: 'decide only these levels, comma-separated [default: all]', requiresArg: true },
    expect: { type: 'string', describe: 'exit with 1 unless this level is met', requiresArg: true },
    format: { type: 'string', describe: `${formats.join(', ')} [default: found out]`, requiresArg: true },
    'failed-cas': {
      type: 'string',
      default: 'auto',
      describe: 'a failed cas did not happen (drop), or saw another value (observes); auto: as the format means it',
      requiresArg: true,
    },
    timeout: { type: 'string', default: '30s', describe: 'wall time per file', requiresArg: true },
    memory: { type: 'string', default: '2GB', describe: 'what the search may use', requiresArg: true },
    out: { type: 'string', describe: 'write a report (HTML) of the one file given', requiresArg: true },
    json: { type: 'boolean', describe: 'print one JSON object a file on stdout' },
  },
  examples: [
    ['chaos check history.jsonl', 'verdict, and the smallest explanation'],
    ['chaos check etcd_007.log history.edn', 'a table of several files, of any known format'],
    ['chaos check history.jsonl --expect sequential', 'gate a build on it'],
  ],
  run: runCheck,
}

interface CheckSettings {
  readonly files: readonly string[]
  readonly initial: Json | undefined
  readonly model: string | undefined
  readonly levels: readonly Level[]
  readonly expect: Level | undefined
  readonly format: Format | undefined
  readonly failedCas: (typeof FAILED_CAS)[number]
  readonly timeoutMs: Millis
  readonly memoryBytes: number
  readonly out: string | undefined
  readonly json: boolean
}

type Checked =
  | {
      readonly file: string
      readonly history: History
      readonly report: Report
      readonly parseMs: number
      readonly checkMs: number
    }
  | { readonly file: string; readonly trouble: UserError }

async function runCheck(options: ParsedOptions): Promise<ExitCode> {
  const settings = parseCheckSettings(options)
  const progress = createProgress({ quiet: settings.json })
  const checked: Checked[] = []
  for (const file of settings.files) {
    progress.update(
      settings.files.length === 1 ? `reading ${file}` : `${file} (${checked.length + 1} of ${settings.files.length})`,
    )
    const result = await checkFile(file, settings, progress.update)
    checked.push(result)
    if (settings.json) print(process.stdout, `${jsonLine(result, settings)}\n`)
  }
  progress.stop()
  writeReport(checked, settings)
  if (!settings.json) printPages(checked, settings)
  return exitCodeOf(checked, settings.expect)
}

function parseCheckSettings(options: ParsedOptions): CheckSettings {
  const expect = textOf(options, 'expect')
  const format = textOf(options, 'format')
  const model = textOf(options, 'model')
  const files = textsOf(options, 'files')
  const out = textOf(options, 'out')
  if (out !== undefined && files.length !== 1)
    throw new UserError('usage', `--out ${out}: a report is of one file, and ${files.length} were given.`)
  const chosen = (textOf(options, 'level') ?? levels.join(','))
    .split(',')
    .map((level) => parseLevel('level', level.trim()))
  const expected = expect === undefined ? undefined : parseLevel('expect', expect)
  return {
    files,
    initial: parseInitial(textOf(options, 'initial')),
    model: model === undefined ? undefined : oneOf('model', 'model', model, REGISTER_NAMES),
    levels: expected === undefined || chosen.includes(expected) ? chosen : [...chosen, expected],
    expect: expected,
    format: format === undefined ? undefined : oneOf('format', 'format', format, formats),
    failedCas: oneOf('failed-cas', 'reading of a failed cas', textOf(options, 'failed-cas') ?? 'auto', FAILED_CAS),
    timeoutMs: parseDuration('timeout', textOf(options, 'timeout') ?? ''),
    memoryBytes: parseSize('memory', textOf(options, 'memory') ?? ''),
    out,
    json: flagOf(options, 'json'),
  }
}

function parseInitial(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new UserError('usage', `--initial ${text}: not JSON. A number is written 0, a text '"a"', nothing null.`)
  }
}

async function checkFile(file: string, settings: CheckSettings, say: (text: string) => void): Promise<Checked> {
  try {
    const started = performance.now()
    const history = await readHistory(file, settings.format === undefined ? {} : { format: settings.format })
    const read = performance.now()
    say(`checking ${history.operations.length.toLocaleString('en-US')} operations of ${file}`)
    const report = check(history, checkOptionsFor(file, history, settings))
    return { file, history, report, parseMs: read - started, checkMs: performance.now() - read }
  } catch (error) {
    if (error instanceof UserError) return { file, trouble: error }
    throw error
  }
}

function checkOptionsFor(file: string, history: History, settings: CheckSettings): CheckOptions {
  const model = settings.model ?? history.header?.model ?? 'register'
  if (!REGISTER_NAMES.includes(model))
    throw new UserError(
      'input',
      `${file}: its model is "${model}", which this version cannot check. Force one with --model: ${REGISTER_NAMES.join(', ')}.`,
    )
  // Porcupine's logs mean by a failed cas that another value was there, and by a missing key the empty string.
  const observes =
    settings.failedCas === 'observes' || (settings.failedCas === 'auto' && history.format === 'porcupine-etcd')
  const initial = settings.initial ?? history.header?.initial ?? (history.format === 'porcupine-kv' ? '' : null)
  return {
    model: 'register',
    initial,
    levels: settings.levels,
    failedCas: observes ? 'observes' : 'drop',
    deadlineMs: settings.timeoutMs,
    memoryBytes: settings.memoryBytes,
    now: () => millis(performance.now()),
  }
}

/** A level that is met by a history in which nothing was read or written is not met: it says nothing. */
function expectationOf(checked: Extract<Checked, { report: Report }>, level: Level) {
  const { reads, writes, cas, total, ok } = countOperations(checked.history)
  const vacuous = total === 0 || ok === 0 || reads + cas === 0 || writes + cas === 0
  return judgeExpectation(checked.report, level, vacuous ? ['nothing was read, or nothing was written'] : [])
}

function jsonLine(checked: Checked, { expect, files }: CheckSettings): string {
  if ('trouble' in checked) return JSON.stringify({ file: checked.file, error: checked.trouble.message })
  return JSON.stringify(
    toJson({
      report: checked.report,
      history: checked.history,
      expectation: expect === undefined ? undefined : expectationOf(checked, expect),
      file: files.length === 0 ? undefined : checked.file,
      parseMs: checked.parseMs,
      checkMs: checked.checkMs,
    }),
  )
}

function printPages(checked: readonly Checked[], { expect, out }: CheckSettings): void {
  const style = styleFor(process.stdout)
  const options = terminalOptions(process.stdout)
  const [only] = checked
  if (checked.length === 1 && only !== undefined) {
    if ('trouble' in only) throw only.trouble
    const { file, history, report, parseMs, checkMs } = only
    const expectation = expect === undefined ? undefined : expectationOf(only, expect)
    const exitCode = expectation === undefined ? undefined : exitCodeOf(checked, expect)
    const page = { ...options, file, parseMs, checkMs, expectation, reportFile: out, exitCode }
    print(process.stdout, renderCheck(report, history, style, page))
    return
  }
  const rows = checked.map(
    (result): CheckRow =>
      'trouble' in result
        ? { file: result.file, trouble: result.trouble.message }
        : { ...result, elapsedMs: result.parseMs + result.checkMs },
  )
  print(process.stdout, renderCheckTable(rows, style, options))
}

function writeReport(checked: readonly Checked[], { out, expect }: CheckSettings): void {
  const [only] = checked
  if (out === undefined || only === undefined || 'trouble' in only) return
  const { file, history, report } = only
  const page = renderHtml({
    title: file,
    version: packageVersion(),
    history,
    historyFile: relative(dirname(out), file),
    report,
    expectation: expect === undefined ? undefined : expectationOf(only, expect),
    again: `npx chaos check ${file}`,
  })
  try {
    writeFileSync(out, page)
  } catch (error) {
    throw new UserError('environment', `--out ${out}: cannot be written: ${(error as Error).message}`)
  }
}

/** One broken promise outweighs everything; a file that cannot be read outweighs one that cannot be decided. */
function exitCodeOf(checked: readonly Checked[], expect: Level | undefined): ExitCode {
  const met = checked.map((result) =>
    'report' in result && expect !== undefined ? expectationOf(result, expect).met : true,
  )
  if (met.includes(false)) return EXIT.violated
  const troubles = checked.flatMap((result) => ('trouble' in result ? [result.trouble] : []))
  if (troubles.length > 0) return troubles.some(({ code }) => code === 'environment') ? EXIT.environment : EXIT.usage
  return met.includes('unknown') ? EXIT.unknown : EXIT.met
}
