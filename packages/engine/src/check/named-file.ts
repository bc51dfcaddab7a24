import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { UserError } from '@chaosproxy/history'
import { STDIN, type StoredPart } from '@chaosproxy/history/files'
import type { RunSetup } from '@chaosproxy/runner/result'

/** A file to check, or the error that its name caused. */
export type NamedFile = FileOrParts | { readonly file: string; readonly trouble: UserError }

/** A file or directory. If it is a recording in a store, `stored` lists the parts of the recording. */
interface FileOrParts {
  readonly file: string
  readonly stored?: readonly StoredPart[] | undefined
  /** The description of the run in `run.json`, for a run's directory. */
  readonly setup?: RunSetup | undefined
}

/** The total size of files. Unreadable files count as 0. */
export const bytesOf = (files: readonly FileOrParts[]): number =>
  files.flatMap(partsOf).reduce((sum, { bytes }) => sum + bytes, 0)

/** Approximate size of text per byte of a compressed recording. */
const TEXT_PER_COMPRESSED = 8

export const textBytesOf = (file: FileOrParts): number =>
  partsOf(file).reduce((sum, { path, bytes }) => sum + bytes * (/\.(gz|zst)$/.test(path) ? TEXT_PER_COMPRESSED : 1), 0)

function partsOf({ file, stored }: FileOrParts): readonly Pick<StoredPart, 'path' | 'bytes'>[] {
  if (stored !== undefined) return stored
  if (file === STDIN || !existsSync(file)) return []
  const paths = statSync(file).isDirectory() ? readdirSync(file).map((name) => join(file, name)) : [file]
  // A file that has been removed meanwhile counts as empty.
  return paths.map((path) => ({ path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }))
}
