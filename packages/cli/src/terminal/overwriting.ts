import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { UserError } from '@chaosproxy/history'

/** @throws UserError (usage) for a file that is not empty and may not be replaced. Devices and pipes count as empty. */
export function refuseToOverwrite(
  path: string,
  { what, force, option = 'out' }: { readonly what: string; readonly force: boolean; readonly option?: string },
): void {
  if (force || !holdsSomething(path)) return
  throw new UserError(
    'usage',
    `--${option} ${path}: there is ${what} already, and it would be lost. Name another file, or replace it with --force.`,
  )
}

/** A report may replace a report. @throws UserError (usage) for any other file. */
export function refuseToOverwriteOthers(path: string, force: boolean, option?: string): void {
  if (!holdsSomething(path) || isPage(path)) return
  refuseToOverwrite(path, { what: 'a file that is no report', force, ...(option === undefined ? {} : { option }) })
}

function holdsSomething(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && found.size > 0
}

/** The beginning of every page of ours, whatever its title. */
const PAGE = /^<!doctype html>\s*<html[^>]*><head><meta charset="utf-8"><meta name="generator" content="chaos">/
const MARK_WITHIN_BYTES = 256

function isPage(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(MARK_WITHIN_BYTES)
    readSync(file, bytes, 0, bytes.length, 0)
    return PAGE.test(bytes.toString('latin1'))
  } finally {
    closeSync(file)
  }
}
