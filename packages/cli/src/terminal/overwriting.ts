import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { writeWholeFile } from '@chaosproxy/engine/run'
import { environmentError, usageError } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'

/**
 * @throws UserError (usage) if an existing file would be overwritten without `force`. Empty files, devices and pipes
 * may be overwritten.
 */
export function refuseToOverwrite(
  path: string,
  { what, force }: { readonly what: string; readonly force: boolean },
): void {
  if (!force && holdsSomething(path)) refuse(`--out ${path}`, `this would overwrite ${what}`)
}

interface Replacement {
  readonly typed: string
  readonly force: boolean
  /**
   * Reports whether a file that begins with this text is an earlier report of the same kind. Undefined if the beginning
   * cannot show this.
   */
  readonly recognises: ((start: string) => boolean) | undefined
}

/** Allows a report to replace only an earlier report of its kind. @throws UserError (usage) for any other file. */
export function refuseToOverwriteOthers(path: string, { typed, force, recognises }: Replacement): void {
  if (force || !holdsSomething(path) || recognises?.(startOf(path)) === true) return
  refuse(
    typed,
    recognises === undefined
      ? 'the file exists, and chaos cannot tell whether it is an earlier report'
      : 'this would overwrite a file that is not an earlier report of this kind',
  )
}

/** @throws UserError (usage) for a file that is no earlier proof. */
export const refuseToReplaceProof = (prove: string, force: boolean): void =>
  refuseToOverwriteOthers(prove, {
    typed: `--prove ${prove}`,
    force,
    recognises: (start) => start.startsWith('{"proof":1'),
  })

function refuse(typed: string, why: string): never {
  throw usageError(`${typed}: ${why}. Name another file, or give --force to replace this one.`)
}

function holdsSomething(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size > 0
}

/** Writes a whole file. `typed` names it in errors. @throws UserError (environment) */
export function writeNamed(file: string, text: string, typed: string = file): void {
  try {
    writeWholeFile(file, text)
  } catch (error) {
    throw environmentError(`${typed}: ${whyUnwritable(error)}`)
  }
}

/** How many bytes are read to recognise a file. These contain the first line of even the longest JSON result. */
const MARK_WITHIN_BYTES = 1 << 20

function startOf(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    const bytes = Buffer.alloc(MARK_WITHIN_BYTES)
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(file)
  }
}
