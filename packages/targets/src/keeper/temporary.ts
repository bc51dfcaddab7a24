import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Keeper } from './keeper.ts'

/**
 * Makes a directory in the system's temporary directory, which nobody else may enter. The keeper knows of it before it
 * exists, so that it is removed whenever this process dies.
 */
export function makeTemporary(keeper: Pick<Keeper, 'removeLater'>, prefix: string): string {
  const directory = join(tmpdir(), `${prefix}${randomUUID()}`)
  keeper.removeLater(directory)
  mkdirSync(directory, { mode: 0o700 })
  return directory
}
