import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { UserError } from '@chaosproxy/history'
import { STDIN, type StoredPart } from '@chaosproxy/history/files'

/** A file to check, or what is wrong with its name. */
export type NamedFile = FileOrParts | { readonly file: string; readonly trouble: UserError }

/** A file, or a recording in a store with the objects that it was found to consist of. */
interface FileOrParts {
  readonly file: string
  readonly stored?: readonly StoredPart[] | undefined
}

/** The total size as it is kept, of a directory that of its files; anything that is not readable counts as 0. */
export function bytesOf(files: readonly FileOrParts[]): number {
  let bytes = 0
  for (const { file, stored } of files)
    if (stored !== undefined) bytes += stored.reduce((sum, part) => sum + part.bytes, 0)
    else if (file !== STDIN && existsSync(file)) bytes += sizeOf(file)
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
