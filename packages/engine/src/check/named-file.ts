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

/** What a byte of a compressed recording is about, uncompressed. */
const TEXT_PER_COMPRESSED = 8

/** About how large the text of a recording is. */
export function textBytesOf({ file, stored }: FileOrParts): number {
  if (stored !== undefined) return stored.reduce((sum, { path, bytes }) => sum + bytes * textPerByte(path), 0)
  if (file === STDIN || !existsSync(file)) return 0
  if (!statSync(file).isDirectory()) return sizeOf(file) * textPerByte(file)
  return readdirSync(file).reduce((sum, name) => sum + sizeIn(file, name) * textPerByte(name), 0)
}

const textPerByte = (name: string): number => (/\.(gz|zst)$/.test(name) ? TEXT_PER_COMPRESSED : 1)

function sizeOf(path: string): number {
  const status = statSync(path)
  if (!status.isDirectory()) return status.size
  return readdirSync(path).reduce((sum, name) => sum + sizeIn(path, name), 0)
}

const sizeIn = (directory: string, name: string): number =>
  statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
