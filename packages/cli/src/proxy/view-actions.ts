import { printable, type Style } from '@chaosproxy/report'
import type { Action } from './action.ts'
import type { LinkAnswer, ProxyAnswer } from './control-types.ts'
import { faultsOf, proxyPath } from './lookup.ts'
import { formatBytes, renderFaults, renderKinds, renderTable } from './tables.ts'

/** `chaos ctl` actions that change nothing. */
export const viewActions: readonly Action[] = [
  {
    names: ['list', 'ls', 'l'],
    usage: '',
    summary: 'list every proxy with its upstream and its number of faults',
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
      const titles = ['name', 'listens on', 'leads to', 'state', 'connections', 'faults']
      return { data: proxies, text: proxies.length === 0 ? '  no proxies\n' : renderTable(titles, rows, style) }
    },
  },
  {
    names: ['inspect', 'i'],
    usage: 'PROXY',
    summary: 'show one proxy: the traffic of its two links, its faults, and how often each fault took effect',
    async run({ client, words, style }) {
      const proxy = (await client.get(`/v1/proxies/${await proxyPath(client, words[0])}`)) as ProxyAnswer
      const all = (await client.get('/v1/links')) as readonly LinkAnswer[]
      const links = all.filter(({ link }) => proxy.links.includes(link))
      const faults = (await faultsOf(client)).filter(({ name }) => proxy.faults.includes(name))
      const title = `  ${style.bold(printable(proxy.name))}  ${printable(`${proxy.listen} → ${proxy.upstream}`)}  ${proxy.enabled ? 'enabled' : 'disabled'}\n`
      return {
        data: { ...proxy, links, faults },
        text: `${title}\n${linkTable(links, style)}\n${renderFaults(faults, style)}`,
      }
    },
  },
  {
    names: ['faults', 'f'],
    usage: '',
    summary: 'list every fault in force, and how often it took effect',
    async run({ client, style }) {
      const faults = await faultsOf(client)
      return { data: faults, text: renderFaults(faults, style) }
    },
  },
  {
    names: ['kinds'],
    usage: '',
    summary: 'list every kind of fault, with its parameters and their units',
    run: async ({ style }) => ({ data: undefined, text: renderKinds(style) }),
  },
]

function linkTable(links: readonly LinkAnswer[], style: Style): string {
  const rows = links.map((link) => [
    link.link,
    formatBytes(link.bytes),
    formatBytes(link.droppedBytes),
    `${link.liveConnections} of ${link.connections}`,
    String(link.hits),
  ])
  return renderTable(['link', 'carried', 'dropped', 'connections', 'hits'], rows, style)
}
