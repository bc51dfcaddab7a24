import { builtinModules, createRequire } from 'node:module'
import { relative } from 'node:path'
import { inputError } from '@chaosproxy/history'
import { isNativeLoader } from '../native.ts'
import { statementsOf } from './rewrite.ts'
import type { Node } from './syntax.ts'

export const isBuiltin = (id: string): boolean => id.startsWith('node:') || builtinModules.includes(id)

export interface Unresolved {
  readonly specifier: string
  readonly file: string
  readonly line: number
  readonly column: number
}

/** @param log the bundler's messages. */
export function unresolvedIn(log: {
  readonly code?: string | undefined
  readonly exporter?: string | undefined
  readonly loc?: { readonly file?: string | undefined; readonly line: number; readonly column: number } | undefined
}): readonly Unresolved[] {
  const { code, exporter: specifier, loc } = log
  if (code !== 'UNRESOLVED_IMPORT' || specifier === undefined || loc?.file === undefined) return []
  return [{ specifier, file: loc.file, line: loc.line, column: loc.column + 1 }]
}

/**
 * Rejects missing packages, as Node does before running a program.
 *
 * @throws UserError (input) if a package is not installed.
 */
export function requireInstalled(code: string, unresolved: readonly Unresolved[], entry: string): void {
  if (unresolved.length === 0) return
  const imported = new Set(statementsOf(code).flatMap(sourceOf))
  const missing = unresolved.find(({ specifier }) => imported.has(specifier) && !isNativeLoader(specifier))
  if (missing === undefined) return
  const { specifier, file, line, column } = missing
  const place = `${relative(process.cwd(), file)}:${line}:${column}`
  throw inputError(
    `${entry} cannot be loaded: ${place} imports '${specifier}', which is not installed. Install it, or correct its name.`,
  )
}

const sourceOf = ({ type, source }: Node & { readonly source?: unknown }): readonly string[] =>
  type === 'ImportDeclaration' ? [String((source as Node)['value'])] : []

export const namedIn = (code: string): ReadonlySet<string> =>
  new Set(
    Array.from(
      // An `import()` of a relative path does not match: a missing file of the program itself is an error.
      code.matchAll(/\b(?:__require(?:\$\d+)?\(\s*|import\(\s*(?!["'][./]))(?:"([^"]+)"|'([^']+)')\s*\)/g),
      ([, one, other]) => one ?? other ?? '',
    ),
  )

/** Matches the folder of a package. TypeORM looks there for a driver that it did not find by name. */
const FOLDER_OF_PACKAGE = /^\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+$/

/** Whether a package cannot be found from a file. */
export function isMissing(specifier: string, from: string): boolean {
  if (/^[./]|:/.test(specifier) && !FOLDER_OF_PACKAGE.test(specifier)) return false
  try {
    createRequire(from).resolve(specifier)
    return false
  } catch (error) {
    return (error as { readonly code?: unknown }).code === 'MODULE_NOT_FOUND'
  }
}
