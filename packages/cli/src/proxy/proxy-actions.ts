import { usageError } from '@chaosproxy/history'
import { printable } from '@chaosproxy/report'
import type { Action } from './action.ts'
import type { ProxyAnswer } from './control-types.ts'
import { proxyPath } from './lookup.ts'

/** `chaos ctl` actions on proxies, and on all faults at once. */
export const proxyActions: readonly Action[] = [
  {
    names: ['create', 'new', 'c'],
    usage: 'NAME LISTEN UPSTREAM',
    summary: 'open a proxy: chaos ctl create db 127.0.0.1:0 127.0.0.1:5432',
    async run({ client, words }) {
      const [name, listen, upstream] = words
      if (name === undefined || listen === undefined || upstream === undefined)
        throw usageError('Say which proxy to open: chaos ctl create NAME LISTEN UPSTREAM')
      const proxy = (await client.send('POST', '/v1/proxies', { name, listen, upstream })) as ProxyAnswer
      return { data: proxy, text: `${printable(`  ${proxy.name}: ${proxy.listen} → ${proxy.upstream}`)}\n` }
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
    summary: 'enable or disable a proxy',
    async run({ client, words }) {
      const path = `/v1/proxies/${await proxyPath(client, words[0])}`
      const { enabled } = (await client.get(path)) as ProxyAnswer
      const proxy = (await client.send('PATCH', path, { enabled: !enabled })) as ProxyAnswer
      return { data: proxy, text: `  ${printable(proxy.name)}: ${proxy.enabled ? 'enabled' : 'disabled'}\n` }
    },
  },
  {
    names: ['reset'],
    usage: '',
    summary: 'heal every fault, and enable every proxy',
    async run({ client }) {
      await client.send('POST', '/v1/reset')
      return { data: { reset: true }, text: '  no faults, and every proxy enabled\n' }
    },
  },
]
