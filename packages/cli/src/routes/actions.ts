import { readBytesFile, readJsonFile } from '@chaosproxy/engine/run'
import { UserError } from '@chaosproxy/history'
import { withDescriptor } from '@chaosproxy/proxy/control'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { proposeTables } from '@chaosproxy/recorder/postgresql'
import { parseRouteTable, routeTableSchema, tryRequest } from '@chaosproxy/recorder/routes'
import { checkTable, readCatalogue } from '@chaosproxy/targets'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { print } from '../terminal/output.ts'
import { renderTry } from './render-try.ts'
import { writtenAnswer, writtenRequest } from './written-messages.ts'

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
      throw new UserError(
        'usage',
        'chaos routes suggest: name the database: chaos routes suggest postgres://user@localhost/shop',
      )
    const statements = textOf(options, 'statements')
    const text = statements === undefined ? undefined : readBytesFile('chaos routes suggest', statements).toString()
    const { as, leftOut } = proposeTables(await readCatalogue(address), text)
    if (Object.keys(as.tables).length === 0)
      throw new UserError('input', ['no table of the database can be recorded', ...leftOut].join('\n  '))
    if (leftOut.length > 0) print(process.stderr, `  left out:\n${leftOut.map((line) => `    ${line}\n`).join('')}`)
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
  throw new UserError('usage', `chaos routes ${action}: name the file of a table: chaos routes ${action} routes.json`)
}

function refuseFile(options: ParsedOptions): void {
  const file = textsOf(options, 'file').at(-1)
  if (file !== undefined)
    throw new UserError(
      'usage',
      `chaos routes schema ${file}: all tables have the same schema. chaos routes check ${file} checks this one.`,
    )
}
