import { resolve } from 'node:path'
import { type Input, type Json, usageError } from '@chaosproxy/history'
import { importUserFile, isTexts, objectIn, refusing, thrownText } from '../user-files/import.ts'

/** The address of the proxy in front of a node. */
export interface ClientAddress {
  /** For example `n1`. */
  readonly node: string
  readonly host: string
  readonly port: number
}

/** A connection of one client to one node. Invocations do not overlap. */
export interface ModuleClient {
  /**
   * Performs one operation once, and returns its result. For a cas, the result says whether the cas took place. Throws
   * `Refused` if the operation certainly had no effect. After any other error, the operation may have taken effect.
   * `signal` aborts when the caller stops waiting.
   */
  invoke(input: Input, signal: AbortSignal): Promise<Json | undefined> | Json | undefined
  close?(): unknown
}

/** The default export of a user's file: how its clients talk to the system. */
export interface ClientModule {
  /** The supported functions; by default all functions of the workload. */
  readonly functions?: readonly string[] | undefined
  open(address: ClientAddress): Promise<ModuleClient> | ModuleClient
}

/** Types the default export of a client file. */
export const defineClient = (module: ClientModule): ClientModule => module

/** Thrown by a client if the operation certainly had no effect. The operation then counts as `fail`. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Compares names, because the file may load another copy of this package, or define its own `Refused`. */
export const isRefusal = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'Refused'

/** @throws UserError (usage, input) if the file exports no client. */
export async function loadClientModule(path: string): Promise<ClientModule> {
  const wrong = refusing(path, 'defineClient({ open(address) { … } })')
  const exported = objectIn<ClientModule>(await importUserFile(path), wrong)
  const { open, functions } = exported
  if (typeof open !== 'function') throw wrong('"open" is not a function')
  if (functions !== undefined && !isTexts(functions)) throw wrong('"functions" is not a list of names')
  return exported as ClientModule
}

/** @throws UserError (usage) if "open" did not return a client. */
export function requireClient(client: unknown, path: string): ModuleClient {
  if (typeof (client as Partial<ModuleClient> | null | undefined)?.invoke === 'function') return client as ModuleClient
  throw usageError(`${path}: the object that "open" returns has no function "invoke". Add one.`)
}

export function errorText(thrown: unknown, path: string): string {
  const text = thrownText(thrown, resolve(path))
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && !text.includes(thrown.code)
    ? `${thrown.code}: ${text}`
    : text
}
