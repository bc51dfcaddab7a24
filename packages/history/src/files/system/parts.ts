import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inputError } from '../../event/error.ts'

// Matches names of parts: part-0001.jsonl, part-0002.jsonl.gz, …

const NUMBERED = /^(.*?)(\d+)(\.(?:jsonl|edn))(?:\.(?:gz|zst))?$/

/**
 * Returns the parts of a recording in this directory, in order; undefined if no file is numbered.
 *
 * @throws UserError (input) for parts of several recordings, and for a duplicate or missing number: a recording without
 * one of its parts is a different history.
 */
export function partsIn(directory: string): readonly string[] | undefined {
  return partsAmong(directory, readdirSync(directory))?.map((name) => join(directory, name))
}

/** The files of a recording: the file itself, or the parts in a directory. @throws UserError as `partsIn` does. */
export const partsOf = (path: string): readonly string[] =>
  statSync(path).isDirectory() ? (partsIn(path) ?? [path]) : [path]

/** Like `partsIn`, for a list of file names. */
export function partsAmong(place: string, names: readonly string[]): readonly string[] | undefined {
  const there = new Set(names)
  const parts = names.flatMap((name) => {
    // A recorder that was killed after compressing a part leaves both the plain file and the compressed file. Each of
    // them is complete.
    if (there.has(name.replace(/\.(gz|zst)$/, '')) && /\.(gz|zst)$/.test(name)) return []
    const [, stem = '', number = '', ending = ''] = NUMBERED.exec(name) ?? []
    return number === '' ? [] : [{ name, kind: `${stem}N${ending}`, number: Number(number) }]
  })
  const [first] = parts
  if (first === undefined) return undefined
  const other = parts.find(({ kind }) => kind !== first.kind)
  if (other !== undefined)
    throw inputError(
      `${place} has parts of several recordings, such as ${first.name} and ${other.name}. Give each recording a directory of its own.`,
    )
  const sorted = parts.toSorted((a, b) => a.number - b.number)
  const [least = first] = sorted
  if (least.number > 1)
    throw inputError(
      `${place}: the first part of the recording is missing: the parts begin with ${least.name}, and the state before this part is unknown. Fetch the missing parts.`,
    )
  for (const [n, { name, number }] of sorted.entries()) {
    const before = sorted[n - 1]
    if (before?.number === number)
      throw inputError(`${place}: ${before.name} and ${name} are the same part of a recording. Remove one of them.`)
    if (before !== undefined && number !== before.number + 1)
      throw inputError(
        `${place}: a part of the recording is missing between ${before.name} and ${name}, and the recording cannot be checked without it. Fetch it, or check the parts before it in a directory of their own.`,
      )
  }
  return sorted.map(({ name }) => name)
}

const HISTORY = /^[^.].*\.(?:jsonl|ndjson|edn|log|txt)(?:\.(?:gz|zst))?$/

/** The separate histories in a directory, sorted by name. */
export const historiesIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => HISTORY.test(name))
    .toSorted()
    .map((name) => join(directory, name))
