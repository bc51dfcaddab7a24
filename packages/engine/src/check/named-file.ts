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
  /** Why the run that it is of proves less than it seems to, as its `run.json` says. */
  readonly doubts?: readonly string[] | undefined
}

/** The total size as it is kept, of a directory that of its files; anything that is not readable counts as 0. */
export const bytesOf = (files: readonly FileOrParts[]): number =>
  files.flatMap(partsOf).reduce((sum, { bytes }) => sum + bytes, 0)

/** What a byte of a compressed recording is about, uncompressed. */
const TEXT_PER_COMPRESSED = 8

/** About how large the text of a recording is. */
export const textBytesOf = (file: FileOrParts): number =>
  partsOf(file).reduce((sum, { path, bytes }) => sum + bytes * textPerByte(path), 0)

const textPerByte = (name: string): number => (/\.(gz|zst)$/.test(name) ? TEXT_PER_COMPRESSED : 1)

/** The files, or objects, that a recording consists of. */
function partsOf({ file, stored }: FileOrParts): readonly Pick<StoredPart, 'path' | 'bytes'>[] {
  if (stored !== undefined) return stored
  if (file === STDIN || !existsSync(file)) return []
  const paths = statSync(file).isDirectory() ? readdirSync(file).map((name) => join(file, name)) : [file]
  // One may have been removed meanwhile.
  return paths.map((path) => ({ path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }))
}
