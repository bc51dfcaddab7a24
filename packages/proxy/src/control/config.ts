import { quote, readObject } from '@chaosproxy/faults'
import { inputError, UserError } from '@chaosproxy/history'
import type { ReadPem } from '../tls/tls-options.ts'
import type { ControlPlane } from './plane/plane.ts'
import { parseAddress } from './state/address.ts'
import { ControlError } from './state/errors.ts'
import type { ProxySettings } from './state/proxies.ts'
import { withDescriptor } from './table-descriptor.ts'
import { populate, readPopulation } from './toxiproxy/proxy-input.ts'
import { readFault, readPartition, readProxy, readRules } from './v1/requests.ts'

export interface ConfigPlace {
  readonly where: string
  readonly readPem: ReadPem
  /** Reads a descriptor file that a route table refers to. */
  readonly readBytes: (path: string) => Buffer
  readonly carried?: ((carries: ProxySettings['carries']) => ProxySettings['carries']) | undefined
}

const MEMBERS = ['proxies', 'faults', 'partitions', 'rules']

/**
 * Applies a config file: `{"proxies":[…],"faults":[…],"partitions":{"split":{…}},"rules":{"faults":[…]}}`. Each part
 * has the format of its API route; proxies may also have `toxics`. A list of proxies, as in Toxiproxy's config files,
 * is accepted too.
 *
 * @throws UserError (input, environment)
 */
export async function loadProxyConfig(plane: ControlPlane, config: unknown, place: ConfigPlace): Promise<void> {
  const { where } = place
  try {
    if (Array.isArray(config)) await openPopulation(plane, config, where)
    else await loadSections(plane, readObject(config, where), place)
  } catch (error) {
    throw inFile(error, where)
  }
}

export interface ConfiguredProxy {
  readonly settings: ProxySettings
  /** The value of the proxy's setting `carries`, as JSON. */
  readonly written: unknown
}

/**
 * Reads the proxies of a config without opening them.
 *
 * @throws UserError (input, environment)
 */
export function proxiesIn(config: unknown, place: ConfigPlace): readonly ConfiguredProxy[] {
  const { where } = place
  try {
    if (Array.isArray(config)) return readPopulation(config).map(({ settings }) => ({ settings, written: undefined }))
    const { proxies } = readObject(config, where)
    return listOf(proxies, `${where}: "proxies"`).map((proxy, i) => readSection(proxy, i, place))
  } catch (error) {
    throw inFile(error, where)
  }
}

/** Converts an API error into an error in the config file, where the user has to fix it. */
function inFile(error: unknown, where: string): unknown {
  if (error instanceof ControlError) return inputError(withPlace(error.message, where))
  if (error instanceof UserError)
    return new UserError(error.code === 'environment' ? 'environment' : 'input', withPlace(error.message, where))
  return error
}

const withPlace = (message: string, where: string): string =>
  message.startsWith(where) ? message : `${where}: ${message}`

async function loadSections(
  plane: ControlPlane,
  config: { readonly [section: string]: unknown },
  file: ConfigPlace,
): Promise<void> {
  const { where } = file
  const unknown = Object.keys(config).find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined)
    throw inputError(`${where} has no section ${quote(unknown)}. It has: ${MEMBERS.join(', ')}.`)
  for (const [i, proxy] of listOf(config['proxies'], `${where}: "proxies"`).entries())
    await openProxy(plane, readSection(proxy, i, file))
  for (const [i, item] of listOf(config['faults'], `${where}: "faults"`).entries()) {
    const place = `${where}: faults[${i}]`
    const { name, fault } = readFault(item, plane, place)
    await at(place, () => plane.addFault({ name: name ?? `${fault.kind}-${i + 1}`, fault, origin: 'api' }))
  }
  for (const [name, partition] of Object.entries(readObject(config['partitions'] ?? {}, `${where}: "partitions"`)))
    await at(`${where}: partitions.${name}`, () =>
      plane.addFault({
        name,
        fault: readPartition(partition, plane, `${where}: partitions.${name}`),
        origin: 'partition',
      }),
    )
  const rules = config['rules']
  if (rules !== undefined)
    await at(`${where}: rules`, () => plane.swapRules(readRules(rules, plane, `${where}: rules`)))
}

function readSection(
  proxy: unknown,
  i: number,
  { where, readPem, readBytes, carried = (carries) => carries }: ConfigPlace,
): ProxyToOpen & ConfiguredProxy {
  const { toxics, ...rest } = readObject(proxy, `${where}: proxies[${i}]`)
  const place = `${where}: ${placeOf('proxies', i, rest['name'])}`
  const written = withDescriptor(rest['carries'], where, readBytes)
  const settings = readProxy(written === undefined ? rest : { ...rest, carries: written }, place, {
    readPem,
    pidFiles: 'allowed',
  })
  const carries = carried(settings.carries)
  return {
    settings: { ...settings, ...(carries === undefined ? {} : { carries }), mayNamePaths: true },
    written,
    toxics: listOf(toxics, `${place}.toxics`),
    place,
  }
}

/** Returns `proxies.db`, or `proxies[0]` for a proxy without a name. */
const placeOf = (list: string, i: number, name: unknown): string =>
  typeof name === 'string' && name !== '' ? `${list}.${name}` : `${list}[${i}]`

interface ProxyToOpen {
  readonly settings: ProxySettings
  readonly toxics: readonly unknown[]
  readonly place: string
}

async function openProxy(plane: ControlPlane, { settings, toxics, place }: ProxyToOpen): Promise<void> {
  await validateEnds(settings, place)
  if (toxics.length === 0) {
    await at(place, () => plane.addProxy(settings))
    return
  }
  const disabled = await at(place, () => plane.addProxy({ ...settings, enabled: false }))
  for (const [i, toxic] of toxics.entries()) await at(`${place}.toxics[${i}]`, () => plane.toxics.add(disabled, toxic))
  if (settings.enabled) await at(place, () => plane.updateProxy(settings.name, { enabled: true }))
}

async function validateEnds({ listen, upstream }: ProxySettings, place: string): Promise<void> {
  await at(`${place}.upstream`, () => parseAddress(upstream))
  if (listen !== '') await at(`${place}.listen`, () => parseAddress(listen))
}

async function openPopulation(plane: ControlPlane, config: unknown, where: string): Promise<void> {
  for (const [i, input] of readPopulation(config).entries()) {
    const place = `${where}: ${placeOf('proxies', i, input.settings.name)}`
    await validateEnds(input.settings, place)
    await at(place, () => populate(plane, [input], []))
  }
}

async function at<Result>(place: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError)
      throw new UserError(error.code, withPlace(error.message, place), { cause: error.cause })
    if (error instanceof ControlError) throw new ControlError(error.status, withPlace(error.message, place))
    throw error
  }
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw inputError(`${where} must be a list.`)
}
