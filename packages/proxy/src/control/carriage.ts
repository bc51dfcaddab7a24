import { type Endpoint, quote, readObject } from '@chaos/faults'
import { UserError } from '@chaos/history'
import { chain } from '../chain.ts'
import type { Framing } from '../framing/framing.ts'
import { framingNames, parseFraming } from '../framing/parse-framing.ts'
import { resp } from '../framing/resp.ts'
import type { HttpFaults } from '../http/http-faults.ts'
import { parseRouteTable, type RouteTable } from '../http/route-table.ts'
import type { Http2Faults } from '../http2/http2-faults.ts'
import type { Intercept } from '../interceptor.ts'
import type { MessageFaults } from '../messages/message-faults.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { type CommandRule, casScript, commandTables } from '../resp/command-table.ts'
import { recordResp } from '../resp/resp-recorder.ts'
import { websocket } from '../websocket/websocket.ts'

/** What a proxy's bytes are, as far as it is to know: so that single requests and messages can be hurt and recorded. */
export type Carriage =
  | { readonly kind: 'http'; readonly table: RouteTable | undefined; readonly websocket: boolean }
  | { readonly kind: 'http2' }
  | { readonly kind: 'resp'; readonly commands: readonly CommandRule[] }
  | { readonly kind: 'messages'; readonly framing: Framing }

/** What `parseCarriage` takes, for help and documents. */
export const carriageNames: readonly string[] = ['http', 'http2', ...framingNames]

/**
 * `"http"`, `"resp"`, `"json-lines"`, or an object with more: `{"kind":"http","routes":[…]}` says how requests are
 * operations, with `"websocket":true` what comes after an upgrade is read too, `{"kind":"resp","commands":"counter"}` says
 * how commands are operations, and its `"cas"` which script compares and sets (see `casScript`), and `{"kind":"length-prefixed",…}` where lengths are.
 *
 * @throws UserError that begins with `where`.
 */
export function parseCarriage(value: unknown, where: string): Carriage {
  const { kind, ...members } = typeof value === 'string' ? { kind: value } : readObject(value, where)
  if (kind === 'http') return parseHttp(members, where)
  if (kind === 'http2') {
    refuseUnknown(members, [], where)
    return { kind }
  }
  if (kind === 'resp') return { kind, commands: parseCommands(members, where) }
  if (typeof kind === 'string' && framingNames.includes(kind))
    return { kind: 'messages', framing: parseFraming(value, where) }
  throw new UserError('input', `${where} is ${quote(kind)}. Known: ${carriageNames.join(', ')}.`)
}

function parseHttp(members: { readonly [name: string]: unknown }, where: string): Carriage {
  const { websocket: upgrades = false, ...table } = members
  if (typeof upgrades !== 'boolean')
    throw new UserError('input', `${where}: "websocket" is ${quote(upgrades)}. Give true or false.`)
  return {
    kind: 'http',
    table: Object.keys(table).length === 0 ? undefined : parseRouteTable(table, where),
    websocket: upgrades,
  }
}

function parseCommands(members: { readonly [name: string]: unknown }, where: string): readonly CommandRule[] {
  refuseUnknown(members, ['commands', 'cas'], where)
  const { commands = 'register', cas } = members
  if (cas !== undefined && (typeof cas !== 'string' || cas === ''))
    throw new UserError(
      'input',
      `${where}: "cas" is ${quote(cas)}. Give the source of the script that compares and sets.`,
    )
  const table =
    typeof commands === 'string' && Object.hasOwn(commandTables, commands) ? commandTables[commands] : undefined
  if (table !== undefined) return cas === undefined ? table : [casScript(cas), ...table]
  throw new UserError(
    'input',
    `${where}: "commands" is ${quote(commands)}. Known: ${Object.keys(commandTables).join(', ')}.`,
  )
}

function refuseUnknown(members: { readonly [name: string]: unknown }, known: readonly string[], where: string): void {
  const stranger = Object.keys(members).find((name) => !known.includes(name))
  if (stranger === undefined) return
  throw new UserError('input', `${where} has no member ${quote(stranger)}. It has: ${known.join(', ') || 'none'}.`)
}

export interface CarriageReaders {
  readonly http: Pick<HttpFaults, 'intercept'>
  readonly http2: Pick<Http2Faults, 'intercept'>
  readonly messages: Pick<MessageFaults, 'intercept'>
  readonly recorder: Recorder | undefined
}

/** What reads a proxy's connections. A recorder stands at the client edge, before every fault. */
export function interceptFor(
  carriage: Carriage,
  { from, to }: { readonly from: Endpoint; readonly to: Endpoint },
  { http, http2, messages, recorder }: CarriageReaders,
): Intercept {
  switch (carriage.kind) {
    case 'http': {
      const requests = http.intercept({ from, to, table: carriage.table })
      return carriage.websocket ? chain(requests, messages.intercept({ from, to, framing: websocket })) : requests
    }
    case 'http2':
      return http2.intercept({ from, to })
    case 'resp': {
      const faults = messages.intercept({ from, to, framing: resp })
      return recorder === undefined
        ? faults
        : chain(recordResp({ recorder, node: to, commands: carriage.commands }), faults)
    }
    case 'messages':
      return messages.intercept({ from, to, framing: carriage.framing })
  }
}
