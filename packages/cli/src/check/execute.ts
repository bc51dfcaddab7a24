import { resolve } from 'node:path'
import type { CheckResult, CheckTask, FileTrouble, NamedFile, StoppedFile } from '@chaosproxy/engine'
import {
  areSmall,
  type CheckEvent,
  checkCommandLine,
  checkFiles,
  checkFilesElsewhere,
  memoryNote,
  runProbes,
  troubleOf,
} from '@chaosproxy/engine'
import { EXIT, type ExitCode, type Output, partOf, type SubjectTexts } from '@chaosproxy/engine/run'
import { optimiseLate } from '@chaosproxy/engine/short-run'
import { plural, UserError, usageError } from '@chaosproxy/history'
import { STDIN, takenText } from '@chaosproxy/history/files'
import { printable, type Subject } from '@chaosproxy/report'
import { isUserFile } from '@chaosproxy/targets/user-file'
import { showQueue } from '../arguments/queue.ts'
import { findReporter, isForPrograms, isSilent, refuseToLose } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { createReporting } from '../reporting/reporting.ts'
import { printNotice } from '../terminal/output.ts'
import { refuseToReplaceProof } from '../terminal/overwriting.ts'
import { stdoutScreen } from '../terminal/page-width.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { mergedFiles, namedFiles } from './files.ts'
import type { CheckSettings } from './use.ts'

export async function execute(settings: CheckSettings): Promise<ExitCode> {
  const spec = { ...settings.spec, answers: [...(await runProbes(settings.spec.require ?? []))] }
  const named = settings.files
  const merged = settings.merge ? await mergedFiles(named) : undefined
  const files: readonly NamedFile[] = merged === undefined ? await namedFiles(named) : [{ file: nameOfMerged(named) }]
  requireOneForPages(settings, files.length)
  requireOtherFiles(settings, merged ?? files.map(({ file }) => file))
  requireProvable(settings, files.length)
  refuseToLose(settings.reporters, settings.force)
  const { reporters } = settings
  const isQuiet = isForPrograms(reporters)
  const progress = await createProgress({ quiet: isSilent(reporters), verbose: settings.verbose })
  const output = { reporters, screen: stdoutScreen() }
  const reporting = createReporting(reporters, output.screen, await loadOwnReporters(reporters))
  // The size of stdin is unknown at this point.
  if (areSmall(files) && files.every(({ file }) => file !== STDIN)) optimiseLate()
  const alone = files.length === 1
  const tasks = files.map((named): CheckTask | FileTrouble => {
    const { file } = named
    return 'trouble' in named
      ? troubleOf(file, named.trouble)
      : {
          ...{ file, stored: named.stored, setup: named.setup, merged, settings: spec, alone, output },
          again: checkCommandLine(file, spec, merged),
        }
  })
  const results: CheckResult[] = []
  try {
    const listener = showProgress(progress, files.length)
    const { queue, priority } = settings
    const checked =
      queue === undefined
        ? checkFiles(tasks, spec, listener)
        : checkFilesElsewhere(tasks, spec, { queue, priority }, listener)
    const note = areSmall(files) ? undefined : memoryNote(spec.memoryBytes)
    if (note !== undefined) progress.warn(note)
    for await (const result of checked) {
      results.push(result)
      reporting.add('part' in result ? result.part : await partOfTrouble(result, alone, output))
    }
  } finally {
    progress.stop()
  }
  const exitCode = await reporting.finish(exitCodeOf(results))
  for (const { unproved } of results.filter((result) => 'part' in result))
    if (unproved !== undefined) printNotice(`${printable(unproved)}\n`)
  const [only] = results
  // There is no table for a single unreadable file, so its error is thrown.
  if (alone && only !== undefined && 'trouble' in only && !isQuiet)
    throw new UserError(only.trouble.code, only.trouble.message)
  return exitCode
}

function nameOfMerged([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${plural(others.length, 'other file')}`
}

function showProgress(progress: ProgressDisplay, files: number): (event: CheckEvent) => void {
  const { update, note, warn } = progress
  const isAlone = files === 1
  return (event) => {
    switch (event.type) {
      case 'reading': {
        const name = event.file === STDIN ? 'stdin' : event.file
        if (isAlone) update(`reading ${name}`)
        return note(`checking ${name}`)
      }
      case 'checking': {
        const text = `checking ${plural(event.operations, 'operation')} of ${event.file}`
        if (isAlone) update(text)
        return note(text)
      }
      case 'checked':
        if ('taken' in event.result) for (const each of event.result.taken ?? []) note(takenText(each))
        note(resultText(event.result))
        return isAlone ? undefined : update(`${event.result.file} (${event.done} of ${files})`)
      case 'whole':
        return warn(
          `${event.file}: its keys cannot be judged separately, so it is judged on this machine, without workers`,
        )
      default:
        return showQueue(event, progress)
    }
  }
}

/** @throws UserError (usage) if several files are given with a reporter that shows only one. */
function requireOneForPages({ reporters }: CheckSettings, files: number): void {
  const page = reporters.find(({ name }) => findReporter(name)?.ofOne)
  if (page === undefined || files === 1) return
  throw usageError(`${page.typed}: a report shows one file, but ${files} were given. Give one.`)
}

/**
 * @throws UserError (usage) if a proof is requested for several files, for a model of the user's, or for a check by the
 * workers of a queue.
 */
function requireProvable({ spec: { prove, model }, queue, force }: CheckSettings, files: number): void {
  if (prove === undefined) return
  const typed = `--prove ${prove}`
  if (files > 1) throw usageError(`${typed}: a proof covers one file, but ${files} were given. Give one.`)
  if (model !== undefined && isUserFile(model))
    throw usageError(`${typed}: chaos verify does not know the model ${model}. Leave --prove out.`)
  if (queue !== undefined) throw usageError(`${typed}: workers do not return what a proof needs. Leave --queue out.`)
  refuseToReplaceProof(prove, force)
}

/** @throws UserError (usage) if a report or a proof would overwrite an input history. `--out` has its own check. */
function requireOtherFiles({ reporters, out, spec }: CheckSettings, files: readonly string[]): void {
  const inputs = new Set(files.map((file) => resolve(file)))
  const written = [...reporters, ...(spec.prove === undefined ? [] : [{ file: spec.prove, typed: '--prove' }])]
  for (const { file, typed } of written)
    if (file !== undefined && file !== out && inputs.has(resolve(file)))
      throw usageError(`${typed}: this would overwrite a history that is to be checked. Name another file.`)
}

function partOfTrouble(result: FileTrouble | StoppedFile, alone: boolean, output: Output): Promise<SubjectTexts> {
  const { file } = result
  const isStopped = 'stopped' in result
  const message = isStopped ? result.stopped : result.trouble.message
  const subject = { kind: 'trouble', file, message, alone, exitCode: exitCodeOf([result]) } as const
  const troubled: Subject = { ...subject, why: isStopped ? 'stopped' : 'unreadable' }
  return partOf(troubled, output, { file, trouble: message })
}

function resultText(result: CheckResult): string {
  if ('trouble' in result) return `${result.file}: not checked`
  if ('stopped' in result) return `${result.file}: stopped`
  const { row } = result.part
  return `${result.file}: checked${row !== undefined && 'elapsedMs' in row ? ` in ${Math.round(row.elapsedMs)} ms` : ''}`
}

/** A violation takes precedence over every other result. An unreadable file takes precedence over an undecided file. */
function exitCodeOf(results: readonly CheckResult[]): ExitCode {
  const codes = results.map((result): ExitCode => {
    if ('trouble' in result) return result.trouble.code === 'environment' ? EXIT.environment : EXIT.usage
    return 'stopped' in result ? EXIT.unknown : result.exitCode
  })
  const order: readonly ExitCode[] = [EXIT.violated, EXIT.environment, EXIT.usage, EXIT.unknown]
  return order.find((code) => codes.includes(code)) ?? EXIT.met
}
