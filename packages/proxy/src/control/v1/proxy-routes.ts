import { quote } from '@chaosproxy/faults'
import type { ControlPlane } from '../plane/plane.ts'
import { ControlError } from '../state/errors.ts'
import type { ListenRule } from '../state/listen-rule.ts'
import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { json, noContent } from './replies.ts'
import { type LocalFiles, readJsonBody, readProxy, readProxyChange } from './requests.ts'
import type { Views } from './views.ts'

export function proxyRoutes(plane: ControlPlane, views: Views, mayListen: ListenRule): readonly DescribedRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/proxies',
      operation: 'listProxies',
      summary: 'Every proxy, in order of their names',
      success: { status: 200, description: 'The proxies.', schema: listOf(reference('Proxy')) },
      handle: () => json(200, plane.proxies.list().map(views.proxy)),
    },
    {
      method: 'POST',
      path: '/v1/proxies',
      operation: 'addProxy',
      summary: 'Opens a proxy: a listener, and whom it leads to',
      body: reference('ProxyRequest'),
      success: { status: 201, description: 'It accepts connections.', schema: reference('Proxy') },
      errors: [403, 409, 500],
      async handle({ body }) {
        const settings = readProxy(readJsonBody(body), 'proxy', noFiles)
        const proxy = await plane.addProxy({ ...settings, listen: mayListen(settings.listen) })
        return json(201, views.proxy(proxy), { Location: `/v1/proxies/${encodeURIComponent(proxy.name)}` })
      },
    },
    {
      method: 'GET',
      path: '/v1/proxies/{proxy}',
      operation: 'getProxy',
      summary: 'One proxy',
      success: { status: 200, description: 'The proxy.', schema: reference('Proxy') },
      errors: [404],
      handle: (request) => json(200, views.proxy(plane.proxies.get(request.param('proxy')))),
    },
    {
      method: 'PATCH',
      path: '/v1/proxies/{proxy}',
      operation: 'changeProxy',
      summary: 'Enables or disables a proxy, or moves an end of it; a moved end resets its connections, faults stay',
      body: reference('ProxyChange'),
      success: { status: 200, description: 'It is as asked for.', schema: reference('Proxy') },
      errors: [403, 404, 500],
      async handle(request) {
        const change = readProxyChange(readJsonBody(request.body), 'proxy')
        if (change.listen !== undefined) mayListen(change.listen)
        return json(200, views.proxy(await plane.updateProxy(request.param('proxy'), change)))
      },
    },
    {
      method: 'DELETE',
      path: '/v1/proxies/{proxy}',
      operation: 'removeProxy',
      summary: 'Frees its port and resets its connections',
      success: { status: 204, description: 'It is gone.' },
      errors: [404],
      async handle(request) {
        await plane.removeProxy(request.param('proxy'))
        return noContent
      },
    },
  ]
}

/** A request must not make the server read local files. */
const noFiles: LocalFiles = {
  readPem(text) {
    throw new ControlError(400, `${quote(text)} is no PEM; files are read only for a config file`)
  },
  pidFiles: 'refused',
}
