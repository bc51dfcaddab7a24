import { metricsReply } from '../metrics/metrics.ts'
import type { ControlPlane } from '../plane/plane.ts'
import type { ApiReply, ApiRequest, ApiRoute } from '../server/api.ts'
import { ControlError, statusOf } from '../state/errors.ts'
import type { ListenRule } from '../state/listen-rule.ts'
import type { ManagedProxy } from '../state/proxies.ts'
import { readJson, readMembers } from '../toxics/go-json.ts'
import type { Toxic } from '../toxics/toxics.ts'
import { populate, readPopulation, readProxyChange, readProxyInput } from './proxy-input.ts'
import { json, toxiproxyMessage } from './replies.ts'

export interface ToxiproxyOptions {
  /** The version that `GET /version` reports. */
  readonly version: string
  /** Whether to serve `GET /metrics`, as Toxiproxy does with `-proxy-metrics`. */
  readonly metrics: boolean
}

/** Returns every route of Toxiproxy, with Toxiproxy's bodies and status codes. */
export function toxiproxyRoutes(
  plane: ControlPlane,
  options: ToxiproxyOptions,
  mayListen: ListenRule,
): readonly ApiRoute[] {
  const version: ApiRoute = {
    method: 'GET',
    path: '/version',
    handle: () => ({
      status: 200,
      headers: { 'Content-Type': 'application/json;charset=utf-8' },
      body: `{"version": ${JSON.stringify(options.version)}}\n`,
    }),
  }
  const reset: ApiRoute = {
    method: 'POST',
    path: '/reset',
    async handle() {
      await plane.resetToxics()
      return noContent
    },
  }
  const metrics: ApiRoute = { method: 'GET', path: '/metrics', handle: () => metricsReply(plane) }
  const routes = [version, ...proxyRoutes(plane, mayListen), ...toxicRoutes(plane), reset]
  return options.metrics ? [...routes, metrics] : routes
}

function proxyRoutes(plane: ControlPlane, mayListen: ListenRule): readonly ApiRoute[] {
  const proxyOf = (request: ApiRequest): ManagedProxy => namedProxy(plane, request)

  function view(proxy: ManagedProxy): ProxyView {
    const { name, listen, upstream, enabled } = proxy
    return { name, listen, upstream, enabled, toxics: plane.toxics.list(proxy) }
  }

  async function updateProxy(request: ApiRequest): Promise<ApiReply> {
    const { name } = proxyOf(request)
    const change = readProxyChange(readMembers(readJson(request.body), 'Proxy'))
    try {
      if (change.listen !== undefined) mayListen(change.listen)
      return json(200, view(await plane.updateProxy(name, change)))
    } catch (error) {
      // Toxiproxy responds with 500 whenever a proxy cannot be restarted, even for a malformed address.
      throw error instanceof ControlError ? error : new ControlError(500, toxiproxyMessage(error))
    }
  }

  async function populateProxies(request: ApiRequest): Promise<ApiReply> {
    const made: ManagedProxy[] = []
    try {
      for (const { settings, toxics } of readPopulation(readJson(request.body)))
        await populate(plane, [{ settings: { ...settings, listen: mayListen(settings.listen) }, toxics }], made)
      return json(201, { proxies: made.map(view) })
    } catch (error) {
      const status = error instanceof ControlError ? statusOf(error) : 500
      const proxies = status === 400 && made.length === 0 ? null : made.map(view)
      return json(status, { error: toxiproxyMessage(error), status, proxies })
    }
  }

  return [
    {
      method: 'GET',
      path: '/proxies',
      handle: () => json(200, Object.fromEntries(plane.proxies.list().map((proxy) => [proxy.name, view(proxy)]))),
    },
    {
      method: 'POST',
      path: '/proxies',
      async handle(request) {
        const { settings, toxics } = readProxyInput(readMembers(readJson(request.body), 'Proxy'))
        if (settings.name === '') throw new ControlError(400, 'missing required field: name')
        if (settings.upstream === '') throw new ControlError(400, 'missing required field: upstream')
        const listen = mayListen(settings.listen)
        return json(201, view(await plane.addProxy({ ...settings, listen }, toxics)))
      },
    },
    { method: 'POST', path: '/populate', handle: populateProxies },
    { method: 'GET', path: '/proxies/{proxy}', handle: (request) => json(200, view(proxyOf(request))) },
    { method: 'POST', path: '/proxies/{proxy}', handle: updateProxy },
    { method: 'PATCH', path: '/proxies/{proxy}', handle: updateProxy },
    {
      method: 'DELETE',
      path: '/proxies/{proxy}',
      async handle(request) {
        await plane.removeProxy(request.param('proxy'))
        return noContent
      },
    },
  ]
}

function toxicRoutes(plane: ControlPlane): readonly ApiRoute[] {
  const proxyOf = (request: ApiRequest): ManagedProxy => namedProxy(plane, request)

  const updateToxic = (request: ApiRequest): ApiReply => {
    const toxic = plane.toxics.get(proxyOf(request), request.param('toxic'))
    return json(200, plane.toxics.update(proxyOf(request), toxic.name, readJson(request.body)))
  }

  return [
    {
      method: 'GET',
      path: '/proxies/{proxy}/toxics',
      handle: (request) => json(200, plane.toxics.list(proxyOf(request))),
    },
    {
      method: 'POST',
      path: '/proxies/{proxy}/toxics',
      handle: (request) => json(200, plane.toxics.add(proxyOf(request), readJson(request.body))),
    },
    {
      method: 'GET',
      path: '/proxies/{proxy}/toxics/{toxic}',
      handle: (request) => json(200, plane.toxics.get(proxyOf(request), request.param('toxic'))),
    },
    { method: 'POST', path: '/proxies/{proxy}/toxics/{toxic}', handle: updateToxic },
    { method: 'PATCH', path: '/proxies/{proxy}/toxics/{toxic}', handle: updateToxic },
    {
      method: 'DELETE',
      path: '/proxies/{proxy}/toxics/{toxic}',
      handle(request) {
        plane.toxics.remove(proxyOf(request), request.param('toxic'))
        return noContent
      },
    },
  ]
}

const namedProxy = (plane: ControlPlane, request: ApiRequest): ManagedProxy => plane.proxies.get(request.param('proxy'))

interface ProxyView {
  readonly name: string
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  readonly toxics: readonly Toxic[]
}

const noContent: ApiReply = { status: 204 }
