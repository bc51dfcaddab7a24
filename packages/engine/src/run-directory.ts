import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Event, environmentError, isObject, RECORD_END, type UserError } from '@chaosproxy/history'
import {
  type HistoryWriter,
  openHistoryWriter,
  readHistory,
  type WriterOptions,
  whyUnwritable,
} from '@chaosproxy/history/files'
import type { OpenRecord, RunStore, Target } from '@chaosproxy/runner'
import type { RunSummary } from '@chaosproxy/runner/result'
import { foundJson, writeWholeFile } from './whole-file.ts'

export interface RunDirectory {
  readonly path: string
  readonly history: string
  readonly backend: string
  readonly runJson: string
  readonly report: string
  readonly nodes: string
}

export const storeIn = (directory: RunDirectory, tier: Target['tier']): RunStore => ({
  historyName: directory.history,
  dataDir: join(directory.path, 'data'),
  logDir: directory.nodes,
  open(header, failed) {
    if (tier === 'simulated') return inBatches(directory, { header, onError: failed, mode: RECORD_MODE })
    const options = { header: { ...header, ends: true }, onError: failed, mode: RECORD_MODE } as const
    return inTwoViews(directory, options)
  },
  read: () => readHistory(directory.history),
  readBackend: async () => (existsSync(directory.backend) ? readHistory(directory.backend) : undefined),
})

/**
 * Writes the events at the clients and the events at the backend to two files. Creates the backend's file at its first
 * event, because not every proxy records the backend.
 */
function inTwoViews({ history, backend: path }: RunDirectory, options: WriterOptions): OpenRecord {
  const client = openHistoryWriter(history, options)
  let backend: HistoryWriter | undefined
  return {
    append: client.append,
    placeOf: placeIn(history),
    wire: {
      client: client.appendLine,
      backend(line) {
        backend ??= openHistoryWriter(path, options)
        backend.appendLine(line)
      },
    },
    close(ended) {
      for (const writer of [client, backend]) {
        if (ended) writer?.appendLine(RECORD_END)
        writer?.close()
      }
    },
  }
}

/** Returns the place of an event. `position` counts from 0, lines from 1, and the header is the first line. */
const placeIn =
  (path: string): NonNullable<OpenRecord['placeOf']> =>
  (position) => ({ path, line: position + 2 })

const BATCH_EVENTS = 1_000

/** A simulated run can be repeated, so its events need not reach the disk one by one. Its history has no end mark. */
function inBatches({ history }: RunDirectory, options: WriterOptions): OpenRecord {
  const writer = openHistoryWriter(history, options)
  let batch: Event[] = []
  const flush = () => {
    writer.appendAll(batch)
    batch = []
  }
  return {
    placeOf: placeIn(history),
    append(event) {
      batch.push(event)
      if (batch.length >= BATCH_EVENTS) flush()
    },
    close() {
      flush()
      writer.close()
    },
  }
}

/** The default directory for the directories of runs. */
export const USUAL_OUT: string = 'chaos-results'

/** The file in a run's directory that describes the run. */
export const RUN_JSON = 'run.json'

/**
 * Only the owner can read the records of a run. If root runs chaos, a server may run as another user, as PostgreSQL
 * must. That user can reach the server's data in the run's directory, but cannot list this directory.
 */
const OWNER_ONLY = process.getuid?.() === 0 ? 0o711 : 0o700
const RECORD_MODE = 0o600

/** Creates `OUT/20261120-074501-raft`, with a number added if the name is taken. */
export function createRunDirectory(out: string, target: string, startedAt: Date): RunDirectory {
  const stamp = startedAt.toISOString().replace(/\..*$/, '').replaceAll(/[-:]/g, '').replace('T', '-')
  for (let attempt = 1; ; attempt++) {
    const path = join(out, `${stamp}-${target.replaceAll(':', '-')}${attempt === 1 ? '' : `-${attempt}`}`)
    try {
      makeDirectory(resolve(out))
      mkdirSync(path, { mode: OWNER_ONLY })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && attempt < 1000) continue
      throw outUnusable(out, error)
    }
    return {
      path,
      history: join(path, 'history.jsonl'),
      backend: join(path, 'history.backend.jsonl'),
      runJson: join(path, RUN_JSON),
      report: join(path, 'report.html'),
      nodes: join(path, 'nodes'),
    }
  }
}

/** Creates the directory early, so that a long search can store its results. */
export function makeOutDirectory(out: string): void {
  try {
    makeDirectory(resolve(out))
    // With the trailing dot, `accessSync` also fails if the path leads to a file.
    accessSync(`${resolve(out)}/.`, constants.W_OK)
  } catch (error) {
    throw outUnusable(out, error)
  }
}

const outUnusable = (out: string, error: unknown): UserError =>
  environmentError(`--out ${out}: cannot make a directory for this run: ${whyUnwritable(error)}`)

/** Replaces Node 20's recursive `mkdirSync`, which never returns under /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  mkdirSync(path)
}

export function writeResult(path: string, text: string): void {
  try {
    writeWholeFile(path, text, RECORD_MODE)
  } catch (error) {
    throw environmentError(`${path}: ${whyUnwritable(error)} The history of the run is complete.`)
  }
}

/** Returns the content of `run.json` without its verdicts. Undefined if the file is missing, or has another format. */
export function readSummary(path: string): RunSummary | undefined {
  const json = foundJson(path)
  if (!isObject(json) || json['chaos'] !== 1) return undefined
  const lists = [json['faults'], json['phases'], json['vacuous'], json['trouble']]
  return lists.every(Array.isArray) ? (json as unknown as RunSummary) : undefined
}
