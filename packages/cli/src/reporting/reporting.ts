import { appendFileSync } from 'node:fs'
import {
  attempt,
  EXIT,
  type ExitCode,
  partOf,
  placeFor,
  type Screen,
  type SubjectTexts,
  type Text,
  textBy,
  writeWholeFile,
} from '@chaosproxy/engine/run'
import { whyUnwritable } from '@chaosproxy/history/files'
import { printableLines, type Subject, titleWithVerdict } from '@chaosproxy/report'
import { print, printAsIs, printNotice } from '../terminal/output.ts'
import { stdoutScreen } from '../terminal/page-width.ts'
import { findReporter, isForPrograms, type ReporterChoice } from './choice.ts'
import type { OwnReporters } from './own.ts'

/** Writes the text of each reporter to its file or to stdout. */
interface Reporting {
  /** Adds a subject. Text for programs is printed immediately, a page at the end. */
  add(part: SubjectTexts): void
  /**
   * Writes the remaining text.
   *
   * @returns The given exit code. If it is 0 and requested output could not be written: 4 for a full disk, otherwise 3.
   */
  finish(exitCode: ExitCode): Promise<ExitCode>
}

interface Failure {
  readonly why: string
  readonly exitCode: ExitCode
}

/** Creates a `Reporting`. If a reporter fails, one line on stderr says so, and the verdict does not change. */
export function createReporting(choices: readonly ReporterChoice[], screen: Screen, own: OwnReporters): Reporting {
  const parts: SubjectTexts[] = []
  const texts: string[] = choices.map(() => '')
  const failures = new Map<ReporterChoice, Failure>()
  const streams = isForPrograms(choices)

  function take(choice: ReporterChoice, i: number, text: Text | undefined): void {
    if (text === undefined || failures.has(choice)) return
    if ('threw' in text) failures.set(choice, { why: `it threw: ${text.threw}.`, exitCode: EXIT.usage })
    else if (streams && choice.file === undefined) show(choice, text.content)
    else texts[i] += text.content
  }

  function write(choice: ReporterChoice, text: string): void {
    if (failures.has(choice)) return
    if (choice.file === undefined) show(choice, text)
    // A history that could not be read has no page. An empty file would look like a page.
    else if (text === '' && findReporter(choice.name)?.ofOne === true) return
    else {
      try {
        if (choice.appends) appendFileSync(choice.file, text)
        else writeWholeFile(choice.file, text)
      } catch (error) {
        failures.set(choice, {
          why: whyUnwritable(error),
          exitCode:
            error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
              ? EXIT.environment
              : EXIT.usage,
        })
      }
    }
  }

  async function endOf(choice: ReporterChoice): Promise<Text> {
    const ownReporter = own.get(choice.name)
    const findings = parts.flatMap((part) => part.findings)
    if (ownReporter !== undefined) return attempt(() => ownReporter(findings))
    return textBy(choice, (reporter) => reporter.end?.(findings, placeFor(choice, screen, choices), parts))
  }

  return {
    add(part) {
      parts.push(part)
      for (const [i, choice] of choices.entries()) take(choice, i, part.texts[i])
    },
    async finish(exitCode) {
      for (const [i, choice] of choices.entries()) {
        take(choice, i, await endOf(choice))
        write(choice, texts[i] ?? '')
      }
      for (const [choice, { why }] of failures) printNotice(`${printableLines(failureText(choice, why, parts))}\n`)
      const [missed] = [...failures].filter(([{ isRequested }]) => isRequested).map(([, failure]) => failure)
      return exitCode === EXIT.met && missed !== undefined ? missed.exitCode : exitCode
    },
  }
}

/** Reports on a single subject. @returns what `finish` returns. */
export async function reportOne(
  subject: Subject & { readonly exitCode: ExitCode },
  reporters: readonly ReporterChoice[],
  own: OwnReporters,
): Promise<ExitCode> {
  const screen = stdoutScreen()
  const reporting = createReporting(reporters, screen, own)
  reporting.add(await partOf(subject, { reporters, screen }))
  return reporting.finish(subject.exitCode)
}

/**
 * Reporters whose text is printed without escapes for CI commands and control characters. `github` prints CI commands,
 * and escapes the texts in them itself. In a page or picture, escapes would change the content.
 */
const AS_IS: ReadonlySet<string> = new Set(['github', 'html', 'svg'])

const show = ({ name, isOwn }: ReporterChoice, text: string): void =>
  (AS_IS.has(name) && !isOwn ? printAsIs : print)(text)

function failureText(
  { typed, name, file, isOwn }: ReporterChoice,
  why: string,
  parts: readonly SubjectTexts[],
): string {
  const verdicts = parts.flatMap(({ findings }) =>
    findings.map((finding) => `${finding.name}: ${titleWithVerdict(finding)}`),
  )
  const verdictText = verdicts.length === 1 ? verdicts[0] : `${verdicts.length} verdicts`
  const instead = file === undefined || isOwn ? '--reporter default' : `--reporter ${name}=${name}.txt`
  return `${typed}: ${why.replaceAll('\n', ' ')} The verdict stands (${verdictText}). To get a report of the verdict, try ${instead}.`
}
