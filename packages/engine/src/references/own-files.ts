import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { inputError } from '@chaosproxy/history'
import { isUserFile } from '@chaosproxy/targets/named'
import { isService, parseServiceReference, programsOfService, serviceReference } from './services.ts'
import { isOwnFile } from './user-files.ts'

// A replay file refers to the user's files by paths relative to the replay file, so that all of them can be moved
// together.

/**
 * Converts a reference for use in a replay file that is in `directory`. Makes paths relative to `directory`, and leaves
 * names unchanged.
 */
export function portableReference(reference: string, directory: string): string {
  if (isService(reference)) return withServiceFiles(reference, (path) => portableReference(path, directory))
  if (!isOwnFile(reference)) return reference
  const path = relative(resolve(directory), resolve(reference))
  if (isAbsolute(path)) return reference
  const portable = path.split(sep).join('/')
  return portable.startsWith('.') ? portable : `./${portable}`
}

function withServiceFiles(reference: string, change: (path: string) => string): string {
  const { routes, client, ...spec } = parseServiceReference(reference)
  const beside = Object.entries(spec.beside ?? {}).map(
    ([name, each]) => [name, { ...each, program: change(each.program) }] as const,
  )
  const postgres = Object.entries(spec.postgres ?? {}).map(
    ([name, { sql, ...rest }]) => [name, sql === undefined ? rest : { ...rest, sql: change(sql) }] as const,
  )
  return serviceReference({
    ...spec,
    program: change(spec.program),
    ...(client === undefined ? { routes: change(routes) } : { client: change(client) }),
    ...(beside.length === 0 ? {} : { beside: Object.fromEntries(beside) }),
    ...(postgres.length === 0 ? {} : { postgres: Object.fromEntries(postgres) }),
  })
}

/** Returns a short digest of the referenced files, to detect changes; undefined for names and unreadable files. */
export function digestOfFile(reference: string): string | undefined {
  if (isService(reference)) return digestOf(programsOfService(parseServiceReference(reference)))
  return isUserFile(reference) ? digestOf([reference]) : undefined
}

function digestOf(files: readonly string[]): string | undefined {
  const hash = createHash('sha256')
  try {
    for (const file of files) hash.update(readFileSync(file))
    return hash.digest('hex').slice(0, 16)
  } catch {
    return undefined
  }
}

/**
 * Returns the path of a file that a replay file refers to: relative to the replay file or, in older files, to the
 * working directory.
 *
 * @throws UserError (input) if the file is at neither path. The message suggests `option`, with which the user can give
 * another path.
 */
export function locatedReference(
  reference: string,
  file: string,
  what: { readonly noun: string; readonly option: string },
): string {
  if (isService(reference)) return withServiceFiles(reference, (path) => locatedReference(path, file, what))
  if (!isOwnFile(reference)) return reference
  const beside = isAbsolute(reference) ? reference : join(dirname(file), reference)
  if (existsSync(beside)) return relative('.', beside).startsWith('..') ? beside : `./${relative('.', beside)}`
  if (existsSync(reference)) return reference
  const places = resolve(beside) === resolve(reference) ? beside : `${beside} or at ${reference}`
  throw inputError(
    `${file} needs the ${what.noun} in ${reference}, but there is no such file at ${places}. Give its path: ${what.option} FILE.`,
  )
}
