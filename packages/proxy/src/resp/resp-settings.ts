import { quote } from '@chaosproxy/faults'
import { type Json, UserError } from '@chaosproxy/history'
import { type CommandSet, commandModels, commandSet } from './command-set.ts'

/** What identifies clients, instead of the names they give. */
export type RespClient = 'peer.process' | 'peer.address' | 'connection'

/** What keys hold at the start. */
export type RespInitial = 'unknown' | 'read' | { readonly value: Json }

/** How a Redis is recorded. */
export interface RespSettings {
  readonly commands: CommandSet
  /** By default the names of CLIENT SETNAME or AUTH. */
  readonly client: RespClient | undefined
  readonly initial: RespInitial
}

interface Members {
  readonly [name: string]: unknown
}

const members: readonly string[] = ['commands', 'cas', 'scripts', 'wait', 'client', 'initial']
const clients: readonly string[] = ['peer.process', 'peer.address', 'connection'] satisfies RespClient[]

/**
 * Parses the members of `{"kind":"resp"}`. `"commands"` is the model to record and `"cas"` a compare-and-set script.
 * `"scripts":"keys"` promises that scripts write only the keys they declare. `"wait":"confirms"` means that clients
 * count a write as acknowledged once the WAIT right behind it is. `"client"` says what identifies clients, and
 * `"initial"` what keys hold at the start.
 *
 * @throws UserError that begins with `where`.
 */
export function parseRespSettings(given: Members, where: string): RespSettings {
  const stranger = Object.keys(given).find((name) => !members.includes(name))
  if (stranger !== undefined)
    throw new UserError('input', `${where} has no member ${quote(stranger)}. It has: ${members.join(', ')}.`)
  return {
    commands: parseCommands(given, where),
    client: parseClient(given['client'], where),
    initial: parseInitial(given['initial'], where),
  }
}

function parseCommands(
  { commands: model = 'register', cas, scripts = 'anything', wait = 'nothing' }: Members,
  where: string,
): CommandSet {
  if (cas !== undefined && (typeof cas !== 'string' || cas === ''))
    throw new UserError(
      'input',
      `${where}: "cas" is ${quote(cas)}. Give the source of the script that compares and sets.`,
    )
  if (scripts !== 'anything' && scripts !== 'keys')
    throw new UserError(
      'input',
      `${where}: "scripts" is ${quote(scripts)}. Give "keys" where no script writes a key that it does not declare, or "anything".`,
    )
  if (wait !== 'nothing' && wait !== 'confirms')
    throw new UserError(
      'input',
      `${where}: "wait" is ${quote(wait)}. Give "confirms" where clients count a write as acknowledged when the WAIT right behind it is answered, or "nothing".`,
    )
  if (typeof model !== 'string' || !commandModels.includes(model))
    throw new UserError('input', `${where}: "commands" is ${quote(model)}. Known: ${commandModels.join(', ')}.`)
  return commandSet({ model, cas, scriptsKeepToKeys: scripts === 'keys', isConfirmedByWait: wait === 'confirms' })
}

function parseClient(client: unknown, where: string): RespClient | undefined {
  if (client === undefined) return undefined
  if (typeof client === 'string' && clients.includes(client)) return client as RespClient
  throw new UserError(
    'input',
    `${where}: "client" is ${quote(client)}. Give ${clients.join(', ')}, or leave it out: then CLIENT SETNAME and AUTH name clients.`,
  )
}

function parseInitial(initial: unknown, where: string): RespInitial {
  if (initial === undefined || initial === 'unknown') return 'unknown'
  if (initial === 'read') return initial
  if (initial !== null && typeof initial === 'object' && Object.keys(initial).join() === 'value')
    return { value: (initial as { readonly value: Json }).value }
  throw new UserError(
    'input',
    `${where}: "initial" is ${quote(initial)}. Give "unknown", "read", or {"value": null} where there is nothing.`,
  )
}
