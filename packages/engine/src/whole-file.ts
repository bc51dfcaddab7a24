import { randomUUID } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file completely or not at all, by way of a temporary file. Follows links; writes directly to devices and
 * pipes, which cannot be replaced.
 *
 * `mode` is the mode of a new file.
 *
 * @throws as `writeFileSync`
 */
export function writeWholeFile(path: string, text: string, mode?: number): void {
  const place = placeOf(path)
  if (place.kind === 'device') {
    writeFileSync(path, text)
    return
  }
  const beside = join(dirname(place.path), `.${basename(place.path)}.${randomUUID()}.tmp`)
  try {
    writeFileSync(beside, text, { flag: 'wx', ...(mode === undefined ? {} : { mode }) })
    if (place.mode !== undefined) chmodSync(beside, place.mode)
    renameSync(beside, place.path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** Whether permissions allow `writeWholeFile` to write this file. */
export function mayBeWritten(path: string): boolean {
  try {
    const place = placeOf(path)
    accessSync(place.kind === 'device' ? path : dirname(place.path), constants.W_OK)
    return true
  } catch {
    return false
  }
}

type Place = { readonly kind: 'device' } | { readonly kind: 'file'; readonly path: string; readonly mode?: number }

function placeOf(path: string): Place {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return { kind: 'file', path }
  if (!found.isFile()) return { kind: 'device' }
  return { kind: 'file', path: realpathSync(path), mode: found.mode & 0o777 }
}

/** Larger than any result. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * Returns the text of a file in a directory that others may write to; undefined unless it is a regular file of a
 * reasonable size. Reading a pipe could block for ever.
 */
export function foundText(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true || found.size > MOST_BYTES) return undefined
  return readFileSync(path, 'utf8')
}

/** Returns the file's text parsed as JSON; undefined if invalid. */
export function foundJson(path: string): unknown {
  try {
    const text = foundText(path)
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
