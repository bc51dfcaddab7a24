import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { findProgram } from '@chaosproxy/targets'
import { installPackages } from './install.ts'

export const PACKAGE: string = dirname(createRequire(import.meta.url).resolve('chaosproxy/package.json'))
/** The programs of the exhibits, copied by `scripts/bundle.mjs`. */
const PROGRAMS = join(PACKAGE, 'bundle-examples')
const LEFT_OUT = ['node_modules', 'chaos-results']

/** The command itself. */
export const CHAOS: string = join(PACKAGE, 'bin', 'chaos.js')

type Prepared = { readonly directory: string } | { readonly lacks: string }

/**
 * Copies the program and its packages to the user's cache. The directory's name contains a hash, so that a changed
 * program is copied again.
 */
export async function prepareProgram(program: string, signal: AbortSignal): Promise<Prepared> {
  const source = join(PROGRAMS, program)
  const files = filesIn(source)
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${relative(source, file)}\0`).update(readFileSync(file))
  const name = `${program.replaceAll('/', '-')}-${hash.digest('hex').slice(0, 12)}`
  const directory = join(cacheDirectory(), name)
  if (existsSync(directory)) return { directory }
  if (hasPackages(source) && findProgram('npm') === undefined) return { lacks: 'npm is not installed' }
  // Copies into a temporary directory first, so that an interrupted copy is never used.
  const aside = `${directory}.${process.pid}`
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true })
  try {
    for (const file of files) cpSync(file, join(aside, relative(source, file)))
    const problem = hasPackages(source) ? await installPackages(aside, source, signal) : undefined
    if (problem !== undefined) return { lacks: problem }
    if (!existsSync(directory)) renameSync(aside, directory)
    return { directory }
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !relative(folder, path)
          .split(sep)
          .some((part) => LEFT_OUT.includes(part)),
    )
    .toSorted()

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
const cacheDirectory = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'chaosproxy', 'gallery')

function hasPackages(folder: string): boolean {
  const file = join(folder, 'package.json')
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).dependencies !== undefined
}
