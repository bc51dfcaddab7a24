import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that a target runs, and how to get it where it is not there. */
export interface Program {
  readonly program: string
  /** A command or a sentence: `apt-get install redis-server`. */
  readonly install: string
}

/** Where PATH finds it; undefined where it does not. A name with a slash in it is a path already. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

/** Those that are not on this machine. */
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
