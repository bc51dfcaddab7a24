import { trafficFaultKinds } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { type ControlClient, createControlClient, isLoopback } from '@chaosproxy/proxy/client'
import type { FaultAnswer, LeaseAnswer, ProxyAnswer } from '../proxy/control-types.ts'
import { faultsOf, findFault, proxyPath } from '../proxy/lookup.ts'
import { tokenOf } from '../proxy/token.ts'
import { anyObject, flag, type Input, objectOf, oneOf, type Schema, text, texts, whole } from './schema.ts'
import type { McpSettings } from './settings.ts'
import type { Tool } from './tool.ts'

/** Which proxy is meant. */
const place = {
  address: text(
    'host:port of the control interface of a running chaos proxy, on this machine; the user may name another as the default',
  ),
  token: text('env:NAME, the variable of this server that holds its token, as the user has named it by --token'),
}

const inForce: Schema = {
  type: 'array',
  items: { type: 'object' },
  description: 'every fault in force, with its name, kind, links and how often it took effect',
}

export const proxiesTool: Tool = {
  name: 'proxies',
  title: 'Look at a running proxy',
  summary: 'Lists what a running chaos proxy carries, with the names that "inject" takes, and every fault in force.',
  effect: 'reads',
  input: () => objectOf(place),
  output: objectOf({ proxies: { type: 'array', items: { type: 'object' } }, faults: inForce }, ['proxies', 'faults']),
  async call(input, { settings }) {
    const client = clientFor('proxies', input, settings)
    const proxies = (await client.get('/v1/proxies')) as readonly ProxyAnswer[]
    const faults = await faultsOf(client)
    const lines = proxies.map(
      ({ name, listen, upstream, enabled, links }) =>
        `${name}: ${listen} leads to ${upstream}${enabled ? '' : ', disabled'}; links ${links.join(', ')}`,
    )
    return { data: { proxies, faults }, text: [...lines, inForceText(faults)].join('\n') }
  },
}

const LONGEST_LEASE_MS = 86_400_000

export const injectTool: Tool = {
  name: 'inject',
  title: 'Inject a fault',
  summary:
    'Puts a fault in force on what a running chaos proxy carries, on live connections too. It stays until "heal", or for "forMs". The tool "list" tells the kinds and their parameters.',
  effect: 'hurts',
  input: () =>
    objectOf(
      {
        ...place,
        kind: oneOf(trafficFaultKinds, 'the kind of fault'),
        proxies: texts('the names of the proxies to hurt; this or links'),
        links: texts('the directions to hurt instead, such as clients>db'),
        direction: oneOf(['both', 'upstream', 'downstream'], 'with proxies: which way; both if left out'),
        parameters: anyObject('the parameters of the kind, such as {"latencyMs":200}'),
        match: anyObject('only requests or messages that meet these conditions'),
        when: anyObject('when it takes effect, such as {"probability":0.1}'),
        name: text('what it is called; named by its kind if left out'),
        forMs: whole('heals by itself after this time', { minimum: 100, maximum: LONGEST_LEASE_MS }),
      },
      ['kind'],
    ),
  output: objectOf({ fault: anyObject('the fault as it is in force'), heal: text('how it is healed') }, [
    'fault',
    'heal',
  ]),
  async call(input, { settings }) {
    const client = clientFor('inject', input, settings)
    const { kind, proxies, links, direction, parameters, match, when, name, forMs } = input
    for (const proxy of (proxies as readonly string[] | undefined) ?? []) await proxyPath(client, proxy)
    if (proxies === undefined && links === undefined)
      throw new UserError('usage', 'inject: say what it hits: "proxies" or "links". The tool "proxies" lists both.')
    const lease = forMs === undefined ? undefined : await leaseOf(client, Number(forMs))
    const body = { ...(parameters as object | undefined), kind, proxies, links, direction, match, when, name, lease }
    const fault = await added(client, body, lease)
    const ended = kind === 'reset' ? 'it is over: connections were reset' : undefined
    const heal = ended ?? (lease === undefined ? `heal {"names":["${fault.name}"]}` : `by itself after ${forMs} ms`)
    return {
      data: { fault, heal },
      text: `${fault.kind} on ${fault.links.join(', ')} is in force as ${fault.name}. Healed: ${heal}.`,
    }
  },
}

async function leaseOf(client: ControlClient, ttlMs: number): Promise<string> {
  const lease = (await client.send('POST', '/v1/leases', { owner: 'chaos mcp', ttlMs })) as LeaseAnswer
  return lease.id
}

/** Ends the lease of a refused fault, since nothing else depends on it. */
async function added(client: ControlClient, body: object, lease: string | undefined): Promise<FaultAnswer> {
  try {
    return (await client.send('POST', '/v1/faults', body)) as FaultAnswer
  } catch (error) {
    if (lease !== undefined) await client.send('DELETE', `/v1/leases/${encodeURIComponent(lease)}`)
    throw error
  }
}

export const healTool: Tool = {
  name: 'heal',
  title: 'Heal faults',
  summary: 'Ends faults of a running chaos proxy, at once and on live connections: some by name, or all.',
  effect: 'hurts',
  input: () =>
    objectOf({
      ...place,
      names: texts('the faults to heal'),
      all: flag('all faults, but those of toxics and rule sets, which stay'),
    }),
  output: objectOf({ healed: texts('what was healed'), faults: inForce }, ['healed', 'faults']),
  async call(input, { settings }) {
    const client = clientFor('heal', input, settings)
    const names = (input['names'] as readonly string[] | undefined) ?? []
    if (names.length === 0 && input['all'] !== true)
      throw new UserError('usage', `heal: say which: "names", or "all": true. ${inForceText(await faultsOf(client))}`)
    const chosen =
      input['all'] === true
        ? (await faultsOf(client)).filter(({ origin }) => origin === 'api' || origin === 'partition')
        : await Promise.all(names.map((name) => findFault(client, name)))
    for (const { name, origin } of chosen)
      await client.send('DELETE', `/v1/${origin === 'partition' ? 'partitions' : 'faults'}/${encodeURIComponent(name)}`)
    const faults = await faultsOf(client)
    const healed = chosen.map(({ name }) => name)
    return {
      data: { healed, faults },
      text: `${healed.length === 0 ? 'Nothing was to be healed' : `Healed: ${healed.join(', ')}`}. ${inForceText(faults)}`,
    }
  },
}

const inForceText = (faults: readonly FaultAnswer[]): string =>
  faults.length === 0
    ? 'No fault is in force.'
    : `In force: ${faults.map(({ name, kind, links }) => `${name} (${kind} on ${links.join(', ')})`).join('; ')}.`

const USUAL_ADDRESS = '127.0.0.1:8474'

/** Clients may reach proxies of this machine, and the one that the user named. */
function clientFor(tool: string, { address, token }: Input, settings: McpSettings): ControlClient {
  const host = address === undefined ? (settings.host ?? USUAL_ADDRESS) : String(address)
  if (host !== settings.host && !isLoopback(hostOf(host)))
    throw new UserError(
      'usage',
      `${tool}: ${host} is not on this machine. Give an address such as ${USUAL_ADDRESS}, or ask the user to start chaos mcp with --host ${host}.`,
    )
  return createControlClient({
    host,
    token: tokenFor(tool, host, token === undefined ? undefined : String(token), settings),
    words: { host: '"address"', token: '"token": "env:NAME"', authorities: 'NODE_EXTRA_CA_CERTS' },
  })
}

function hostOf(address: string): string {
  const url = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : ''
}

/**
 * Anybody on this machine may listen at another address, and an agent may be talked into naming it: the default proxy's
 * token goes to that proxy alone, and elsewhere only what the user listed for that.
 */
function tokenFor(tool: string, host: string, named: string | undefined, settings: McpSettings): string | undefined {
  const isDefault = placeOf(host) === placeOf(settings.host ?? USUAL_ADDRESS)
  const own = settings.token ?? 'env:CHAOS_TOKEN'
  if (isDefault && (named === undefined || named === own)) return tokenOf(settings.token)
  if (named === undefined) return undefined
  if (settings.otherTokens.includes(named)) return tokenOf(named)
  throw new UserError(
    'usage',
    named === own
      ? `${tool}: ${named} is the token of ${settings.host ?? USUAL_ADDRESS}, and is not sent to ${host}. Leave out "token", or ask the user to start chaos mcp with --host ${host}.`
      : `${tool}: "token" must be one that the user has named: start chaos mcp with --token ${own} --token ${/^env:\w+$/.test(named) ? named : 'env:NAME'}.`,
  )
}

/** Host and port, however the address is written. */
function placeOf(address: string): string {
  const url = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`
  return URL.canParse(url) ? new URL(url).host : address
}
