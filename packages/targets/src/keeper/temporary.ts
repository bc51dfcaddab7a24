import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Keeper } from './keeper.ts'

/**
 * Creates a temporary directory that no other user may enter. The keeper learns its path first, and so removes it
 * whenever this process dies.
 */
export function makeTemporary(keeper: Pick<Keeper, 'removeLater'>, prefix: string): string {
  const directory = join(tmpdir(), `${prefix}${randomUUID()}`)
  keeper.removeLater(directory)
  mkdirSync(directory, { mode: 0o700 })
  return directory
}
