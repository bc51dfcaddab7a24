import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { levelNames } from '@chaosproxy/checker'
import { formats, UserError } from '@chaosproxy/history'
import { STDIN } from '@chaosproxy/history/files'
import type { Subject, TerminalOptions } from '@chaosproxy/report'
import { baselineOptions } from '../arguments/baseline.ts'
import { requireOption } from '../arguments/require.ts'
import { checkFile, readTimed, troubleOf, unlessTroubled } from '../check/check-file.ts'
import { checkInParallel } from '../check/check-in-parallel.ts'
import { bytesOf, type NamedFile, namedFiles } from '../check/files.ts'
import { type CheckPool, createCheckPool } from '../check/pool.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from '../check/result.ts'
import { type CheckSettings, MODEL_NAMES_TEXT, modelFileOf, parseCheckSettings } from '../check/settings.ts'
import { optimiseLate, SMALL_BYTES } from '../check/short-run.ts'
import { vetModel } from '../check/vet-model.ts'
import { type Command, type ParsedOptions, textsOf } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { askProbes } from '../probe/ask.ts'
import { isForPrograms, isSilent, reporterOptions } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { type Part, partOf, stdoutScreen } from '../reporting/part.ts'
import { createReporting } from '../reporting/reporting.ts'
import { refuseToOverwriteOthers } from '../terminal/overwriting.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { styleFor } from '../terminal/style.ts'

export const checkCommand: Command = {
  name: 'check',
  positional: '<files..>',
  needs: 'at least one history: chaos check FILE, or - for standard input.',
  summary: 'say which consistency levels saved histories meet',
  options: {
    model: {
      type: 'string',
      describe: `what the object is: ${MODEL_NAMES_TEXT}; or the path of a file that exports a model of your own`,
      requiresArg: true,
    },
    initial: {
      type: 'string',
      describe: 'value before the first write, as JSON, or unknown [default: null, or what the file says]',
      requiresArg: true,
    },
    level: {
      type: 'string',
      describe: `decide only these levels, comma-separated: ${levelNames().join(', ')} [default: all]`,
      requiresArg: true,
    },
    expect: { type: 'string', describe: 'exit with 1 unless this level is met; none: only report', requiresArg: true },
    ...requireOption,
    ...baselineOptions,
    format: { type: 'string', describe: `${formats.join(', ')} [default: found out]`, requiresArg: true },
    keyed: {
      type: 'boolean',
      describe: "EDN: values are pairs of a key and a value, as in Jepsen's independent tests [default: found out]",
    },
    'failed-cas': {
      type: 'string',
      default: 'auto',
      describe: 'a failed cas did not happen (drop), or saw another value (observes); auto: as the format means it',
      requiresArg: true,
    },
    timeout: {
      type: 'string',
      default: '30s',
      describe: 'how long deciding may take, for each file once it is read',
      requiresArg: true,
    },
    memory: {
      type: 'string',
      default: '2GB',
      describe: 'memory limit per file, for history and search',
      requiresArg: true,
    },
    workers: {
      type: 'string',
      describe:
        'threads: check this many files at once, or divide the keys of one file among as many [default: one a core, none for small files]',
      requiresArg: true,
    },
    explain: { type: 'boolean', describe: 'tell all the evidence: possible values, every operation, every order' },
    out: { type: 'string', describe: 'write a report (HTML) of the one file given', requiresArg: true },
    force: { type: 'boolean', describe: 'let --out replace a file that is no report' },
    ...reporterOptions(),
  },
  groups: {
    'What is checked': ['model', 'initial', 'format', 'keyed', 'failed-cas'],
    'What must hold': ['level', 'expect', 'require', 'baseline', 'tolerance'],
    'What it may take': ['timeout', 'memory', 'workers'],
    'What is told': ['explain', 'out', 'force', 'reporter', 'json', 'quiet', 'verbose'],
  },
  examples: [
    ['chaos check history.jsonl', 'verdict, and the smallest explanation'],
    ["chaos check 'runs/**/*.jsonl' etcd_007.log", 'a table of several files, of any known format'],
    ['zcat history.edn.gz | chaos check -', 'from stdin (gzip and zstd files are decompressed automatically)'],
    ['chaos check history.jsonl --expect sequential', 'gate a build on it'],
    ['chaos check history.jsonl --model ./stack.ts', 'by a model of your own'],
  ],
  run: runCheck,
}

async function runCheck(options: ParsedOptions): Promise<ExitCode> {
  const parsed = parseCheckSettings(options)
  const settings = { ...parsed, answers: [...(await askProbes(parsed.require ?? []))] }
  const files = await namedFiles(textsOf(options, 'files'))
  requireOneForPages(settings, files.length)
  requireOtherFiles(settings, files)
  if (settings.out !== undefined) refuseToOverwriteOthers(settings.out, settings.force)
  const model = modelFileOf(settings)
  if (model !== undefined) await vetModel(model)
  const { reporters } = settings
  const isQuiet = isForPrograms(reporters)
  const progress = await createProgress({ quiet: isSilent(reporters), verbose: settings.verbose })
  const screen = stdoutScreen()
  const reporting = createReporting(reporters, screen, await loadOwnReporters(reporters))
  const results: CheckResult[] = []
  for await (const result of checkAll(files, settings, screen.terminal, progress)) {
    results.push(result)
    reporting.add('part' in result ? result.part : partOfTrouble(result, files.length === 1, settings))
  }
  progress.stop()
  const exitCode = reporting.finish(exitCodeOf(results))
  const [only] = results
  // Without a table, the page of what cannot be read is the error itself.
  if (files.length === 1 && only !== undefined && 'trouble' in only && !isQuiet)
    throw new UserError(only.trouble.code, only.trouble.message)
  return exitCode
}

/** @throws UserError (usage) for several files if a page is wanted, which is about one. */
function requireOneForPages({ reporters }: CheckSettings, files: number): void {
  const page = reporters.find(({ name }) => name === 'html')
  if (page === undefined || files === 1) return
  throw new UserError('usage', `${page.typed}: a report is of one file, and ${files} were given.`)
}

/** @throws UserError (usage) if a text would replace a history; `--out` has a check of its own. */
function requireOtherFiles({ reporters, out }: CheckSettings, files: readonly NamedFile[]): void {
  const inputs = new Set(files.map(({ file }) => resolve(file)))
  for (const { file, typed } of reporters)
    if (file !== undefined && file !== out && inputs.has(resolve(file)))
      throw new UserError('usage', `${typed}: that is a history to check, and it would be lost. Name another file.`)
}

function partOfTrouble(result: FileTrouble | StoppedFile, alone: boolean, { reporters }: CheckSettings): Part {
  const { file } = result
  const isStopped = 'stopped' in result
  const message = isStopped ? result.stopped : result.trouble.message
  const subject = { kind: 'trouble', file, message, alone, exitCode: exitCodeOf([result]) } as const
  const told: Subject = { ...subject, why: isStopped ? 'stopped' : 'unreadable' }
  return partOf(told, reporters, stdoutScreen(), { file, trouble: message })
}

/** The results in the order of the files, each as soon as it and all before it are known. */
async function* checkAll(
  files: readonly NamedFile[],
  settings: CheckSettings,
  terminal: TerminalOptions,
  progress: ProgressDisplay,
): AsyncGenerator<CheckResult, void, undefined> {
  const isSmall = bytesOf(files) < SMALL_BYTES
  // The size of stdin is not known yet.
  if (isSmall && files.every(({ file }) => file !== STDIN)) optimiseLate()
  const threads = threadsFor(files, isSmall, settings)
  const pool = threads === 0 ? undefined : createCheckPool(threads, settings)
  const colours = styleFor(process.stdout).bold('x') !== 'x'
  let done = 0
  const checkNamed = async (named: NamedFile): Promise<CheckResult> => {
    const { file } = named
    if ('trouble' in named) return troubleOf(file, named.trouble)
    const task: CheckTask = { file, settings, alone: files.length === 1, terminal: { ...terminal, colours } }
    if (files.length === 1) progress.update(`reading ${file === STDIN ? 'stdin' : file}`)
    progress.note(`checking ${file === STDIN ? 'stdin' : file}`)
    const say = (text: string): void => {
      if (files.length === 1) progress.update(text)
      progress.note(text)
    }
    const result = await checkBy(pool, task, say)
    done += 1
    progress.note(resultText(result))
    if (files.length > 1) progress.update(`${file} (${done} of ${files.length})`)
    return result
  }
  try {
    if (pool === undefined) for (const file of files) yield await checkNamed(file)
    else {
      const running = files.map(checkNamed)
      // A failure is handled where it is awaited, and must not end the process before that.
      for (const result of running) result.catch(() => {})
      for (const result of running) yield await result
    }
  } finally {
    await pool?.close()
  }
}

function resultText(result: CheckResult): string {
  if ('trouble' in result) return `${result.file}: not checked`
  if ('stopped' in result) return `${result.file}: stopped`
  const { row } = result.part
  return `${result.file}: checked${row !== undefined && 'elapsedMs' in row ? ` in ${Math.round(row.elapsedMs)} ms` : ''}`
}

/** A single file gets all threads of the pool; several get one each. */
function checkBy(pool: CheckPool | undefined, task: CheckTask, say: (text: string) => void): Promise<CheckResult> {
  const isOwn = modelFileOf(task.settings) !== undefined
  // Only this thread can read stdin; a user's own model runs on another.
  if (pool === undefined || (task.file === STDIN && !isOwn)) return checkFile(task, { say })
  if (isOwn) return task.file === STDIN ? checkReadHere(pool, task) : pool.check(task)
  return task.alone && pool.threads > 1 ? checkInParallel(pool, task, say) : pool.check(task)
}

function checkReadHere(pool: CheckPool, task: CheckTask): Promise<CheckResult> {
  return unlessTroubled(task, async () => {
    const { history, parseMs } = await readTimed(task, true)
    if (history.lend === undefined) throw new Error('a history that was read can be lent')
    return pool.run('checkLent', task, { task, lent: history.lend(), parseMs })
  })
}

function threadsFor(files: readonly NamedFile[], isSmall: boolean, settings: CheckSettings): number {
  const { workers } = settings
  if (workers === undefined && isSmall) return modelFileOf(settings) === undefined ? 0 : 1
  const threads = workers ?? availableParallelism()
  return files.length === 1 ? threads : Math.min(threads, files.length)
}

/** A violation outweighs everything; a file that cannot be read outweighs one that cannot be decided. */
function exitCodeOf(results: readonly CheckResult[]): ExitCode {
  const codes = results.map((result): ExitCode => {
    if ('trouble' in result) return result.trouble.code === 'environment' ? EXIT.environment : EXIT.usage
    return 'stopped' in result ? EXIT.unknown : result.exitCode
  })
  const order: readonly ExitCode[] = [EXIT.violated, EXIT.environment, EXIT.usage, EXIT.unknown]
  return order.find((code) => codes.includes(code)) ?? EXIT.met
}
