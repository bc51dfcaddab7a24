import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { UserError } from '@chaosproxy/history'
import { STDIN } from '@chaosproxy/history/files'

/** A file to check, or what is wrong with its name. */
export type NamedFile = { readonly file: string } | { readonly file: string; readonly trouble: UserError }

/** The total size on disk, of a directory that of its files; anything that is not readable counts as 0. */
export function bytesOf(files: readonly NamedFile[]): number {
  let bytes = 0
  for (const { file } of files) if (file !== STDIN && existsSync(file)) bytes += sizeOf(file)
  return bytes
}

function sizeOf(path: string): number {
  const status = statSync(path)
  if (!status.isDirectory()) return status.size
  return readdirSync(path).reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
