import { UserError } from '@chaos/history'
import type { MessageFault, MessageHarm, MessageMatch, MessageTrigger } from './message-fault.ts'
import { matchParameters, messageHarms, messageTriggerParameters } from './message-table.ts'
import { parseLinks } from './parse-link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

/** Whether a kind is that of a message fault, and not of one that hits bytes or connections. */
export const isMessageHarm = (kind: unknown): kind is MessageHarm['kind'] =>
  typeof kind === 'string' && Object.hasOwn(messageHarms, kind)

/** Members that stand beside the parameters of a fault. */
const BESIDE = ['kind', 'links', 'match', 'when']

/**
 * Reads a fault from outside: `{"kind":"drop-message","links":["n1>n2"],"match":{"member":"type","equals":"append"},
 * "when":{"probability":0.1}}`. What is left out takes the default of the table; nothing unknown is let through.
 *
 * @param where begins every message: the file or route, and the place in it.
 * @throws UserError (input)
 */
export function parseMessageFault(value: unknown, where: string): MessageFault {
  const members = readObject(value, where)
  const { kind } = members
  if (!isMessageHarm(kind))
    throw new UserError(
      'input',
      `${where}: ${kind === undefined ? '"kind" is missing' : `there is no message fault ${quote(kind)}`}. Known: ${Object.keys(messageHarms).join(', ')}.`,
    )
  const links = parseLinks(members['links'], where)
  // The table names, for each kind, just the members its type has.
  const harm = {
    kind,
    ...readParameters(messageHarms[kind].parameters, members, `${where}: ${kind}`, BESIDE),
  } as MessageHarm
  const match = parseMatch(members['match'], where)
  const when = parseMessageTrigger(members['when'], where)
  return { ...harm, links, ...(match === undefined ? {} : { match }), ...(when === undefined ? {} : { when }) }
}

function parseMatch(value: unknown, where: string): MessageMatch | undefined {
  if (value === undefined || value === null) return undefined
  const match = readParameters(matchParameters, readObject(value, `${where}: "match"`), `${where}: "match"`)
  if ('equals' in match && !('member' in match))
    throw new UserError('input', `${where}: "match": "equals" says what a member is. Give "member" as well.`)
  return match
}

function parseMessageTrigger(value: unknown, where: string): MessageTrigger | undefined {
  if (value === undefined || value === null) return undefined
  const members = readObject(value, `${where}: "when"`)
  return readParameters(messageTriggerParameters, members, `${where}: "when"`) as MessageTrigger
}
