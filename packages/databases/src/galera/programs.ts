import { existsSync } from 'node:fs'
import type { MissingProgram } from '@chaosproxy/runner'
import { missingPrograms } from '@chaosproxy/targets/database'
import { type MariadbPrograms, mariadbPaths, missingMariadb } from '../mariadb/programs.ts'
import { requirePrograms } from '../sql/target.ts'

export interface GaleraPrograms extends MariadbPrograms {
  /** The library by which the server replicates. */
  readonly provider: string
}

const LIBRARY = 'libgalera_smm.so'
const PLACES = ['/usr/lib/galera', '/usr/lib64/galera-4', '/usr/lib64/galera']

const providerPath = (): string | undefined => PLACES.map((place) => `${place}/${LIBRARY}`).find(existsSync)

/** Returns the programs that are not installed. rsync is needed to send files to a node that was away for long. */
export async function missingGalera(): Promise<readonly MissingProgram[]> {
  const library = providerPath() === undefined ? [{ program: LIBRARY, install: 'apt-get install galera-4' }] : []
  const sending = await missingPrograms([{ program: 'rsync', install: 'apt-get install rsync' }])
  return [...(await missingMariadb()), ...library, ...sending]
}

/** @throws UserError (environment) if a program or library is missing. */
export async function requireGalera(): Promise<GaleraPrograms> {
  requirePrograms(await missingGalera())
  return { ...mariadbPaths(), provider: providerPath() ?? LIBRARY }
}
