import { dirname } from 'node:path'
import { didYouMean, usageError } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import type { Target } from '@chaosproxy/runner'
import { SIMULATED, simulatedTarget } from '@chaosproxy/simulator/target'
import { embeddedTarget } from './embedded/cluster.ts'
import { builtEntry } from './processes/entry.ts'
import { isBinary, isMaelstrom } from './stdio/binary/reference.ts'
import type { RpcWorkload } from './stdio/maelstrom/workloads.ts'
import { isUserFile } from './user-files/import.ts'
import { loadProtocol } from './user-files/protocol-file.ts'
import { vetFile } from './user-files/vet-file.ts'

export const isDeclaration = (reference: string): boolean => reference.endsWith('.json')

/** Every protocol as two targets: in processes and in virtual time. */
export const protocolTargets: readonly Target[] = [
  ...protocols.map((protocol) => embeddedTarget(protocol)),
  ...protocols.map((protocol) => simulatedTarget(protocol)),
]

export const targetNames: readonly string[] = protocolTargets.map(({ name }) => name)

/**
 * Resolves a reference: one of `targetNames`, the path of a protocol or of a JSON file that declares a cluster, or
 * `maelstrom:WORKLOAD:COMMAND`. The prefix `sim:` selects the simulator.
 *
 * @param others Further targets by name, loaded on demand. @throws UserError (usage, input)
 */
export async function targetOf(
  reference: string,
  others: ReadonlyMap<string, () => Promise<Target>> = new Map(),
): Promise<Target> {
  const simulated = reference.startsWith(SIMULATED)
  const name = simulated ? reference.slice(SIMULATED.length) : reference
  if (isDeclaration(name)) {
    if (simulated)
      throw usageError(
        `${reference}: only protocols can be simulated, and ${name} is a cluster. Test it on real processes: --target ${name}.`,
      )
    const [{ readDeclaration }, { declaredTarget }] = await Promise.all([
      import('./declared/read-declaration.ts'),
      import('./declared/target.ts'),
    ])
    return declaredTarget(readDeclaration(name), { where: name, directory: dirname(name) })
  }
  if (isUserFile(name)) {
    if (!isBinary(name)) await vetProtocol(name)
    const protocol = await loadProtocol(name)
    return simulated ? simulatedTarget(protocol, true) : embeddedTarget(protocol, name)
  }
  if (isMaelstrom(reference)) return (await import('./stdio/maelstrom/target.ts')).maelstromTarget(reference)
  const load = others.get(reference)
  if (load !== undefined) return load()
  const found = protocolTargets.find((target) => target.name === reference)
  if (found !== undefined) return found
  const known = [...targetNames, ...others.keys()]
  throw usageError(
    `there is no target ${reference}.${didYouMean(reference, known)} Known: ${known.filter((name) => !name.startsWith(SIMULATED)).join(', ')}.`,
  )
}

/**
 * Reports problems of a user's protocol file, before `loadProtocol`: see `vetFile`.
 *
 * @throws UserError as `loadProtocol` does, and (input) if loading the file never ends, or ends the thread.
 */
export const vetProtocol = (path: string): Promise<void> => vetFile(path, builtEntry('user-files'))

export async function maelstromWorkload(name: string): Promise<RpcWorkload | undefined> {
  const { rpcWorkloads } = await import('./stdio/maelstrom/workloads.ts')
  return rpcWorkloads.find((each) => each.name === name)
}
