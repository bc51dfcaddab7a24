import { UserError } from '@chaos/history'
import type { FaultParameter } from './harm-table.ts'
import type { HttpFault, HttpHarm, HttpMatch, HttpTrigger } from './http-fault.ts'
import { actsOnReplies, httpHarms, httpMatchParameters, httpTriggerParameters } from './http-table.ts'
import { parseLinks } from './parse-link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

/** Whether a kind is that of a fault of HTTP requests and answers. */
export const isHttpHarm = (kind: unknown): kind is HttpHarm['kind'] =>
  typeof kind === 'string' && Object.hasOwn(httpHarms, kind)

/** Members that stand beside the parameters of a fault. */
const BESIDE = ['kind', 'links', 'match', 'when']

/**
 * Reads a fault from outside: `{"kind":"lose-reply","links":["clients>n1"],"match":{"method":"PUT"},"when":{"nth":3}}`.
 * What is left out takes the default of the table; nothing unknown is let through.
 *
 * @param where begins every message: the file or route, and the place in it.
 * @throws UserError (input)
 */
export function parseHttpFault(value: unknown, where: string): HttpFault {
  const members = readObject(value, where)
  const { kind } = members
  if (!isHttpHarm(kind))
    throw new UserError(
      'input',
      `${where}: ${kind === undefined ? '"kind" is missing' : `there is no HTTP fault ${quote(kind)}`}. Known: ${Object.keys(httpHarms).join(', ')}.`,
    )
  const at = `${where}: ${kind}`
  const links = parseLinks(members['links'], where)
  // The table names, for each kind, just the members its type has.
  const harm = { kind, ...readParameters(httpHarms[kind].parameters, members, at, BESIDE) } as HttpHarm
  if (harm.kind === 'edit-request') validateEdit(harm, at)
  if (harm.kind === 'edit-reply') validateEdit(harm, at, harm.status !== undefined)
  const match = parseHttpMatch(members['match'], `${where}: "match"`)
  if (match?.status !== undefined && !actsOnReplies(kind))
    throw new UserError('input', `${at}: "status" is what an answer says, and this happens before there is one.`)
  const when = parseHttpTrigger(members['when'], `${where}: "when"`)
  return { ...harm, links, ...(match === undefined ? {} : { match }), ...(when === undefined ? {} : { when }) }
}

/** @param parameters what may be matched, where it is not everything. @throws UserError (input) */
export function parseHttpMatch(
  value: unknown,
  where: string,
  parameters: readonly FaultParameter[] = httpMatchParameters,
): HttpMatch | undefined {
  if (value === undefined || value === null) return undefined
  const match: HttpMatch = readParameters(parameters, readObject(value, where), where)
  const { method, path, header, headerValue, status } = match
  if (method !== undefined && !/^[A-Za-z-]+(,[A-Za-z-]+)*$/.test(method))
    throw new UserError('input', `${where}: "method" is ${quote(method)}. Write GET, or several: PUT,POST.`)
  if (path !== undefined && !path.startsWith('/'))
    throw new UserError(
      'input',
      `${where}: "path" is ${quote(path)}. A path begins with a slash: /kv/{key}, /static/*.`,
    )
  if (headerValue !== undefined && header === undefined)
    throw new UserError('input', `${where}: "headerValue" says what a field holds. Give "header" as well.`)
  if (status !== undefined && !/^[1-5](\d\d|xx)$/.test(status))
    throw new UserError('input', `${where}: "status" is ${quote(status)}. Write 503, or a class of them: 5xx.`)
  return match
}

function parseHttpTrigger(value: unknown, where: string): HttpTrigger | undefined {
  if (value === undefined || value === null) return undefined
  const when = readParameters(httpTriggerParameters, readObject(value, where), where) as HttpTrigger
  if (when.fromMs !== undefined && when.untilMs !== undefined && when.untilMs <= when.fromMs)
    throw new UserError('input', `${where}: "untilMs" is ${when.untilMs}, which is not after "fromMs" ${when.fromMs}.`)
  return when
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Fields that say where a message ends are the proxy's to set. */
const FRAMING = ['content-length', 'transfer-encoding']

type Edit = Extract<HttpHarm, { readonly kind: 'edit-request' | 'edit-reply' }>

function validateEdit({ headers, body }: Edit, where: string, changesMore = false): void {
  const entries = Object.entries(readObject(headers ?? {}, `${where}: "headers"`))
  for (const [name, value] of entries) {
    if (!NAME.test(name)) throw new UserError('input', `${where}: ${quote(name)} is no name of a field.`)
    if (FRAMING.includes(name.toLowerCase()))
      throw new UserError('input', `${where}: ${name} says where the message ends, and is set with "body".`)
    if (value !== null && (typeof value !== 'string' || /[^\t -~\u0080-\u00ff]/.test(value)))
      throw new UserError(
        'input',
        `${where}: the value of ${name} is ${quote(value)}. Give a text of one line, or null.`,
      )
  }
  if (entries.length === 0 && body === undefined && !changesMore)
    throw new UserError('input', `${where} changes nothing. Give "headers" or "body".`)
}
