import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A deliberate mistake in one line of a package. The package's own tests should catch it. */
export interface Mutation {
  readonly name: string
  readonly package: string
  /** The path of the file below `src` of the package. */
  readonly file: string
  /**
   * The line to replace, without its indentation. It must occur exactly once in the file, unless `occurrence` is given.
   */
  readonly before: string
  /** Which of several equal lines to replace, counted from 1. */
  readonly occurrence?: number
  readonly after: string
  /** What the mistake causes for a user. */
  readonly breaks: string
  /** Names of the test files that are run first, because they are the most likely to detect the mistake. */
  readonly tests: readonly string[]
}

type Named = Omit<Mutation, 'package' | 'file' | 'tests'>

/** Mistakes in one file of the checker, with the tests to try first. */
export const inFile = (file: string, tests: readonly string[], mutations: readonly Named[]): Mutation[] =>
  inFileOf('checker', file, tests, mutations)

/** Returns deliberate mistakes in one file of a package, with the tests to try first. */
export const inFileOf = (
  name: string,
  file: string,
  tests: readonly string[],
  mutations: readonly Named[],
): Mutation[] => mutations.map((mutation) => ({ ...mutation, package: name, file, tests }))

export const pathOf = ({ package: name, file }: Pick<Mutation, 'package' | 'file'>): string =>
  join('packages', name, 'src', file)

/** Returns the source to change; empty if the file does not exist. */
export function sourceOf(root: string, mutation: Mutation): string {
  const path = join(root, pathOf(mutation))
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** Returns the source with the mistake; undefined if the line to replace does not exist, or is not unique. */
export function applied(source: string, { before, after, occurrence }: Mutation): string | undefined {
  const lines = source.split('\n')
  const at = lines.flatMap((line, number) => (line.trim() === before ? [number] : []))
  const only = at[(occurrence ?? 1) - 1]
  if ((occurrence === undefined && at.length > 1) || only === undefined) return undefined
  const line = lines[only] ?? ''
  return lines.with(only, line.slice(0, line.length - line.trimStart().length) + after).join('\n')
}
