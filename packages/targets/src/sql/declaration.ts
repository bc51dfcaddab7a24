import type { Setting, Settings } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { type ObjectName, objectNames, type Transfers, transfersMade } from './request.ts'

/** Clients of an SQL database, in tables that chaos creates. */
export interface SqlDeclaration {
  /** The default of `user` and of `database` is `chaos` for MariaDB and `postgres` for PostgreSQL. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database?: string | undefined
  /** Where reads are sent: to the primary, or to the client's own node. */
  readonly reads?: (typeof readsFrom)[number] | undefined
  /** The isolation level; by default the server's setting. */
  readonly isolation?: (typeof isolations)[number] | undefined
  /** How a transfer of the bank changes its balances; by default `in-place`. */
  readonly transfers?: Transfers | undefined
  /** The type of the objects; by default it follows from the operations. */
  readonly object?: ObjectName | undefined
}

const readsFrom = ['primary', 'replicas'] as const
const isolations = ['read-committed', 'repeatable-read', 'serializable'] as const

export const oneOf = <Name extends string>(
  names: readonly Name[],
  description: string,
): v.GenericSchema<unknown, Name | undefined> =>
  v.optional(v.pipe(v.picklist(names, `must be ${names.join(', ')}`), v.description(description)))

const loginName = (usual: string) =>
  v.optional(v.pipe(v.string('must be a string'), v.description(`[default: ${usual}]`)))

export const loginEntries = (usual: string): v.ObjectEntries => ({
  user: loginName(usual),
  password: v.optional(v.string('must be a string')),
  database: loginName(usual),
})

type Shared = 'reads' | 'isolation' | 'transfers' | 'object'

export const entries: { readonly [Name in Shared]: v.GenericSchema<unknown, SqlDeclaration[Name]> } = {
  reads: oneOf(readsFrom, "where to read; replicas: at the client's own node [default: primary]"),
  isolation: oneOf(isolations, "isolation level of transactions [default: the server's setting]"),
  transfers: oneOf(
    transfersMade,
    'how a transfer of the workload bank changes balances; read-then-write: reads them, and writes them in later statements [default: in-place]',
  ),
  object: oneOf(objectNames, 'type of the objects [default: by the workload]'),
}

export const settings: { readonly [Name in Exclude<Shared, 'object'>]: Setting } = {
  reads: {
    name: 'reads',
    summary: "where to read: at the primary, or at each client's own node",
    default: 'primary',
    values: [...readsFrom],
  },
  isolation: {
    name: 'isolation',
    summary: 'isolation level of transactions',
    default: 'repeatable-read',
    values: [...isolations],
  },
  transfers: {
    name: 'transfers',
    summary: 'how a transfer of the workload bank changes two balances: in place, or read first and written later',
    default: 'in-place',
    values: [...transfersMade],
  },
}

/**
 * Options of a cluster of SQL servers. `programs`: the database's programs, installed on the system or in a directory.
 */
export interface SqlClusterOptions<Programs> {
  readonly nodes: number
  readonly settings: Settings
  readonly programs: Programs
  /** The user that runs servers if chaos is root, because PostgreSQL refuses to run as root. */
  readonly user: string
  /** The type of the objects; by default it follows from the operations. */
  readonly object?: string | undefined
}

const isOneOf = <Name extends string>(names: readonly Name[], value: unknown): value is Name =>
  names.some((name) => name === value)

export const chosenMembers = (
  { reads, isolation, transfers }: Settings,
  object: string | undefined,
): Pick<SqlDeclaration, Shared> => ({
  ...(isOneOf(readsFrom, reads) ? { reads } : {}),
  ...(isOneOf(isolations, isolation) ? { isolation } : {}),
  ...(isOneOf(transfersMade, transfers) ? { transfers } : {}),
  ...(isOneOf<ObjectName>(objectNames, object) ? { object } : {}),
})
