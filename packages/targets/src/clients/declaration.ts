import { UserError } from '@chaosproxy/history'
import * as v from 'valibot'

// How operations reach a system that is not ours, as data: the member `client` of a target.

/** A route table makes the requests. */
export interface HttpDeclaration {
  readonly kind: 'http'
  /** A file, or the table itself. */
  readonly routes: string | { readonly [member: string]: unknown }
  /** What the service calls the objects: `{key}`, `{number}` (counted from 1), `{run}` (another for each run). */
  readonly keys?: string | undefined
}

export type ClientDeclaration = HttpDeclaration

const keys = v.optional(
  v.pipe(
    v.string('must be a text, such as "chaos-{run}-{key}"'),
    v.description('what the service calls the objects: {key}, {number} (counted from 1), {run} (another for each run)'),
  ),
)

const http = v.strictObject({
  kind: v.literal('http'),
  routes: v.pipe(
    v.union([v.string(), v.record(v.string(), v.unknown())], 'must be a file with a route table, or the table itself'),
    v.description('the route table: a file, or the table itself'),
  ),
  keys,
})

const schemas = [http] as const
const kinds = schemas.map((schema) => schema.entries.kind.literal)

/** What a declaration may be, by its `kind`. */
export const clientSchema: v.GenericSchema<unknown, ClientDeclaration> = v.variant(
  'kind',
  [...schemas],
  `must be an object with a "kind": ${kinds.join(', ')}`,
)

/** @throws UserError (input) that begins with `where`. */
export function parseClientDeclaration(json: unknown, where: string): ClientDeclaration {
  const result = v.safeParse(clientSchema, json, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  const member = path === null ? '' : `: "${path}"`
  if (issue.expected === 'never') throw new UserError('input', `${where}${member}: there is no such member.`)
  throw new UserError('input', `${where}${member} ${issue.message}.`)
}
