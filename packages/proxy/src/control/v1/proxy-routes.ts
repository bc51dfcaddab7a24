import { linkName, parseLink, quote } from '@chaosproxy/faults'
import type { LinkStatistics } from '../../link/link-state.ts'
import type { ControlPlane } from '../plane/plane.ts'
import { ControlError } from '../state/errors.ts'
import type { ListenRule } from '../state/listen-rule.ts'
import type { ManagedProxy } from '../state/proxies.ts'
import { type DescribedRoute, reference } from './described-route.ts'
import { adds, gets, lists, type NamedThings, removes } from './named-things.ts'
import { json } from './replies.ts'
import { type LocalFiles, readJsonBody, readProxy, readProxyChange } from './requests.ts'
import type { Views } from './views.ts'

export function proxyRoutes(plane: ControlPlane, views: Views, mayListen: ListenRule): readonly DescribedRoute[] {
  const proxies: NamedThings<ManagedProxy> = { noun: 'proxy', nouns: 'proxies', view: views.proxy }
  return [
    lists(proxies, 'Every proxy, in order of their names', () => plane.proxies.list()),
    adds(
      proxies,
      'Opens a proxy: a listener and its upstream',
      { done: 'It accepts connections.', errors: [403, 409, 500] },
      async (body) => {
        const settings = readProxy(body, 'proxy', noFiles)
        const proxy = await plane.addProxy({ ...settings, listen: mayListen(settings.listen) })
        return [proxy.name, proxy]
      },
    ),
    gets(proxies, 'One proxy', (name) => plane.proxies.get(name)),
    {
      method: 'PATCH',
      path: '/v1/proxies/{proxy}',
      operation: 'changeProxy',
      summary:
        'Enables or disables a proxy, or changes its addresses; that resets its connections and keeps its faults',
      body: reference('ProxyChange'),
      success: { status: 200, description: 'The proxy is changed.', schema: reference('Proxy') },
      errors: [403, 404, 500],
      async handle(request) {
        const change = readProxyChange(readJsonBody(request.body), 'proxy')
        if (change.listen !== undefined) mayListen(change.listen)
        return json(200, views.proxy(await plane.updateProxy(request.param('proxy'), change)))
      },
    },
    removes(proxies, 'Frees its port and resets its connections', { done: 'It is gone.', errors: [404] }, (name) =>
      plane.removeProxy(name),
    ),
    ...linkRoutes(plane, views),
  ]
}

function linkRoutes(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  const links: NamedThings<readonly [name: string, statistics: LinkStatistics]> = {
    noun: 'link',
    view: ([name, statistics]) => views.link(name, statistics),
  }
  return [
    lists(links, 'Every link: what it carried, and the faults on it', () => [...plane.statistics()]),
    gets(links, 'One link, by its name: clients>db', (typed): readonly [name: string, statistics: LinkStatistics] => {
      const name = linkName(parseLink(typed, 'link'))
      const statistics = plane.statistics().get(name)
      if (statistics === undefined) throw new ControlError(404, `there is no link ${quote(name)}`)
      return [name, statistics]
    }),
  ]
}

/** A request must not make the server read local files. */
const noFiles: LocalFiles = {
  readPem(text) {
    throw new ControlError(400, `${quote(text)} is not PEM; only a config file may name files`)
  },
  pidFiles: 'refused',
}
