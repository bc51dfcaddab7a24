import { quote, readObject } from '@chaos/faults'
import { UserError } from '@chaos/history'
import type { ReadPem } from '../tls/tls-options.ts'
import { ControlError } from './errors.ts'
import type { ControlPlane } from './plane.ts'
import { populate, readPopulation } from './toxiproxy/proxy-input.ts'
import { readFault, readPartition, readProxy, readRules } from './v1/requests.ts'

/** Where a config is from. */
export interface ConfigPlace {
  /** The file's name, for messages. */
  readonly where: string
  /** Reads the files with certificates that it names. */
  readonly readPem: ReadPem
}

const MEMBERS = ['proxies', 'faults', 'partitions', 'rules']

/**
 * Opens what a config file says: `{"proxies":[…],"faults":[…],"partitions":{"split":{…}},"rules":{"faults":[…]}}`, each
 * as its route takes it, and proxies with `toxics` as well. Toxiproxy's files, which are lists of proxies, do too.
 *
 * @throws UserError (input, environment)
 */
export async function loadConfig(plane: ControlPlane, config: unknown, { where, readPem }: ConfigPlace): Promise<void> {
  try {
    if (Array.isArray(config)) await populate(plane, readPopulation(config), [])
    else await loadSections(plane, readObject(config, where), { where, readPem })
  } catch (error) {
    // Whoever starts a proxy with a file gets a message about the file, whatever it would have been as an answer.
    if (error instanceof ControlError) throw new UserError('input', withPlace(error.message, where))
    if (error instanceof UserError)
      throw new UserError(error.code === 'environment' ? 'environment' : 'input', withPlace(error.message, where))
    throw error
  }
}

const withPlace = (message: string, where: string): string =>
  message.startsWith(where) ? message : `${where}: ${message}`

async function loadSections(
  plane: ControlPlane,
  config: { readonly [section: string]: unknown },
  { where, readPem }: ConfigPlace,
): Promise<void> {
  const unknown = Object.keys(config).find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined)
    throw new UserError('input', `${where} has no section ${quote(unknown)}. It has: ${MEMBERS.join(', ')}.`)
  const proxies = listOf(config['proxies'], `${where}: "proxies"`)
  for (const [i, proxy] of proxies.entries()) {
    const { toxics, ...rest } = readObject(proxy, `${where}: proxies[${i}]`)
    const settings = readProxy(rest, `${where}: proxies[${i}]`, readPem)
    await plane.addProxy(settings, listOf(toxics, `${where}: proxies[${i}]: "toxics"`))
  }
  for (const [i, item] of listOf(config['faults'], `${where}: "faults"`).entries()) {
    const { name, fault } = readFault(item, plane, `${where}: faults[${i}]`)
    plane.addFault({ name: name ?? `${fault.kind}-${i + 1}`, fault, origin: 'api' })
  }
  for (const [name, partition] of Object.entries(readObject(config['partitions'] ?? {}, `${where}: "partitions"`)))
    plane.addFault({
      name,
      fault: readPartition(partition, plane, `${where}: partitions: ${name}`),
      origin: 'partition',
    })
  if (config['rules'] !== undefined) plane.swapRules(readRules(config['rules'], plane, `${where}: "rules"`))
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw new UserError('input', `${where} must be a list.`)
}
