import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// Also used outside of tests, so it imports no other module of this repository.

const POSTGRES = '/usr/lib/postgresql'

/**
 * Returns the path of a program, if it is installed. Debian keeps the programs of PostgreSQL's server outside of PATH.
 */
export function installed(program: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/opt/homebrew/bin']
  const found = [...directories, ...postgresDirectories()].map((directory) => join(directory, program))
  return found.find(isExecutable)
}

/** The newest version first. */
function postgresDirectories(): string[] {
  try {
    const versions = readdirSync(POSTGRES).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(POSTGRES, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export const whySkipped = (...programs: readonly string[]): string =>
  `needs ${programs.join(' and ')}: sudo bash scripts/install-servers.sh`
