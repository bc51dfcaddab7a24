import { resolve } from 'node:path'
import { type Input, type Json, UserError } from '@chaosproxy/history'
import { importUserFile, thrownText } from '../user-file/import.ts'

/** Where a client is to dial: an address of the proxy, behind which the node is. */
export interface ClientAddress {
  /** `n1`. */
  readonly node: string
  readonly host: string
  readonly port: number
}

/** A connection of one client to one node. One invocation at a time. */
export interface ModuleClient {
  /**
   * Asks for one operation, once, and returns its result (of a cas whether it took place). Throws `Refused` where
   * certainly nothing was done; after any other error the operation may have taken effect. `signal` says that nobody
   * waits any more.
   */
  invoke(input: Input, signal: AbortSignal): Promise<Json | undefined> | Json | undefined
  close?(): unknown
}

/** What a user's file exports by default: how its clients speak to the system. */
export interface ClientModule {
  /** What can be asked for; by default whatever the workload asks. */
  readonly functions?: readonly string[] | undefined
  open(address: ClientAddress): Promise<ModuleClient> | ModuleClient
}

/** Types the default export of a file with a client. */
export const defineClient = (module: ClientModule): ClientModule => module

/** Thrown by a client where certainly nothing was done: the operation counts as `fail`. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** By its name: the file may have another copy of this package, or an error of its own that says so. */
export const isRefusal = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'Refused'

/** @throws UserError (usage, input) where the file exports no client. */
export async function loadClientModule(path: string): Promise<ClientModule> {
  const exported = await importUserFile(path)
  const wrong = (what: string) =>
    new UserError('usage', `${path}: ${what}. Its default export is to be defineClient({ open(address) { … } }).`)
  if (exported === null || typeof exported !== 'object') throw wrong('it has no default export that is an object')
  const { open, functions } = exported as Partial<ClientModule>
  if (typeof open !== 'function') throw wrong('"open" is no function')
  if (functions !== undefined && !(Array.isArray(functions) && functions.every((f) => typeof f === 'string')))
    throw wrong('"functions" is no list of names')
  return exported as ClientModule
}

/** @throws UserError (usage) where what "open" returned is no client. */
export function requireClient(client: unknown, path: string): ModuleClient {
  if (typeof (client as Partial<ModuleClient> | null | undefined)?.invoke === 'function') return client as ModuleClient
  throw new UserError('usage', `${path}: what "open" returns has no function "invoke".`)
}

/** The message, and where in the file it came by. */
export function errorText(thrown: unknown, path: string): string {
  const text = thrownText(thrown, resolve(path))
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && !text.includes(thrown.code)
    ? `${thrown.code}: ${text}`
    : text
}
