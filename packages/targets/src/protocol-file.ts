import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaos/history'
import { findProtocol, type ProtocolDefinition, type ProtocolModule, protocols } from '@chaos/protocols'

/** Whether it names a file rather than a protocol that comes with this program. */
export const isProtocolFile = (reference: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(reference)

const DEFAULT_NODES = 3
const promiseNames: readonly ProtocolDefinition['promises'][] = ['linearizable', 'sequential', 'eventual', 'none']

/**
 * A protocol by its name or, where the reference is a path, from a user's own file: JavaScript, or TypeScript of which the
 * types are left out. The file's default export is a `ProtocolModule`.
 *
 * @throws UserError (usage) where there is none, or the file does not export one; (input) where the file does not run.
 */
export async function loadProtocol(reference: string): Promise<ProtocolDefinition> {
  if (isProtocolFile(reference)) return asDefinition(await importFile(reference), reference)
  const protocol = findProtocol(reference)
  if (protocol !== undefined) return protocol
  const names = protocols.map(({ name }) => name).join(', ')
  throw new UserError('usage', `there is no protocol "${reference}". There are: ${names}; or give the path of a file.`)
}

async function importFile(path: string): Promise<unknown> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UserError('usage', `${path}: there is no such file.`)
  // Loaded only where somebody has a file of their own: it takes a while.
  const { createJiti } = await import('jiti')
  try {
    return await createJiti(import.meta.url, { moduleCache: false }).import(file, { default: true })
  } catch (error) {
    throw new UserError('input', `${path} does not run: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function asDefinition(exported: unknown, path: string): ProtocolDefinition {
  const wrong = (what: string) =>
    new UserError('usage', `${path}: ${what}. Its default export is to be { name, create() } (type ProtocolModule).`)
  if (exported === null || typeof exported !== 'object') throw wrong('it has no default export that is an object')
  const module = exported as Partial<ProtocolModule>
  if (typeof module.name !== 'string' || module.name === '') throw wrong('"name" is no text')
  if (typeof module.create !== 'function') throw wrong('"create" is no function')
  const { name, promises = 'linearizable', defaultNodes = DEFAULT_NODES } = module
  if (!promiseNames.includes(promises))
    throw wrong(`"promises" is "${promises}", not one of ${promiseNames.join(', ')}`)
  if (!Number.isInteger(defaultNodes) || defaultNodes < 1) throw wrong(`"defaultNodes" is ${defaultNodes}`)
  const create: ProtocolDefinition['create'] = (options) => {
    const machine = module.create?.(options)
    for (const member of ['start', 'step', 'status'] as const)
      if (typeof machine?.[member] !== 'function') throw wrong(`what "create" returns has no function "${member}"`)
    return machine as ReturnType<ProtocolDefinition['create']>
  }
  return { summary: `from ${path}`, knobs: [], bugs: [], ...module, name, promises, defaultNodes, create }
}
