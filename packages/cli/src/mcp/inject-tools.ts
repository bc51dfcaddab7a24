import { trafficFaultKinds } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import { type ControlClient, createControlClient, isLoopback } from '@chaosproxy/proxy/client'
import { count } from '@chaosproxy/runner'
import * as v from 'valibot'
import { namesOf } from '../arguments/names.ts'
import type { FaultAnswer, LeaseAnswer, ProxyAnswer } from '../proxy/control-types.ts'
import { faultsOf, findFault, healFaults, proxyPath } from '../proxy/lookup.ts'
import { tokenOf } from '../proxy/token.ts'
import { anyObject, describedText, flag, objects, oneOf, text, texts } from './schema.ts'
import type { McpSettings } from './settings.ts'
import type { CallContext, Tool } from './tool.ts'

const place = {
  address: v.optional(
    text(
      'host:port of the control interface of a running chaos proxy on this machine; if left out, the address given to chaos mcp, or the usual address',
    ),
  ),
  token: v.optional(
    text('token of that proxy: env:NAME, a variable of this server that the user has named with --token'),
  ),
}

const placeSchema = v.strictObject(place)

type Place = v.InferOutput<typeof placeSchema>

const inForce = objects('every fault in force, with its name, kind, links and how often it took effect')

export const proxiesTool: Tool = {
  name: 'proxies',
  title: 'Look at a running proxy',
  summary: 'Lists what a running chaos proxy carries, with the names that "inject" takes, and every fault in force.',
  effect: 'reads',
  input: () => placeSchema,
  output: v.strictObject({ proxies: objects('every proxy, with its links'), faults: inForce }),
  async call(input: Place, { settings }: CallContext) {
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

const injected = v.strictObject({
  ...place,
  kind: oneOf(trafficFaultKinds, 'the kind of fault'),
  proxies: v.optional(texts('names of the proxies that the fault hits; alternative to links')),
  links: v.optional(texts('links that the fault hits, such as clients>db; alternative to proxies')),
  direction: v.optional(
    oneOf(
      ['both', 'upstream', 'downstream'],
      '(with proxies) direction of the traffic that the fault hits; both if left out',
    ),
  ),
  parameters: v.optional(anyObject('the parameters of the kind, such as {"latencyMs":200}')),
  match: v.optional(anyObject('hit only requests or messages that meet these conditions')),
  when: v.optional(anyObject('conditions under which the fault takes effect, such as {"probability":0.1}')),
  name: v.optional(text('name of the fault; derived from its kind if left out')),
  forMs: v.optional(count('heal the fault after this many milliseconds', 100, LONGEST_LEASE_MS)),
})

export const injectTool: Tool = {
  name: 'inject',
  title: 'Inject a fault',
  summary:
    'Injects a fault into the traffic of a running chaos proxy, open connections included. The fault lasts until "heal", or for "forMs". The tool "list" gives the kinds of faults and their parameters.',
  effect: 'hurts',
  input: () => injected,
  output: v.strictObject({
    fault: anyObject('the fault with its parameters'),
    heal: describedText('how to heal the fault'),
  }),
  async call(input: v.InferOutput<typeof injected>, { settings }: CallContext) {
    const client = clientFor('inject', input, settings)
    const { address: _, token: __, parameters, forMs, ...members } = input
    const { kind, proxies, links } = members
    for (const proxy of proxies ?? []) await proxyPath(client, proxy)
    if (proxies === undefined && links === undefined)
      throw usageError('inject: say what the fault hits: "proxies" or "links". The tool "proxies" lists both.')
    const lease = forMs === undefined ? undefined : await leaseOf(client, forMs)
    const body = { ...parameters, ...members, lease }
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

/** Adds a fault. If the proxy refuses the fault, ends the lease that was meant for it. */
async function added(client: ControlClient, body: object, lease: string | undefined): Promise<FaultAnswer> {
  try {
    return (await client.send('POST', '/v1/faults', body)) as FaultAnswer
  } catch (error) {
    if (lease !== undefined) await client.send('DELETE', `/v1/leases/${encodeURIComponent(lease)}`)
    throw error
  }
}

const healed = v.strictObject({
  ...place,
  names: v.optional(texts('the faults to heal')),
  all: v.optional(flag('heal all faults, except those of toxics and rule sets')),
})

export const healTool: Tool = {
  name: 'heal',
  title: 'Heal faults',
  summary: 'Ends faults of a running chaos proxy, those named or all, on live connections too.',
  effect: 'hurts',
  input: () => healed,
  output: v.strictObject({ healed: texts('what was healed'), faults: inForce }),
  async call(input: v.InferOutput<typeof healed>, { settings }: CallContext) {
    const client = clientFor('heal', input, settings)
    const { names = [], all = false } = input
    if (names.length === 0 && !all)
      throw usageError(`heal: give the "names" of faults, or "all": true. ${inForceText(await faultsOf(client))}`)
    const chosen = all
      ? (await faultsOf(client)).filter(({ origin }) => origin === 'api' || origin === 'partition')
      : await Promise.all(names.map((name) => findFault(client, name)))
    await healFaults(client, chosen)
    const faults = await faultsOf(client)
    const ended = namesOf(chosen)
    return {
      data: { healed: ended, faults },
      text: `${ended.length === 0 ? 'Nothing was to be healed' : `Healed: ${ended.join(', ')}`}. ${inForceText(faults)}`,
    }
  },
}

const inForceText = (faults: readonly FaultAnswer[]): string =>
  faults.length === 0
    ? 'No fault is in force.'
    : `In force: ${faults.map(({ name, kind, links }) => `${name} (${kind} on ${links.join(', ')})`).join('; ')}.`

const USUAL_ADDRESS = '127.0.0.1:8474'

/** The client of a proxy on this machine, or of the proxy that the user named. */
function clientFor(tool: string, { address, token }: Place, settings: McpSettings): ControlClient {
  const host = address ?? settings.host ?? USUAL_ADDRESS
  if (host !== settings.host && !isLoopback(hostOf(host)))
    throw usageError(
      `${tool}: ${host} is not on this machine. Give an address such as ${USUAL_ADDRESS}, or ask the user to start chaos mcp with --host ${host}.`,
    )
  return createControlClient({
    host,
    token: tokenFor(tool, host, token, settings),
    words: { host: '"address"', token: '"token": "env:NAME"', authorities: 'NODE_EXTRA_CA_CERTS' },
  })
}

const hostOf = (address: string): string => urlOf(address)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''

function urlOf(address: string): URL | undefined {
  const url = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`
  return URL.canParse(url) ? new URL(url) : undefined
}

/**
 * The token for a proxy. An agent may be tricked into naming another program's address, so only the default proxy
 * receives the default token.
 */
function tokenFor(tool: string, host: string, named: string | undefined, settings: McpSettings): string | undefined {
  const isDefault = placeOf(host) === placeOf(settings.host ?? USUAL_ADDRESS)
  const own = settings.token ?? 'env:CHAOS_TOKEN'
  if (isDefault && (named === undefined || named === own)) return tokenOf(settings.token)
  if (named === undefined) return undefined
  if (settings.otherTokens.includes(named)) return tokenOf(named)
  throw usageError(
    named === own
      ? `${tool}: ${named} is the token of ${settings.host ?? USUAL_ADDRESS}, and is not sent to ${host}. Leave out "token", or ask the user to start chaos mcp with --host ${host}.`
      : `${tool}: "token" must be one that the user has named: ask the user to start chaos mcp with --token ${own} --token ${/^env:\w+$/.test(named) ? named : 'env:NAME'}.`,
  )
}

const placeOf = (address: string): string => urlOf(address)?.host ?? address
