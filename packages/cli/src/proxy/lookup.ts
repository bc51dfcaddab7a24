import { didYouMean, usageError } from '@chaosproxy/history'
import type { ControlClient } from '@chaosproxy/proxy/client'
import { namesOf } from '../arguments/names.ts'
import type { FaultAnswer, ProxyAnswer } from './control-types.ts'

/** Every active fault. */
export const faultsOf = async (client: ControlClient): Promise<readonly FaultAnswer[]> =>
  (await client.get('/v1/faults')) as readonly FaultAnswer[]

/** The path of the named proxy. @throws UserError (usage) that suggests the nearest name. */
export async function proxyPath(client: ControlClient, name: string | undefined): Promise<string> {
  const names = namesOf((await client.get('/v1/proxies')) as readonly ProxyAnswer[])
  const known = names.length === 0 ? 'There are none yet.' : `Known: ${names.join(', ')}.`
  if (name === undefined) throw usageError(`Name the proxy. ${known}`)
  if (names.includes(name)) return encodeURIComponent(name)
  throw usageError(`There is no proxy "${name}".${didYouMean(name, names)} ${known}`)
}

/** The named fault. @throws UserError (usage) that suggests the nearest name. */
export async function findFault(client: ControlClient, name: string | undefined): Promise<FaultAnswer> {
  const faults = await faultsOf(client)
  const found = faults.find((fault) => fault.name === name)
  if (found !== undefined) return found
  const names = namesOf(faults)
  const known = names.length === 0 ? 'None is in force.' : `In force: ${names.join(', ')}.`
  if (name === undefined) throw usageError(`Name the fault. ${known}`)
  throw usageError(`There is no fault "${name}".${didYouMean(name, names)} ${known}`)
}

/** Ends these faults. */
export async function healFaults(client: ControlClient, faults: readonly FaultAnswer[]): Promise<void> {
  for (const { name, origin } of faults)
    await client.send('DELETE', `/v1/${origin === 'partition' ? 'partitions' : 'faults'}/${encodeURIComponent(name)}`)
}
