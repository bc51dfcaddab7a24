import type { NodeId } from '@chaosproxy/faults'
import { environmentError, inputError, type Json, usageError } from '@chaosproxy/history'
import type { Client, Elsewhere, RequestedOperations } from '@chaosproxy/runner'
import * as v from 'valibot'
import type { NodeAddress, PlannedClients } from '../clients/planned-clients.ts'
import { createHttpClient } from '../node/http-client.ts'
import { type ClientDeclaration, clientKindOf, clientSchema, planClients } from './registry.ts'

/** Clients that can be created in another process or on another machine: plain data, without credentials. */
export type ClientsElsewhere =
  | { readonly kind: 'embedded'; readonly registers: boolean }
  | {
      readonly kind: 'declared'
      readonly client: ClientDeclaration
      /** Whether the client has a password, which each worker reads from its own environment. */
      readonly isSecret: boolean
      readonly asked: Pick<RequestedOperations, 'functions' | 'reads' | 'initial'>
      /** The part of object names that identifies the run. */
      readonly run: string
    }

const PASSWORD = 'CHAOS_CLIENT_PASSWORD'

const json = v.custom<Json>((given) => given !== undefined)

const isWithoutCode = (declaration: ClientDeclaration): boolean => clientKindOf(declaration).isPlain === true

const schema: v.GenericSchema<unknown, ClientsElsewhere> = v.variant('kind', [
  v.strictObject({ kind: v.literal('embedded'), registers: v.boolean() }),
  v.strictObject({
    kind: v.literal('declared'),
    client: v.pipe(clientSchema, v.check(isWithoutCode, 'contains code or reads files')),
    isSecret: v.boolean(),
    asked: v.strictObject({ functions: v.array(v.string()), reads: v.array(v.string()), initial: json }),
    run: v.pipe(v.string(), v.regex(/^\w{1,40}$/)),
  }),
])

interface Surroundings {
  readonly where: string
  readonly operations: RequestedOperations
  readonly run: string
}

/**
 * Returns the declaration from which workers can create the clients.
 *
 * @throws UserError (usage) for clients that only the run's own process can create, or that only the run's proxy can
 * record.
 */
export function requireElsewhere(
  { sessions, ...clients }: Pick<PlannedClients, 'elsewhere' | 'sessions'>,
  where: string,
): ClientDeclaration {
  // The cast is safe: plans set `elsewhere` only for declared clients, whose kind is registered.
  const elsewhere = clients.elsewhere as ClientDeclaration | undefined
  if (elsewhere === undefined || !isWithoutCode(elsewhere) || sessions !== undefined)
    throw usageError(
      `--queue: workers cannot drive the clients of ${where}. Workers can drive clients of protocols, and declared clients of the kinds postgres, mariadb and resp. The kind resp needs a table of your own: {"read": {"send": ["GET", "{key}"], "result": "number"}, …}`,
    )
  return elsewhere
}

/** @throws UserError (usage) as `requireElsewhere` does. */
export function declaredElsewhere(
  clients: Pick<PlannedClients, 'elsewhere' | 'sessions'>,
  { where, operations: { functions, reads, initial }, run }: Surroundings,
): ClientsElsewhere {
  const elsewhere = requireElsewhere(clients, where)
  const isSecret = 'password' in elsewhere && elsewhere.password !== undefined
  const { password: _, ...client } = { password: undefined, ...elsewhere }
  return { kind: 'declared', client, isSecret, asked: { functions, reads, initial }, run }
}

interface OpenedElsewhere {
  connect(node: NodeId): Client
  close(): Promise<void>
}

/**
 * @throws UserError: input if this version of chaos cannot read the declaration of the clients; environment if their
 * password is missing.
 */
export async function openElsewhere({ clients, addresses }: Elsewhere): Promise<OpenedElsewhere> {
  const found = v.safeParse(schema, clients)
  if (!found.success)
    throw inputError(
      `this version of chaos cannot read the declaration of the run's clients: ${found.issues[0].message}`,
    )
  const addressOf = (node: NodeId): NodeAddress => {
    const address = addresses.find((each) => each.node === node)
    if (address === undefined) throw new Error(`${node} has no address`)
    return { ...address, other: addressOf }
  }
  if (found.output.kind === 'embedded') {
    const { registers } = found.output
    return { connect: (node) => createHttpClient({ ...addressOf(node), registers }), close: async () => {} }
  }
  const { client, isSecret, asked: operations, run } = found.output
  const password = process.env[PASSWORD]
  if (isSecret && password === undefined)
    throw environmentError(
      `the run's clients need a password, which is not sent to workers. On the worker, set the environment variable ${PASSWORD} to the password.`,
    )
  const opened = await planClients(
    isSecret ? ({ ...client, password } as ClientDeclaration) : client,
    'the run',
    '.',
  ).open({
    ...{ operations, run, logDir: '.', nodes: () => addresses },
    // No action is needed: the worker reports each failed operation anyway.
    broke: () => {},
  })
  return { connect: (node) => opened.connect(addressOf(node)), close: () => opened.close() }
}
