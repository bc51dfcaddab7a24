import { join } from 'node:path'
import type { MissingProgram } from '@chaosproxy/runner'
import { findProgram, missingPrograms } from '@chaosproxy/targets/database'
import { requirePrograms } from '../sql/target.ts'

/** Directories that contain server programs, and that users' PATH often lacks. */
const PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/opt/homebrew/bin']

export interface MariadbPrograms {
  readonly server: string
  readonly install: string
  readonly client: string
}

const INSTALL = 'apt-get install mariadb-server'
/** The oldest version whose programs have names such as `mariadbd`. */
const OLDEST = '10.5'

const pathOf = (name: string): string =>
  findProgram(name) ?? PLACES.map((place) => join(place, name)).find(findProgram) ?? name

export const mariadbPaths = (): MariadbPrograms => ({
  server: pathOf('mariadbd'),
  install: pathOf('mariadb-install-db'),
  client: pathOf('mariadb'),
})

export function missingMariadb(): Promise<readonly MissingProgram[]> {
  const { server, install, client } = mariadbPaths()
  return missingPrograms([
    { program: server, install: INSTALL, oldest: OLDEST },
    { program: install, install: INSTALL },
    { program: client, install: INSTALL },
  ])
}

/** @throws UserError (environment) if a program is missing. */
export async function requireMariadb(): Promise<MariadbPrograms> {
  requirePrograms(await missingMariadb())
  return mariadbPaths()
}
