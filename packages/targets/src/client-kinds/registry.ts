import * as v from 'valibot'
import { type ModuleDeclaration, module } from '../client-host/module.ts'
import type { ClientKind } from '../clients/client-kind.ts'
import { type HttpDeclaration, http } from '../clients/http.ts'
import type { PlannedClients } from '../clients/planned-clients.ts'
import { type ProgramDeclaration, program } from '../clients/program.ts'
import { type RespDeclaration, resp } from '../clients/resp.ts'
import { type EtcdDeclaration, etcdKind } from './etcd/declared.ts'
import { mariadbKind } from './mariadb/clients.ts'
import type { MariadbDeclaration } from './mariadb/declaration.ts'
import { postgresKind } from './postgres/clients.ts'
import type { PostgresDeclaration } from './postgres/declaration.ts'

/** The member `client` of a target: how to send operations to an external system. */
export type ClientDeclaration =
  | HttpDeclaration
  | RespDeclaration
  | EtcdDeclaration
  | PostgresDeclaration
  | MariadbDeclaration
  | ModuleDeclaration
  | ProgramDeclaration

const kinds: readonly ClientKind<ClientDeclaration>[] = [
  http,
  resp,
  etcdKind,
  postgresKind,
  mariadbKind,
  module,
  program,
]

export const clientSchema = v.variant(
  'kind',
  kinds.map(({ kind, entries }) => v.strictObject({ kind: v.literal(kind), ...entries })),
  `must be an object with a "kind": ${kinds.map(({ kind }) => kind).join(', ')}`,
) as v.GenericSchema as v.GenericSchema<unknown, ClientDeclaration>

export function clientKindOf({ kind }: { readonly kind: string }): ClientKind<ClientDeclaration> {
  const found = kinds.find((each) => each.kind === kind)
  if (found === undefined) throw new TypeError(`${kind} is not a kind of client`)
  return found
}

export const planClients = (declaration: ClientDeclaration, where: string, directory: string): PlannedClients =>
  clientKindOf(declaration).plan(declaration, where, directory)
