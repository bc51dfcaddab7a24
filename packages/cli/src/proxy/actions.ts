import { familyOf } from '@chaos/faults'
import { didYouMean, UserError } from '@chaos/history'
import type { Style } from '@chaos/report'
import type { ControlClient } from './control-client.ts'
import type { FaultAnswer, LinkAnswer, ProxyAnswer } from './control-types.ts'
import { readFaultWords, readSettings } from './fault-words.ts'
import { leaseActions } from './lease-actions.ts'
import { ruleActions } from './rule-actions.ts'
import { formatBytes, renderFaults, renderKinds, renderTable } from './tables.ts'

/** What an action has to say: data for machines, text for people. */
export interface ActionResult {
  readonly data: unknown
  readonly text: string
}

export interface ActionContext {
  readonly client: ControlClient
  readonly words: readonly string[]
  readonly style: Style
  readonly name: string | undefined
  readonly direction: string | undefined
  /** What a new fault is to live by. */
  readonly lease?: string | undefined
}

/** One thing that `chaos ctl` can do. */
export interface Action {
  readonly names: readonly [string, ...string[]]
  /** What follows it. */
  readonly usage: string
  readonly summary: string
  run(context: ActionContext): Promise<ActionResult>
}

export const actions: readonly Action[] = [
  {
    names: ['list', 'ls', 'l'],
    usage: '',
    summary: 'every proxy, where it leads, and how many faults are on it',
    async run({ client, style }) {
      const proxies = (await client.get('/v1/proxies')) as readonly ProxyAnswer[]
      const rows = proxies.map((proxy) => [
        proxy.name,
        proxy.listen,
        proxy.upstream,
        proxy.enabled ? 'enabled' : 'disabled',
        String(proxy.liveConnections),
        proxy.faults.join(' ') || '-',
      ])
      const heading = ['name', 'listens on', 'leads to', 'state', 'connections', 'faults']
      return { data: proxies, text: proxies.length === 0 ? '  no proxies\n' : renderTable([heading, ...rows], style) }
    },
  },
  {
    names: ['inspect', 'i'],
    usage: 'PROXY',
    summary: 'one proxy: its two links and what they carried, its faults and how often each bit',
    async run({ client, words, style }) {
      const proxy = (await client.get(`/v1/proxies/${await proxyPath(client, words[0])}`)) as ProxyAnswer
      const all = (await client.get('/v1/links')) as readonly LinkAnswer[]
      const links = all.filter(({ link }) => proxy.links.includes(link))
      const faults = (await faultsOf(client)).filter(({ name }) => proxy.faults.includes(name))
      const title = `  ${style.bold(proxy.name)}  ${proxy.listen} → ${proxy.upstream}  ${proxy.enabled ? 'enabled' : 'disabled'}\n`
      return {
        data: { ...proxy, links, faults },
        text: `${title}\n${linkTable(links, style)}\n${renderFaults(faults, style)}`,
      }
    },
  },
  {
    names: ['faults', 'f'],
    usage: '',
    summary: 'every fault in force, and how often it bit',
    async run({ client, style }) {
      const faults = await faultsOf(client)
      return { data: faults, text: renderFaults(faults, style) }
    },
  },
  {
    names: ['kinds'],
    usage: '',
    summary: 'every kind of fault, with its parameters and their units',
    run: async ({ style }) => ({ data: undefined, text: renderKinds(style) }),
  },
  {
    names: ['add', 'a'],
    usage: 'KIND PROXY|LINK… [parameter=value …]',
    summary: 'put a fault in force, on live connections too',
    async run({ client, words, style, name, direction, lease }) {
      const body = readFaultWords(words)
      for (const proxy of (body['proxies'] as readonly string[] | undefined) ?? []) await proxyPath(client, proxy)
      const more = Object.fromEntries(
        Object.entries({ name, direction, lease }).filter(([, given]) => given !== undefined),
      )
      const added = (await client.send('POST', '/v1/faults', { ...body, ...more })) as FaultAnswer
      const done = added.kind === 'reset' ? `${added.hits} connections reset` : `in force as ${style.bold(added.name)}`
      return { data: added, text: `  ${added.kind} on ${added.links.join(' ')}: ${done}\n` }
    },
  },
  {
    names: ['change', 'update', 'u'],
    usage: 'FAULT parameter=value …',
    summary: 'change a fault that is in force; its connections keep what they have been through',
    async run({ client, words }) {
      const [name, ...settings] = words
      const { hits: _, missed: __, origin: ___, ...before } = await findFault(client, name)
      const family = familyOf(before.kind)
      if (family === undefined || settings.length === 0)
        throw new UserError('usage', 'Say what to change: chaos ctl change FAULT parameter=value …')
      const { when, match, ...given } = readSettings(settings, before.kind, family)
      const merged = {
        ...before,
        ...given,
        ...mergeSection('when', before['when'], when),
        ...mergeSection('match', before['match'], match),
      }
      const changed = await client.send('PUT', `/v1/faults/${encodeURIComponent(before.name)}`, merged)
      return { data: changed, text: `  ${before.name}: changed\n` }
    },
  },
  {
    names: ['remove', 'rm', 'r'],
    usage: 'FAULT…',
    summary: 'heal faults, by name',
    async run({ client, words }) {
      if (words.length === 0)
        throw new UserError('usage', 'Say which: chaos ctl remove FAULT. chaos ctl faults lists them.')
      const faults = await Promise.all(words.map((word) => findFault(client, word)))
      for (const { name, origin } of faults)
        await client.send(
          'DELETE',
          `/v1/${origin === 'partition' ? 'partitions' : 'faults'}/${encodeURIComponent(name)}`,
        )
      return { data: { removed: words }, text: `  healed: ${words.join(' ')}\n` }
    },
  },
  {
    names: ['partition', 'cut'],
    usage: 'NAME GROUP GROUP…',
    summary: 'cut every link between groups of ends: chaos ctl partition split n1,n2 n3',
    async run({ client, words }) {
      const [name, ...groups] = words
      if (name === undefined || groups.length < 2)
        throw new UserError('usage', 'Give it a name, and two groups or more: chaos ctl partition split n1,n2 n3')
      const body = { groups: groups.map((group) => group.split(',')) }
      const cut = (await client.send('PUT', `/v1/partitions/${encodeURIComponent(name)}`, body)) as FaultAnswer
      return { data: cut, text: `  ${name}: ${cut.links.length} links cut; heal it with chaos ctl remove ${name}\n` }
    },
  },
  ...ruleActions,
  ...leaseActions,
  {
    names: ['create', 'new', 'c'],
    usage: 'NAME LISTEN UPSTREAM',
    summary: 'open a proxy: chaos ctl create db 127.0.0.1:0 127.0.0.1:5432',
    async run({ client, words }) {
      const [name, listen, upstream] = words
      if (name === undefined || listen === undefined || upstream === undefined)
        throw new UserError('usage', 'Say what to open: chaos ctl create NAME LISTEN UPSTREAM')
      const proxy = (await client.send('POST', '/v1/proxies', { name, listen, upstream })) as ProxyAnswer
      return { data: proxy, text: `  ${proxy.name}: ${proxy.listen} → ${proxy.upstream}\n` }
    },
  },
  {
    names: ['delete', 'd'],
    usage: 'PROXY',
    summary: 'close a proxy, and reset its connections',
    async run({ client, words }) {
      await client.send('DELETE', `/v1/proxies/${await proxyPath(client, words[0])}`)
      return { data: { deleted: words[0] }, text: `  ${words[0]}: closed\n` }
    },
  },
  {
    names: ['toggle', 'tog'],
    usage: 'PROXY',
    summary: 'disable a proxy that is enabled, and the other way round',
    async run({ client, words }) {
      const path = `/v1/proxies/${await proxyPath(client, words[0])}`
      const { enabled } = (await client.get(path)) as ProxyAnswer
      const proxy = (await client.send('PATCH', path, { enabled: !enabled })) as ProxyAnswer
      return { data: proxy, text: `  ${proxy.name}: ${proxy.enabled ? 'enabled' : 'disabled'}\n` }
    },
  },
  {
    names: ['reset'],
    usage: '',
    summary: 'heal everything, and enable every proxy',
    async run({ client }) {
      await client.send('POST', '/v1/reset')
      return { data: { reset: true }, text: '  no faults, and every proxy enabled\n' }
    },
  },
]

const mergeSection = (
  section: 'when' | 'match',
  before: unknown,
  given: unknown,
): { readonly [name: string]: unknown } =>
  before === undefined && given === undefined ? {} : { [section]: { ...(before ?? {}), ...(given ?? {}) } }

const faultsOf = async (client: ControlClient): Promise<readonly FaultAnswer[]> =>
  (await client.get('/v1/faults')) as readonly FaultAnswer[]

/** The proxy's name as a path has it. @throws UserError (usage), with the nearest name there is. */
async function proxyPath(client: ControlClient, name: string | undefined): Promise<string> {
  const names = ((await client.get('/v1/proxies')) as readonly ProxyAnswer[]).map((proxy) => proxy.name)
  const known = names.length === 0 ? 'There are none yet.' : `Known: ${names.join(', ')}.`
  if (name === undefined) throw new UserError('usage', `Say which proxy. ${known}`)
  if (names.includes(name)) return encodeURIComponent(name)
  throw new UserError('usage', `There is no proxy "${name}".${didYouMean(name, names)} ${known}`)
}

/** @throws UserError (usage), with the nearest name there is. */
async function findFault(client: ControlClient, name: string | undefined): Promise<FaultAnswer> {
  const faults = await faultsOf(client)
  const found = faults.find((fault) => fault.name === name)
  if (found !== undefined) return found
  const names = faults.map((fault) => fault.name)
  const known = names.length === 0 ? 'None is in force.' : `In force: ${names.join(', ')}.`
  if (name === undefined) throw new UserError('usage', `Say which fault. ${known}`)
  throw new UserError('usage', `There is no fault "${name}".${didYouMean(name, names)} ${known}`)
}

function linkTable(links: readonly LinkAnswer[], style: Style): string {
  const rows = links.map((link) => [
    link.link,
    formatBytes(link.bytes),
    formatBytes(link.droppedBytes),
    `${link.liveConnections} of ${link.connections}`,
    String(link.hits),
  ])
  return renderTable([['link', 'carried', 'dropped', 'connections', 'hits'], ...rows], style)
}
