import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that a target needs, and how to install it. */
export interface Program {
  readonly program: string
  /** A command or a sentence: `apt-get install redis-server`. */
  readonly install: string
}

/** The program's path according to PATH, or undefined. A name with a slash in it is already a path. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

/** The programs that this machine lacks. */
export const missingPrograms = (programs: readonly Program[]): readonly Program[] =>
  programs.filter(({ program }) => findProgram(program) === undefined)

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
