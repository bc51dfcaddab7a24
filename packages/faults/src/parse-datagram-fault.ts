import { UserError } from '@chaos/history'
import type { DatagramFault, DatagramHarm, DatagramTrigger } from './datagram-fault.ts'
import { datagramHarms, datagramTriggerParameters } from './datagram-table.ts'
import { parseLinks } from './parse-link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

const isDatagramHarm = (kind: unknown): kind is DatagramHarm['kind'] =>
  typeof kind === 'string' && Object.hasOwn(datagramHarms, kind)

/**
 * Reads a fault from outside: `{"kind":"drop-datagram","links":["clients>n1"],"when":{"probability":0.1}}`. What is left
 * out takes the default of the table; nothing unknown is let through.
 *
 * @param where begins every message: the file or route, and the place in it.
 * @throws UserError (input)
 */
export function parseDatagramFault(value: unknown, where: string): DatagramFault {
  const members = readObject(value, where)
  const { kind } = members
  if (!isDatagramHarm(kind))
    throw new UserError(
      'input',
      `${where}: ${kind === undefined ? '"kind" is missing' : `there is no datagram fault ${quote(kind)}`}. Known: ${Object.keys(datagramHarms).join(', ')}.`,
    )
  const links = parseLinks(members['links'], where)
  // The table names, for each kind, just the members its type has.
  const harm = {
    kind,
    ...readParameters(datagramHarms[kind].parameters, members, `${where}: ${kind}`, ['kind', 'links', 'when']),
  } as DatagramHarm
  const given = members['when']
  if (given === undefined || given === null) return { ...harm, links }
  const when = readParameters(datagramTriggerParameters, readObject(given, `${where}: "when"`), `${where}: "when"`)
  return { ...harm, links, when: when as DatagramTrigger }
}
