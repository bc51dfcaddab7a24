import { createHash, createHmac } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { foundJson, type KnownRuns, listRuns, packageVersion, RUN_JSON } from '@chaosproxy/engine/run'
import { parseAddress } from '@chaosproxy/proxy/control'
import { type ListedRun, type LivePage, renderRunsHtml, runsScript } from '@chaosproxy/report'
import { type ComparedResult, renderDifferenceHtml } from '@chaosproxy/report/difference'
import { resultIn } from '@chaosproxy/runner/result'
import { renderSavedPage, SAVED_POLICY } from './saved-page.ts'
import { announcedIn } from './server/announcement.ts'
import { scriptPolicy } from './server/content-policy.ts'
import { type Content, startGuardedServer } from './server/guarded-server.ts'
import { DOCUMENT_POLICY } from './server/server.ts'

interface RunsConsoleOptions {
  readonly directory: string
  /** `host:port`; by default any free port of this machine's loopback. */
  readonly listen?: string | undefined
}

interface RunsConsole {
  readonly url: string
  close(): Promise<void>
}

const RUNS_POLICY = scriptPolicy(runsScript)

/** The files of a run that can be opened, with their media types. */
const OPENED: { readonly [file: string]: string | undefined } = {
  'report.html': 'text/html',
  'history.jsonl': 'text/plain',
  'history.backend.jsonl': 'text/plain',
}

/**
 * Serves the runs of a directory: a list that updates itself, reports, and two runs side by side. The token is the
 * first part of every path, so that relative links within reports work.
 *
 * @throws UserError (usage, environment) if the server cannot listen on the address.
 */
export async function openRunsConsole({ directory, listen = '127.0.0.1:0' }: RunsConsoleOptions): Promise<RunsConsole> {
  const known: KnownRuns = new Map()
  const server = await startGuardedServer({
    listen,
    option: '--listen',
    tokenIn({ pathname }, token) {
      const [, key = '', name = ''] = pathname.split('/')
      return key === documentKey(token, decoded(name)) ? token : key
    },
    contentOf(url, token) {
      const [key, name = '', file, ...rest] = url.pathname.split('/').slice(1).map(decoded)
      if (rest.length > 0) return undefined
      if (file !== undefined) return fileOf(directory, known, name, { file, isDocument: key !== token })
      if (key !== token) return undefined
      const linkOf = (run: string) => `../${documentKey(token, run)}/${run}/report.html`
      if (name === 'compare') return comparison(directory, known, url.searchParams, linkOf)
      if (name === 'judge')
        return {
          status: 200,
          type: 'text/html',
          body: renderSavedPage(),
          policy: `${SAVED_POLICY}; frame-ancestors 'none'`,
        }
      return name === ''
        ? listing(directory, known, { since: url.searchParams.get('since'), linkOf, host: parseAddress(listen).host })
        : undefined
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

/**
 * Returns the key that is in the addresses of a run's documents instead of the secret token. A report may contain a
 * stranger's script, which could read its own address and send it to the stranger.
 */
const documentKey = (token: string, name: string): string =>
  createHmac('sha256', token).update(name).digest('base64url').slice(0, 24)

type LinkOf = (run: string) => string

interface ListingOptions {
  readonly since: string | null
  readonly linkOf: LinkOf
  readonly host: string
}

function listing(directory: string, known: KnownRuns, { since, linkOf, host }: ListingOptions): Content {
  const { runs, older } = listRuns(directory, known)
  const live = runs.flatMap(({ name }): LivePage[] => {
    const url = announcedIn(join(directory, name), host)
    return url === undefined ? [] : [{ name, url }]
  })
  const state = createHash('sha256')
    .update(JSON.stringify([runs, live]))
    .digest('base64url')
  if (state === since) return { status: 204, type: 'text/plain', body: '', policy: RUNS_POLICY }
  const body = renderRunsHtml({ version: packageVersion(), directory, runs, older, served: { state, live, linkOf } })
  return { status: 200, type: 'text/html', body, policy: RUNS_POLICY }
}

/** Returns a listed run. Only listed runs are served, so no path leads out of the directory. */
function listedAs(directory: string, known: KnownRuns, name: string): ListedRun | undefined {
  return (known.get(name) ?? readAgain(directory, known).get(name))?.run
}

function readAgain(directory: string, known: KnownRuns): KnownRuns {
  listRuns(directory, known)
  return known
}

interface FileRequest {
  readonly file: string
  /**
   * True if the path of the request began with a run's document key, false if it began with the server's secret token.
   */
  readonly isDocument: boolean
}

function fileOf(
  directory: string,
  known: KnownRuns,
  name: string,
  { file, isDocument }: FileRequest,
): Content | undefined {
  const type = OPENED[file]
  // A script in an HTML document can read the document's address. HTML is therefore refused at an address that contains
  // the secret token.
  if (type === 'text/html' && !isDocument) return undefined
  const path = join(directory, name, file)
  if (type === undefined || listedAs(directory, known, name) === undefined) return undefined
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
  return { status: 200, type, body: { file: path }, policy: DOCUMENT_POLICY }
}

function comparison(directory: string, known: KnownRuns, parameters: URLSearchParams, linkOf: LinkOf): Content {
  const sides = ['before', 'after'].map((side) => comparedResult(directory, known, parameters.get(side) ?? '', linkOf))
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

function comparedResult(directory: string, known: KnownRuns, name: string, linkOf: LinkOf): ComparedResult | undefined {
  const listed = listedAs(directory, known, name)
  const json = listed?.hasResult === true ? foundJson(join(directory, name, RUN_JSON)) : undefined
  const result = json === undefined ? undefined : resultIn(json)
  if (listed === undefined || result === undefined) return undefined
  return { name, result, target: listed.target, ...(listed.hasReport ? { report: linkOf(name) } : {}) }
}
