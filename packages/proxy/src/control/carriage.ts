import { type Endpoint, quote, readObject } from '@chaos/faults'
import { UserError } from '@chaos/history'
import { chain } from '../chain.ts'
import type { Framing } from '../framing/framing.ts'
import { framingNames, parseFraming } from '../framing/parse-framing.ts'
import { resp } from '../framing/resp.ts'
import type { HttpFaults } from '../http/http-faults.ts'
import { parseRouteTable, type RouteTable } from '../http/route-table.ts'
import type { Intercept } from '../interceptor.ts'
import type { MessageFaults } from '../messages/message-faults.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { type CommandRule, commandTables } from '../resp/command-table.ts'
import { recordResp } from '../resp/resp-recorder.ts'

/** What a proxy's bytes are, as far as it is to know: so that single requests and messages can be hurt and recorded. */
export type Carriage =
  | { readonly kind: 'http'; readonly table: RouteTable | undefined }
  | { readonly kind: 'resp'; readonly commands: readonly CommandRule[] }
  | { readonly kind: 'messages'; readonly framing: Framing }

/** What `parseCarriage` takes, for help and documents. */
export const carriageNames: readonly string[] = ['http', ...framingNames]

/**
 * `"http"`, `"resp"`, `"json-lines"`, or an object with more: `{"kind":"http","routes":[…]}` says how requests are
 * operations, `{"kind":"resp","commands":"counter"}` how commands are, `{"kind":"length-prefixed",…}` where lengths are.
 *
 * @throws UserError that begins with `where`.
 */
export function parseCarriage(value: unknown, where: string): Carriage {
  const { kind, ...members } = typeof value === 'string' ? { kind: value } : readObject(value, where)
  if (kind === 'http') {
    const table = Object.keys(members).length === 0 ? undefined : parseRouteTable(members, where)
    return { kind, table }
  }
  if (kind === 'resp') return { kind, commands: parseCommands(members, where) }
  if (typeof kind === 'string' && framingNames.includes(kind))
    return { kind: 'messages', framing: parseFraming(value, where) }
  throw new UserError('input', `${where} is ${quote(kind)}. Known: ${carriageNames.join(', ')}.`)
}

function parseCommands(members: { readonly [name: string]: unknown }, where: string): readonly CommandRule[] {
  const { commands = 'register', ...unknown } = members
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined)
    throw new UserError('input', `${where} has no member ${quote(stranger)}. It has: commands.`)
  const table =
    typeof commands === 'string' && Object.hasOwn(commandTables, commands) ? commandTables[commands] : undefined
  if (table !== undefined) return table
  throw new UserError(
    'input',
    `${where}: "commands" is ${quote(commands)}. Known: ${Object.keys(commandTables).join(', ')}.`,
  )
}

export interface CarriageReaders {
  readonly http: Pick<HttpFaults, 'intercept'>
  readonly messages: Pick<MessageFaults, 'intercept'>
  readonly recorder: Recorder | undefined
}

/** What reads a proxy's connections. A recorder stands at the client edge, before every fault. */
export function interceptFor(
  carriage: Carriage,
  { from, to }: { readonly from: Endpoint; readonly to: Endpoint },
  { http, messages, recorder }: CarriageReaders,
): Intercept {
  switch (carriage.kind) {
    case 'http':
      return http.intercept({ from, to, ...(carriage.table === undefined ? {} : { table: carriage.table }) })
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
