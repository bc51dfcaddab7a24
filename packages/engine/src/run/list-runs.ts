import { type Dirent, existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '@chaosproxy/history'
import { type ListedRun, listedRun, type RunFiles, renderRunsHtml } from '@chaosproxy/report'
import { RUN_JSON } from '../run-directory.ts'
import { packageVersion } from '../version.ts'
import { foundJson, foundText, writeWholeFile } from '../whole-file.ts'

/** Summaries by directory, so that unchanged runs are not read again. */
export type KnownRuns = Map<string, { readonly changed: string; readonly run: ListedRun }>

interface RunList {
  /** Newest first. */
  readonly runs: readonly ListedRun[]
  readonly older: number
}

export function listRuns(out: string, known: KnownRuns = new Map(), most: number = Number.POSITIVE_INFINITY): RunList {
  const names = directoriesIn(out).sort((a, b) => (a < b ? 1 : -1))
  const shown = names.slice(0, most)
  for (const name of known.keys()) if (!shown.includes(name)) known.delete(name)
  return { runs: shown.map((name) => runIn(out, name, known)), older: names.length - shown.length }
}

function directoriesIn(out: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(out, { withFileTypes: true })
  } catch {
    return []
  }
  // Leaves out directories that do not belong to runs.
  return entries
    .filter((entry) => entry.isDirectory() && isOfRun(join(out, entry.name), entry.name))
    .map(({ name }) => name)
}

/** Whether a directory is that of a run: by its name or, if it was renamed, by its files. */
const isOfRun = (path: string, name: string): boolean =>
  /^\d{8}-\d{6}-/.test(name) || existsSync(join(path, RUN_JSON)) || existsSync(join(path, 'history.jsonl'))

function runIn(out: string, name: string, known: KnownRuns): ListedRun {
  const path = join(out, name)
  const has = (file: string) => lstatSync(join(path, file), { throwIfNoEntry: false })?.isFile() === true
  const file = lstatSync(join(path, RUN_JSON), { throwIfNoEntry: false })
  const [hasReport, hasHistory] = [has('report.html'), recordsSomething(join(path, 'history.jsonl'))]
  const changed = [file?.mtimeMs, file?.size, hasReport, hasHistory].join(' ')
  const before = known.get(name)
  if (before?.changed === changed) return before.run
  const found = hasHistory || file !== undefined ? [] : foundIn(path)
  const run = listedRun({
    ...{ name, hasReport, hasHistory, found },
    hasRunJson: file !== undefined,
    runJson: file === undefined ? undefined : foundJson(join(path, RUN_JSON)),
  })
  known.set(name, { changed, run })
  return run
}

/** An upper bound of the size of a header line, in bytes. */
const LONGEST_HEAD = 4096

/** Whether a history has more than its header. A run that could not start has only the header. */
function recordsSomething(path: string): boolean {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file?.isFile() !== true) return false
  return file.size > LONGEST_HEAD || (foundText(path) ?? '').trimEnd().includes('\n')
}

/** Returns the failures in the replay files of `chaos fuzz`. */
function foundIn(path: string): RunFiles['found'] {
  const names = readdirSync(path).filter((name) => name.endsWith('.json'))
  return names.flatMap((name) => {
    const json = foundJson(join(path, name))
    return isObject(json) && typeof json['found'] === 'string' ? [{ file: name, text: json['found'] }] : []
  })
}

const INDEX = 'index.html'
/** The most runs on the page. Reading one takes about half a millisecond, and every run writes the page. */
const MOST_IN_INDEX = 100
/** The beginning of every page that chaos writes. */
const OWN = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="chaos">'

/**
 * Writes a page that lists the newest runs of a directory. Never replaces another program's page. Ignores failures,
 * because the page contains nothing that the runs' own files lack.
 */
export function writeRunsPage(out: string): void {
  const path = join(out, INDEX)
  try {
    // Only regular files are read.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined && foundText(path)?.startsWith(OWN) !== true) return
    writeWholeFile(
      path,
      renderRunsHtml({ version: packageVersion(), directory: out, ...listRuns(out, new Map(), MOST_IN_INDEX) }),
      0o600,
    )
  } catch {
    // If the disk is full or the directory was removed, there is no page.
  }
}
