import { readBytesFile, readJsonFile, readTextFile } from '@chaosproxy/engine/run'
import { inputError, usageError } from '@chaosproxy/history'
import { withDescriptor } from '@chaosproxy/proxy/control'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { proposeTables } from '@chaosproxy/recorder/postgresql'
import {
  parseRouteTable,
  readHeader,
  readWrittenAnswer,
  readWrittenRequest,
  routeTableSchema,
  type TriedRequest,
  tryRequest,
  type WrittenAnswer,
  type WrittenRequest,
} from '@chaosproxy/recorder/routes'
import { checkTable, mysqlCatalogue, postgresqlCatalogue, readCatalogue } from '@chaosproxy/targets'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { printNotice } from '../terminal/output.ts'

/** The actions of `chaos routes`. Each returns the text to print. */
export const actions: { readonly [name: string]: (options: ParsedOptions) => string | Promise<string> } = {
  schema(options) {
    refuseFile(options)
    return `${JSON.stringify(routeTableSchema, null, 2)}\n`
  },
  check(options) {
    const path = fileOf(options, 'check')
    const { routes } = readTable('check', path, options)
    if (flagOf(options, 'json')) return `${JSON.stringify({ file: path, routes: routes.length })}\n`
    return `  ${path}: ${routes.length === 1 ? 'one route makes' : `${routes.length} routes make`} sense\n`
  },
  try(options) {
    const path = fileOf(options, 'try')
    const table = readTable('try', path, options)
    const tried = tryRequest(table, writtenRequest(options), writtenAnswer(options))
    return flagOf(options, 'json') ? `${JSON.stringify(tried)}\n` : renderTry(tried, table, path)
  },
  async suggest(options) {
    const address = textsOf(options, 'file').at(-1)
    if (address === undefined)
      throw usageError(
        'chaos routes suggest needs the address of a database: chaos routes suggest postgres://user@localhost/shop',
      )
    const statements = textOf(options, 'statements')
    const text = statements === undefined ? undefined : readBytesFile('chaos routes suggest', statements).toString()
    const { kind, catalogue } = await readCatalogue(address, [postgresqlCatalogue, mysqlCatalogue])
    const { as, leftOut } = proposeTables(catalogue, { kind, statements: text })
    if (Object.keys(as.tables).length === 0)
      throw inputError(['no table of the database can be recorded', ...leftOut].join('\n  '))
    if (leftOut.length > 0) printNotice(`  left out:\n${leftOut.map((line) => `    ${line}\n`).join('')}`)
    return `${JSON.stringify(as, null, 2)}\n`
  },
}

function readTable(action: string, path: string, options: ParsedOptions): RouteTable {
  const asker = `chaos routes ${action}`
  const table = parseRouteTable(
    withDescriptor(readJsonFile(asker, path), path, (descriptor) => readBytesFile(asker, descriptor)),
    path,
  )
  checkTable(table, path, textOf(options, 'model'))
  return table
}

function fileOf(options: ParsedOptions, action: string): string {
  const file = textsOf(options, 'file').at(-1)
  if (file !== undefined) return file
  throw usageError(`chaos routes ${action} needs the file of a route table: chaos routes ${action} routes.json`)
}

function refuseFile(options: ParsedOptions): void {
  const file = textsOf(options, 'file').at(-1)
  if (file !== undefined)
    throw usageError(
      `chaos routes schema ${file}: leave the file out, because all route tables have one schema. chaos routes check ${file} checks this table.`,
    )
}

/** Shows how a request is recorded. */
function renderTry(tried: TriedRequest, table: RouteTable, path: string): string {
  const { route, session, kind, events } = tried
  const taken =
    route === undefined ? 'no route takes it' : `route ${route} takes it: ${table.routes[route - 1]?.request ?? ''}`
  const client =
    kind === 'operations'
      ? [
          `  client    ${session ?? (table.client === undefined ? 'nothing names it: say "client" in the table' : `not named: there is nothing at ${table.client}`)}`,
        ]
      : []
  return [
    `  ${path}: ${taken}`,
    `  it is     ${kinds[kind]}`,
    ...client,
    ...(events.length === 0
      ? ['  nothing is written']
      : events.map((event) => `  ${JSON.stringify(withoutPosition(event))}`)),
    '',
  ].join('\n')
}

const kinds: { readonly [kind in TriedRequest['kind']]: string } = {
  operations: 'recorded',
  'passed-on': 'passed on, and no operation',
  'not-understood': 'not understood: it should be an operation, but a required part is missing',
}

/** Returns an event without the members that matter only in real recordings. */
function withoutPosition({
  index: _,
  time: __,
  epoch: ___,
  node: ____,
  ...event
}: TriedRequest['events'][number]): object {
  return event
}

/** @throws UserError (usage, input) */
function writtenRequest(options: ParsedOptions): WrittenRequest {
  const typed = textOf(options, 'request')
  if (typed === undefined)
    throw usageError(
      `chaos routes try needs a request: --request 'GET /kv/x', or --request @request.http for a file with the whole request.`,
    )
  const request = readWrittenRequest(contentOf('request', typed), `--request ${typed}`)
  return {
    ...request,
    headers: [...request.headers, ...headersOf(options, 'header')],
    body: textOf(options, 'body') ?? request.body,
  }
}

/** @throws UserError (input) */
function writtenAnswer(options: ParsedOptions): WrittenAnswer {
  const typed = textOf(options, 'answer') ?? '200'
  const answer = readWrittenAnswer(contentOf('answer', typed), `--answer ${typed}`)
  return {
    ...answer,
    headers: [...answer.headers, ...headersOf(options, 'answer-header')],
    body: textOf(options, 'answer-body') ?? answer.body,
  }
}

const contentOf = (option: string, typed: string): string =>
  typed.startsWith('@') ? readTextFile(`--${option}`, typed.slice(1)) : typed

const headersOf = (options: ParsedOptions, option: string): WrittenRequest['headers'] =>
  textsOf(options, option).map((line) => readHeader(line, `--${option}`))
