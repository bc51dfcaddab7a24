import { UserError } from '@chaosproxy/history'
import * as v from 'valibot'
import { type CommandText, commandSchema } from '../command/words.ts'
import { type EtcdDeclaration, etcdReads } from '../etcd/declaration.ts'
import { commits, isolations, type PostgresDeclaration, readsFrom } from '../postgres/declaration.ts'
import { objectNames } from '../postgres/objects.ts'
import { type OwnCommands, type TableName, tableNames } from './commands.ts'

// The member `client` of a target: how to send operations to an external system, as data.

/** A route table describes the requests. */
export interface HttpDeclaration {
  readonly kind: 'http'
  /** The path of a table, or the table itself. */
  readonly routes: string | { readonly [member: string]: unknown }
  /** The service's names for objects: `{key}`, `{number}` (counted from 1), `{run}` (differs between runs). */
  readonly keys?: string | undefined
}

/** A user's file, whose default export is `defineClient({ … })`. */
export interface ModuleDeclaration {
  readonly kind: 'module'
  readonly file: string
  /** The functions it supports; by default those of every workload. */
  readonly functions?: readonly string[] | undefined
}

/** A program in any language: it reads one line of JSON for each operation and writes one for each answer. */
export interface ProgramDeclaration {
  readonly kind: 'program'
  readonly command: CommandText
  readonly environment?: { readonly [name: string]: string } | undefined
  /** As for a module. */
  readonly functions?: readonly string[] | undefined
}

/** A command table describes the requests, for Redis and compatible systems. */
export interface RespDeclaration {
  readonly kind: 'resp'
  /** The name of a built-in table, or the user's commands by function. */
  readonly commands: TableName | OwnCommands
  /** As for HTTP. */
  readonly keys?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
}

export type ClientDeclaration =
  | RespDeclaration
  | EtcdDeclaration
  | PostgresDeclaration
  | HttpDeclaration
  | ModuleDeclaration
  | ProgramDeclaration

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

const functions = v.optional(
  v.pipe(
    v.array(v.string('must be a name'), 'must be a list of names, such as ["read","write"]'),
    v.description('what it can be asked for [default: what any workload asks]'),
  ),
)

const command = v.strictObject({
  send: v.pipe(
    v.array(v.string('must be a word'), 'must be a list of words, such as ["GET","{key}"]'),
    v.minLength(1, 'must not be empty'),
  ),
  result: v.optional(v.picklist(['given', 'token', 'text', 'number', 'boolean', 'list'])),
  refused: v.optional(v.array(v.nullable(v.union([v.string(), v.number()])), 'must be a list of answers')),
})

const resp = v.strictObject({
  kind: v.literal('resp'),
  commands: v.pipe(
    v.union(
      [
        v.picklist(['register', 'counter', 'set', 'queue', 'list-append', 'lock']),
        v.record(v.string(), v.union([command, v.array(command)])),
      ],
      `must be ${tableNames.join(', ')}, or a table: {"read": {"send": ["GET","{key}"], "result": "text"}, …}`,
    ),
    v.description('the command table: its name, or the table itself'),
  ),
  keys,
  username: v.optional(v.string('must be a text')),
  password: v.optional(v.string('must be a text')),
})

const module = v.strictObject({
  kind: v.literal('module'),
  file: v.pipe(v.string('must be a file'), v.description('the file whose default export is defineClient({ … })')),
  functions,
})

const program = v.strictObject({
  kind: v.literal('program'),
  command: v.pipe(commandSchema, v.description('the program and its arguments; no shell is involved')),
  environment: v.optional(
    v.pipe(
      v.record(v.string(), v.string('must be a text'), 'must be an object of texts'),
      v.description('variables on top of the environment'),
    ),
  ),
  functions,
})

const oneOf = <Name extends string>(names: readonly Name[], description: string) =>
  v.optional(v.pipe(v.picklist(names, `must be ${names.join(', ')}`), v.description(description)))

const postgres = v.strictObject({
  kind: v.literal('postgres'),
  user: v.optional(v.pipe(v.string('must be a text'), v.description('[default: postgres]'))),
  password: v.optional(v.string('must be a text')),
  database: v.optional(v.pipe(v.string('must be a text'), v.description('[default: postgres]'))),
  reads: oneOf(readsFrom, 'whom reads are asked of; replicas: the node that the client is at [default: primary]'),
  isolation: oneOf(isolations, 'of every transaction [default: what the server says]'),
  commit: oneOf(commits, 'what a commit waits for; async: for no standby [default: what the server says]'),
  local: v.optional(
    v.pipe(
      v.number('must be a share'),
      v.minValue(0, 'must be a share from 0 to 1'),
      v.maxValue(1, 'must be a share from 0 to 1'),
      v.description('share of the sessions that wait for no standby, whatever commit says [default: 0]'),
    ),
  ),
  object: oneOf(objectNames, 'what the objects are [default: what the workload asks for]'),
})

const etcd = v.strictObject({
  kind: v.literal('etcd'),
  keys,
  reads: oneOf(etcdReads, 'serializable: answered by whichever member is asked [default: linearizable]'),
})

const schemas = [http, resp, etcd, postgres, module, program] as const
const kinds = schemas.map((schema) => schema.entries.kind.literal)

/** The schema of each `kind` of declaration. */
export const clientSchema: v.GenericSchema<unknown, ClientDeclaration> = v.variant(
  'kind',
  [...schemas],
  `must be an object with a "kind": ${kinds.join(', ')}`,
)

/** @throws UserError (input) whose message begins with `where`. */
export function parseClientDeclaration(json: unknown, where: string): ClientDeclaration {
  const result = v.safeParse(clientSchema, json, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  const member = path === null ? '' : `: "${path}"`
  if (issue.expected === 'never') throw new UserError('input', `${where}${member}: there is no such member.`)
  throw new UserError('input', `${where}${member} ${issue.message}.`)
}
