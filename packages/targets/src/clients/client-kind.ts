import * as v from 'valibot'
import type { PlannedClients } from './planned-clients.ts'

/**
 * A kind of clients that a cluster can declare: `"client": {"kind": "http", "routes": "routes.json"}`. All kinds are
 * listed in `client-kinds/registry.ts`.
 */
export interface ClientKind<Declaration extends { readonly kind: string }> {
  readonly kind: Declaration['kind']
  /** The members of the kind's declaration besides `kind`. */
  readonly entries: v.ObjectEntries
  /** Whether the declaration is plain data, from which another machine can create the clients. */
  readonly isPlain?: true | undefined
  /**
   * Validates a declaration as far as possible without starting anything.
   *
   * @param where The start of every message. @param directory The declaration's directory, to which its paths are
   * relative. @throws UserError (input)
   */
  plan(declaration: Declaration, where: string, directory: string): PlannedClients
}

export const keys: v.GenericSchema<unknown, string | undefined> = v.optional(
  v.pipe(
    v.string('must be a string, such as "chaos-{run}-{key}"'),
    v.description(
      'names of the objects in the service: {key}, {number} (counted from 1), {run} (differs in every run), {uuid} (derived from {key} and {run})',
    ),
  ),
)

export const functions: v.GenericSchema<unknown, string[] | undefined> = v.optional(
  v.pipe(
    v.array(v.string('must be a name'), 'must be a list of names, such as ["read","write"]'),
    v.description('the supported functions [default: those of every workload]'),
  ),
)
