import { existsSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { STDIN } from '@chaosproxy/history/files'
import { glob, isDynamicPattern } from 'tinyglobby'

/** A file to check, or what is wrong with how it was named. */
export type NamedFile = { readonly file: string } | { readonly file: string; readonly trouble: UserError }

/**
 * The files that were named, each once: patterns (`runs/*.jsonl`, `**`) stand for what they match, in an order that a person
 * expects (`run-2` before `run-10`). A name that is a file is that file, whatever characters are in it.
 */
export async function namedFiles(names: readonly string[]): Promise<readonly NamedFile[]> {
  const files = new Map<string, NamedFile>()
  for (const name of names) {
    if (name === STDIN || existsSync(name) || !isDynamicPattern(name)) {
      if (name === STDIN && files.has(name)) throw new UserError('usage', '-: stdin can be read only once.')
      files.set(name, { file: name })
      continue
    }
    const matches = await glob(name, { absolute: isAbsolute(name), expandDirectories: false })
    for (const match of matches.toSorted(naturalOrder)) if (!files.has(match)) files.set(match, { file: match })
    if (matches.length === 0) files.set(name, { file: name, trouble: noMatch(name) })
  }
  return [...files.values()]
}

const naturalOrder = new Intl.Collator('en', { numeric: true }).compare

const noMatch = (pattern: string): UserError =>
  new UserError(
    'input',
    `${pattern}: no file matches this pattern${isAbsolute(pattern) ? '' : ` below ${process.cwd()}`}. Check it with ls; ** stands for any directories.`,
  )

/** The bytes that are on disk; what is not a file that can be reached counts nothing. */
export function bytesOf(files: readonly NamedFile[]): number {
  let bytes = 0
  for (const { file } of files) if (file !== STDIN && existsSync(file)) bytes += statSync(file).size
  return bytes
}
