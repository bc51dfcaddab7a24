import { existsSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { NamedFile } from '@chaosproxy/engine'
import { RUN_JSON, readSummary } from '@chaosproxy/engine/run'
import { byName, inputError, UserError, usageError } from '@chaosproxy/history'
import { historiesIn, isStored, STDIN, storedHistory, storedParts } from '@chaosproxy/history/files'

/**
 * Returns the files that the names stand for, each file once. A name is a file, a run's directory, or a pattern. The
 * files of a pattern are in natural order (`run-2` before `run-10`).
 */
export async function namedFiles(names: readonly string[]): Promise<readonly NamedFile[]> {
  const files = new Map<string, NamedFile>()
  for (const given of names) {
    if (isStored(given)) {
      files.set(given, await storedFile(given))
      continue
    }
    // A directory is named without trailing slashes.
    const name = given.replace(/(?<=.)\/+$/, '')
    if (name === STDIN && files.has(name)) throw usageError('-: stdin can be read only once. Give - once.')
    if (name === STDIN || existsSync(name)) {
      const named = name === STDIN ? { file: name } : namedByRun(name)
      files.set(named.file, named)
      continue
    }
    const { glob, isDynamicPattern } = await import('tinyglobby')
    if (!isDynamicPattern(name)) {
      files.set(name, { file: name })
      continue
    }
    const matches = await glob(name, { absolute: isAbsolute(name), expandDirectories: false })
    for (const match of matches.toSorted(byName)) if (!files.has(match)) files.set(match, { file: match })
    if (matches.length === 0)
      files.set(name, {
        file: name,
        trouble: inputError(
          `${name}: no file matches this pattern${isAbsolute(name) ? '' : ` below ${process.cwd()}`}. Check it with ls; ** stands for any directories.`,
        ),
      })
  }
  return [...files.values()]
}

/**
 * The files to merge: each named file, and every history in a named directory.
 *
 * @throws UserError (usage, input)
 */
export async function mergedFiles(names: readonly string[]): Promise<readonly string[]> {
  const files = new Set<string>()
  for (const name of names) {
    if (name === STDIN || isStored(name))
      throw usageError(`--merge ${name}: only files of this machine can be merged. Save this input to a file.`)
    if (existsSync(name) && statSync(name).isDirectory()) {
      const found = historiesIn(name)
      if (found.length === 0)
        throw inputError(
          `${name}: there is no history in this directory (*.jsonl, *.edn, *.log, *.txt). Give the path of a history.`,
        )
      for (const file of found) files.add(file)
      continue
    }
    for (const named of await namedFiles([name])) {
      if ('trouble' in named) throw named.trouble
      files.add(named.file)
    }
  }
  return [...files]
}

async function storedFile(file: string): Promise<NamedFile> {
  try {
    return { file, stored: await storedParts(file) }
  } catch (error) {
    if (error instanceof UserError) return { file, trouble: error }
    throw error
  }
}

/**
 * Returns the history that is stored in the directory `name` of a run or of a Jepsen test. If `name` is no such
 * directory, `name` is the path of the history itself.
 */
function namedByRun(name: string): NamedFile {
  const file = storedHistory(name) ?? name
  if (file !== join(name, 'history.jsonl')) return { file }
  const run = readSummary(join(name, RUN_JSON))
  if (run === undefined) return { file }
  const { spec, weakness, stronger, strongerPromise, interrupted, vacuous, trouble, again } = run
  return { file, setup: { spec, weakness, stronger, strongerPromise, interrupted, vacuous, trouble, again } }
}
