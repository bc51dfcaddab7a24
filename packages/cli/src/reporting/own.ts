import { usageError } from '@chaosproxy/history'
import type { Finding } from '@chaosproxy/report'
import { definitionIn, importUserFile } from '@chaosproxy/targets/user-file'
import type { ReporterChoice } from './choice.ts'

/** The default export of a user's reporter: converts all findings to a text. */
export type OwnReporter = (findings: readonly Finding[]) => string

/** By path. */
export type OwnReporters = ReadonlyMap<string, OwnReporter>

/**
 * Loads the user's reporters.
 *
 * @throws UserError (usage) if a file does not exist or exports no function, (input) if it fails to run.
 */
export async function loadOwnReporters(choices: readonly ReporterChoice[]): Promise<OwnReporters> {
  const loaded = new Map<string, OwnReporter>()
  // Loads the reporters one after another, because each import redirects standard output.
  for (const { name, typed, isOwn } of choices)
    if (isOwn) loaded.set(name, asReporter(await importUserFile(name), typed))
  return loaded
}

function asReporter(file: unknown, typed: string): OwnReporter {
  const exported = definitionIn(file, 'report')
  if (typeof exported !== 'function')
    throw usageError(
      `${typed}: its default export must be a function that returns one string for all findings: export default (findings) => findings.map(({ title }) => title).join('\\n')`,
    )
  return (findings) => exported(findings)
}
