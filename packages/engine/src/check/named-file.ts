import { existsSync, statSync } from 'node:fs'
import type { UserError } from '@chaosproxy/history'
import { STDIN } from '@chaosproxy/history/files'

/** A file to check, or what is wrong with its name. */
export type NamedFile = { readonly file: string } | { readonly file: string; readonly trouble: UserError }

/** The total size on disk; anything that is not a readable file counts as 0. */
export function bytesOf(files: readonly NamedFile[]): number {
  let bytes = 0
  for (const { file } of files) if (file !== STDIN && existsSync(file)) bytes += statSync(file).size
  return bytes
}
