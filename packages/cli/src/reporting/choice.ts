import type { Reporting } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { reporters } from '@chaosproxy/report'
import { isUserFile } from '@chaosproxy/targets/user-file'
import { common, flag, words } from '../arguments/declare.ts'
import { namesOf, oneOf } from '../arguments/names.ts'
import { flagOf, type ParsedOptions, textsOf } from '../command.ts'
import type { Option } from '../option.ts'
import { refuseToOverwriteOthers } from '../terminal/overwriting.ts'

/** A chosen reporter, and the destination of its text. Plain data, for other threads. */
export interface ReporterChoice extends Reporting {
  readonly typed: string
  /** Whether a user requested the reporter. A reporter that the environment adds must not make the command fail. */
  readonly isRequested: boolean
  /** Whether the text is appended to the file, as for a job's summary. */
  readonly appends: boolean
}

type ReportedKind = 'run' | 'file' | 'search' | 'comparison' | 'story'

const names = (): readonly string[] => namesOf(reporters)

const namesFor = (kind: ReportedKind | undefined): readonly string[] =>
  reporters.filter(({ not }) => kind === undefined || not?.[kind] === undefined).map(({ name }) => name)

const [usual] = reporters
const QUIET = 'line'

type ReporterOptions = { readonly reporter: Option<readonly string[]> } & {
  readonly [Name in 'json' | 'quiet' | 'force' | 'verbose']: Option<boolean>
}

/**
 * Returns the reporter options of a command that prints results. Lists only the reporters that support every kind of
 * result that the command prints.
 */
export const reporterOptions = (kind?: ReportedKind): ReporterOptions => ({
  reporter: words(
    () =>
      `output format, NAME or NAME=FILE; may be repeated: ${namesFor(kind).join(', ')}, or a file of your own; chaos reporters describes them [default: ${usual?.name ?? ''}]`,
  ),
  json: common(flag('print JSON instead of text, one line for each run or file, as --reporter json does')),
  quiet: flag('print only errors and a verdict of one line, as --reporter line does'),
  force: flag('overwrite any existing file; without --force, chaos overwrites only earlier reports of the same kind'),
  verbose: flag('log more details to stderr'),
})

/**
 * The reporters chosen by `--reporter` and `--json`. Without `--force`, a reporter may overwrite only its own earlier
 * files.
 *
 * @throws UserError (usage) as `chooseReporters`, and if a reporter would overwrite another file.
 */
export function parseReporters(options: ParsedOptions, kind: ReportedKind): readonly ReporterChoice[] {
  const chosen = chooseReporters(options, kind)
  refuseToLose(chosen, isForced(options))
  return chosen
}

export const isForced = (options: ParsedOptions): boolean => flagOf(options, 'force')

/** @throws UserError (usage) if a reporter would replace a file that is not an earlier text of the same reporter. */
export function refuseToLose(choices: readonly ReporterChoice[], force: boolean): void {
  for (const { name, file, typed, appends } of choices)
    if (file !== undefined && !appends)
      refuseToOverwriteOthers(file, { typed, force, recognises: findReporter(name)?.recognises })
}

export const findReporter = (name: string): (typeof reporters)[number] | undefined =>
  reporters.find((reporter) => reporter.name === name)

/**
 * The reporters chosen by `--reporter` and `--json`. A printed page, and annotations on GitHub Actions, are added where
 * useful.
 *
 * @throws UserError (usage) if a reporter is unknown, does not support this kind of result, or would share stdout with
 * another.
 */
export function chooseReporters(options: ParsedOptions, kind: ReportedKind): readonly ReporterChoice[] {
  const quiet = flagOf(options, 'quiet')
  if (quiet && flagOf(options, 'verbose')) throw usageError('--quiet and --verbose exclude each other: give one.')
  const typed = [...textsOf(options, 'reporter'), ...(flagOf(options, 'json') ? ['json'] : [])]
  const chosen = typed.map((text) => parseChoice(text, kind))
  requireRoomOnStdout(chosen)
  const isUsual = chosen.every(({ file, name }) => file !== undefined || sharesStdout(name))
  const hasVerdict = chosen.some((choice) => isOnStdout(choice, QUIET) || isOnStdout(choice, usual?.name))
  const choices =
    !isUsual || hasVerdict || usual === undefined ? chosen : [stdoutChoice(quiet ? QUIET : usual.name), ...chosen]
  return [...choices, ...onGitHub(choices)]
}

/** https://docs.github.com/actions/reference/workflows-and-actions/variables */
function onGitHub(chosen: readonly ReporterChoice[]): readonly ReporterChoice[] {
  const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY: summary = '' } = process.env
  if (GITHUB_ACTIONS !== 'true') return []
  const lacks = (name: string) => !chosen.some((choice) => choice.name === name)
  return [
    ...(lacks('github') && !isForPrograms(chosen) ? [{ ...stdoutChoice('github'), isRequested: false }] : []),
    ...(lacks('markdown') && summary !== ''
      ? [
          {
            ...stdoutChoice('markdown'),
            file: summary,
            typed: 'GITHUB_STEP_SUMMARY',
            appends: true,
            isRequested: false,
          },
        ]
      : []),
  ]
}

const stdoutChoice = (name: string): ReporterChoice => ({
  name,
  file: undefined,
  typed: `--reporter ${name}`,
  isRequested: true,
  isOwn: false,
  appends: false,
})

function parseChoice(text: string, kind: ReportedKind): ReporterChoice {
  const equals = text.indexOf('=')
  const typedName = equals < 0 ? text : text.slice(0, equals)
  const isOwn = isUserFile(typedName)
  const name = isOwn ? typedName : oneOf('reporter', 'reporter', typedName, names())
  const file = equals < 0 ? undefined : text.slice(equals + 1)
  if (file === '') throw usageError(`--reporter ${text}: name a file, such as --reporter ${name}=report.txt.`)
  const why = findReporter(name)?.not?.[kind]
  if (why !== undefined) throw usageError(`--reporter ${text}: ${why}.`)
  return { ...stdoutChoice(name), isOwn, file: file === '-' ? undefined : file, typed: `--reporter ${text}` }
}

/** The reporter that `--out FILE` or `--html FILE` selects. */
export const pageChoice = (file: string, option = 'out'): ReporterChoice => ({
  ...stdoutChoice('html'),
  file,
  typed: `--${option} ${file}`,
})

const sharesStdout = (name: string): boolean => findReporter(name)?.sharesStdout === true

function requireRoomOnStdout(chosen: readonly ReporterChoice[]): void {
  const there = chosen.filter(({ file }) => file === undefined)
  const alone = there.find(({ name }) => !sharesStdout(name))
  const other = there.find((choice) => choice !== alone)
  if (alone === undefined || other === undefined) return
  throw usageError(
    `${alone.typed} and ${other.typed} would both write to stdout: give one of them a file, such as --reporter ${other.name}=FILE.`,
  )
}

/** Whether to print no progress. */
export const isSilent = (choices: readonly ReporterChoice[]): boolean =>
  isForPrograms(choices) ||
  (choices.some((choice) => isOnStdout(choice, QUIET)) && !choices.some((choice) => isOnStdout(choice, usual?.name)))

const isOnStdout = (choice: ReporterChoice, name: string | undefined): boolean =>
  choice.file === undefined && choice.name === name

export const isForPrograms = (choices: readonly ReporterChoice[]): boolean =>
  choices.some(({ file, name }) => file === undefined && !sharesStdout(name))
