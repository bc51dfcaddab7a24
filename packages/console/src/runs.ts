import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KnownRuns, listRuns, packageVersion, RUN_JSON } from '@chaosproxy/engine'
import {
  type ComparedResult,
  type ListedRun,
  type LivePage,
  renderDifferenceHtml,
  renderRunsHtml,
  runsScript,
} from '@chaosproxy/report'
import { resultIn } from '@chaosproxy/runner/result'
import { renderSavedPage, SAVED_POLICY } from './saved-page.ts'
import { announcedIn } from './server/announcement.ts'
import { type Content, startGuardedServer } from './server/guarded-server.ts'
import { DOCUMENT_POLICY } from './server/server.ts'

export interface RunsConsoleOptions {
  /** The directory of results, as typed. */
  readonly directory: string
  /** `host:port`; by default any free port of this machine's loopback. */
  readonly listen?: string | undefined
}

/** The page of all runs of a directory. */
export interface RunsConsole {
  readonly url: string
  close(): Promise<void>
}

/** The page of runs asks its own server for what is new, and runs no script but its own. */
const RUNS_POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(runsScript).digest('base64')}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** What can be opened of a run, by the name of its file. */
const OPENED: { readonly [file: string]: string | undefined } = {
  'report.html': 'text/html',
  'history.jsonl': 'text/plain',
  'history.backend.jsonl': 'text/plain',
}

/**
 * Serves the runs of a directory: a list that keeps itself up to date, their reports, and any two side by side. The token
 * is the first part of every path, so that the links within reports, which are relative, work as they do from disk.
 *
 * @throws UserError (usage, environment) if nothing can listen there.
 */
export async function openRunsConsole({ directory, listen = '127.0.0.1:0' }: RunsConsoleOptions): Promise<RunsConsole> {
  const known: KnownRuns = new Map()
  const server = await startGuardedServer({
    listen,
    option: '--listen',
    tokenIn: ({ pathname }) => pathname.split('/')[1] ?? '',
    contentOf(url) {
      const [name = '', file, ...rest] = url.pathname.split('/').slice(2).map(decoded)
      if (rest.length > 0) return undefined
      if (file !== undefined) return fileOf(directory, known, name, file)
      if (name === 'compare') return comparison(directory, known, url.searchParams)
      if (name === 'judge')
        return {
          status: 200,
          type: 'text/html',
          body: renderSavedPage(),
          policy: `${SAVED_POLICY}; frame-ancestors 'none'`,
        }
      return name === '' ? listing(directory, known, url.searchParams.get('since')) : undefined
    },
  })
  return { url: `${server.origin}/${server.token}/`, close: server.close }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

function listing(directory: string, known: KnownRuns, since: string | null): Content {
  const { runs, older } = listRuns(directory, known)
  const live = runs.flatMap(({ name }): LivePage[] => {
    const url = announcedIn(join(directory, name))
    return url === undefined ? [] : [{ name, url }]
  })
  const state = createHash('sha256')
    .update(JSON.stringify([runs, live]))
    .digest('base64url')
  if (state === since) return { status: 204, type: 'text/plain', body: '', policy: RUNS_POLICY }
  const body = renderRunsHtml({ version: packageVersion(), directory, runs, older, served: { state, live } })
  return { status: 200, type: 'text/html', body, policy: RUNS_POLICY }
}

/** Only of a run that is listed, so that no path leads out of the directory. */
function listedAs(directory: string, known: KnownRuns, name: string): ListedRun | undefined {
  return (known.get(name) ?? readAgain(directory, known).get(name))?.run
}

function readAgain(directory: string, known: KnownRuns): KnownRuns {
  listRuns(directory, known)
  return known
}

function fileOf(directory: string, known: KnownRuns, name: string, file: string): Content | undefined {
  const type = OPENED[file]
  const path = join(directory, name, file)
  if (type === undefined || listedAs(directory, known, name) === undefined) return undefined
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
  return { status: 200, type, body: { file: path }, policy: DOCUMENT_POLICY }
}

function comparison(directory: string, known: KnownRuns, asked: URLSearchParams): Content {
  const sides = ['before', 'after'].map((side) => comparedResult(directory, known, asked.get(side) ?? ''))
  const [before, after] = sides
  if (before === undefined || after === undefined)
    return {
      status: 404,
      type: 'text/plain',
      body: 'One of the two runs is gone, or has no result: choose two others.\n',
      policy: DOCUMENT_POLICY,
    }
  const body = renderDifferenceHtml({ version: packageVersion(), before, after, home: './' })
  return { status: 200, type: 'text/html', body, policy: DOCUMENT_POLICY }
}

function comparedResult(directory: string, known: KnownRuns, name: string): ComparedResult | undefined {
  const listed = listedAs(directory, known, name)
  const path = join(directory, name, RUN_JSON)
  if (listed?.hasResult !== true || !existsSync(path)) return undefined
  const result = resultIn(JSON.parse(readFileSync(path, 'utf8')))
  if (result === undefined) return undefined
  return { name, result, target: listed.target, ...(listed.hasReport ? { report: `${name}/report.html` } : {}) }
}
