import type { Json } from '../event/event.ts'
import { EventError } from '../event/rules.ts'
import { isObject, parseJson } from './json-text.ts'
import { type Outcome, outcomeOf } from './outcomes.ts'
import { type Found, type Members, NONE, type Roles } from './roles.ts'

/** A request and its response, as an operation on the record at its path. */
export interface Exchange {
  readonly members: Members
  readonly f: 'read' | 'write'
  readonly key: Found
  readonly method: Found
  readonly path: Found
  readonly body: Found | undefined
  readonly response: Found | undefined
}

const METHOD = /^(?:GET|PUT|POST|PATCH|DELETE|HEAD|OPTIONS|TRACE)$/i

/**
 * Returns the exchange of a line. Undefined if the line is no request; `none` if the method neither reads nor writes
 * the record at the path, such as OPTIONS.
 *
 * @throws EventError for a request whose meaning cannot be determined.
 */
export function exchangeOf(line: Members, roles: Roles): Exchange | 'none' | undefined {
  const members = flattened(line)
  const method = roles.all(members, 'f').find(([, value]) => typeof value === 'string' && METHOD.test(value))
  const path = roles.all(members, 'path').find(([, value]) => typeof value === 'string')
  if (method === undefined || path === undefined) return undefined
  const verb = String(method[1]).toUpperCase()
  if (WITHOUT_RECORD.has(verb)) return 'none'
  const key = mappedKey(members, roles) ?? [path[0], keyOf(path)]
  const response = roles.all(members, 'output')[0]
  const contents = [...roles.all(members, 'input'), ...roles.all(members, 'value')]
  const [sent] = contents
  switch (verb) {
    case 'GET': {
      const returned = response ?? contents.find(([name]) => !/^req/i.test(name))
      if (returned === undefined && hasFailed(members, roles))
        return { members, f: 'read', key, method, path, body: undefined, response: undefined }
      if (returned === undefined)
        throw new EventError(
          `GET ${String(path[1])}: no member seems to hold the returned value. Rename the member with this value to "response", or give its name: --map output=MEMBER`,
        )
      return { members, f: 'read', key, method, path, body: undefined, response: contentOf(returned) }
    }
    case 'PUT':
      if (sent === undefined)
        throw new EventError(
          `PUT ${String(path[1])}: no member seems to hold the written value. Rename the member with this value to "body", or give its name: --map input=MEMBER`,
        )
      return { members, f: 'write', key, method, path, body: contentOf(sent), response }
    case 'DELETE':
      return { members, f: 'write', key, method, path, body: [sent?.[0] ?? method[0], null], response }
    default:
      throw new EventError(
        `"${method[0]}" is ${verb}: it is unclear what it does to ${String(path[1])}. If it replaces the record, as PUT does: sed -E 's/(^|[",;])${verb}([",;]|$)/\\1PUT\\2/' FILE`,
      )
  }
}

const WITHOUT_RECORD = new Set(['HEAD', 'OPTIONS', 'TRACE'])

/**
 * Returns the member that `--map` names as the key. With `--map key=none`, its value is null: all operations are on one
 * object.
 */
function mappedKey(members: Members, roles: Roles): Found | undefined {
  if (roles.isMappedTo('key', NONE)) return [NONE, null]
  const found = roles.found(members, 'key')
  if (found !== undefined && roles.isMappedTo('key', found[0])) return found
  const trouble = roles.troubleOf('key', members)
  if (trouble !== undefined) throw new EventError(trouble)
  return undefined
}

const hasFailed = (members: Members, roles: Roles): boolean =>
  roles.found(members, 'error', (value) => value !== null && value !== '') !== undefined ||
  roles.all(members, 'status').some(([, value]) => (outcomeOfRequest(value) ?? 'ok') !== 'ok')

/** The outcome that a status of a request names, if any. Many logs write 0 for no answer. */
export function outcomeOfRequest(status: Json, isCode = false): Outcome | undefined {
  if (status === 0 || status === '0') return 'info'
  return isRedirection(status) ? 'info' : outcomeOf(status, isCode)
}

/** Whether the status is a redirection, or 304, which has no content. */
const isRedirection = (status: Json): boolean => Number(status) >= 300 && Number(status) < 400

function flattened(line: Members): Members {
  const { request, response } = line
  if (!isObject(request) || typeof request['method'] !== 'string') return line
  const { request: _, response: __, ...rest } = line
  const answer: Members = isObject(response) ? response : response === undefined ? {} : { body: response }
  const { body, ...others } = answer
  return { ...rest, ...request, ...others, ...(body === undefined ? {} : { response: body }) }
}

function keyOf([name, value]: Found): string {
  const path = String(value)
    .replace(/^[a-z]+:\/\/[^/]*/i, '')
    .replace(/#.*$/, '')
  if (path.includes('?'))
    throw new EventError(
      `"${name}" is ${path}: it is unclear whether the part after the ? belongs to the key. Remove that part, or write the key in another member: --map key=MEMBER`,
    )
  return path.replace(/(?<=.)\/+$/, '')
}

/** Parses content that is a JSON text. The text "1" in one message is then equal to the number 1 in another message. */
function contentOf([name, value]: Found): Found {
  if (typeof value !== 'string') return [name, value]
  try {
    return [name, parseJson(value)]
  } catch {
    return [name, value === '' ? null : (value as Json)]
  }
}
