import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A deliberate mistake of one line in a package. The package's own tests are worth something if they catch it. */
export interface Mutation {
  readonly name: string
  readonly package: string
  /** Below `src` of the package. */
  readonly file: string
  /** A line of the file, without its indentation; it must stand there once, unless it is said which one is meant. */
  readonly before: string
  /** From 1. */
  readonly occurrence?: number
  readonly after: string
  /** What goes wrong for a user. */
  readonly breaks: string
  /** Names of the test files that are tried first: they are the likeliest to notice. */
  readonly tests: readonly string[]
}

type Named = Omit<Mutation, 'package' | 'file' | 'tests'>

/** Mistakes in one file of the checker, with the tests to try first. */
export const inFile = (file: string, tests: readonly string[], mutations: readonly Named[]): Mutation[] =>
  inFileOf('checker', file, tests, mutations)

/** The same in another package. */
export const inFileOf = (
  name: string,
  file: string,
  tests: readonly string[],
  mutations: readonly Named[],
): Mutation[] => mutations.map((mutation) => ({ ...mutation, package: name, file, tests }))

export const pathOf = ({ package: name, file }: Pick<Mutation, 'package' | 'file'>): string =>
  join('packages', name, 'src', file)

/** The file that the mistake is made in; empty where there is none of that name. */
export function sourceOf(root: string, mutation: Mutation): string {
  const path = join(root, pathOf(mutation))
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The source with the bug made; undefined unless the line stands there once, or as often as is said. */
export function applied(source: string, { before, after, occurrence }: Mutation): string | undefined {
  const lines = source.split('\n')
  const at = lines.flatMap((line, number) => (line.trim() === before ? [number] : []))
  const only = at[(occurrence ?? 1) - 1]
  if ((occurrence === undefined && at.length > 1) || only === undefined) return undefined
  const line = lines[only] ?? ''
  return lines.with(only, line.slice(0, line.length - line.trimStart().length) + after).join('\n')
}
