import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { MissingProgram } from '@chaosproxy/runner'

export interface Program {
  readonly program: string
  /** How to install the program: a command or a sentence. */
  readonly install: string
  /** The oldest version that works: `7.0`. By default every version works. */
  readonly oldest?: string | undefined
}

/** Returns the program's path according to PATH. A name with a slash is already a path. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

export async function missingPrograms(programs: readonly Program[]): Promise<readonly MissingProgram[]> {
  const found = await Promise.all(programs.map(missing))
  return found.filter((program) => program !== undefined)
}

async function missing({ program, install, oldest }: Program): Promise<MissingProgram | undefined> {
  const path = findProgram(program)
  if (path === undefined) return { program, install }
  const version = oldest === undefined ? undefined : await versionOf(path)
  if (oldest === undefined || version === undefined || !isOlder(version, oldest)) return undefined
  return { program: `${program} ${oldest} or later`, install, found: `${path} is ${version}` }
}

const LONGEST_MS = 5_000

/** Resolves with the first version number in the output of `--version`. */
export async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: LONGEST_MS })
    return /\d+(?:\.\d+)+/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}

/** Compares the numbers between the dots. */
export function isOlder(version: string, oldest: string): boolean {
  const [numbers, least] = [version, oldest].map((text) => text.split('.').map(Number)) as [number[], number[]]
  for (const [place, number] of least.entries()) {
    const own = numbers[place] ?? 0
    if (own !== number) return own < number
  }
  return false
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
