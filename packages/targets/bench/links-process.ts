// This is the separate process that runs the measured proxy. The proxy serves links between containers, and a route
// between processes.

import { millis } from '@chaosproxy/history'
import { createNetwork } from '@chaosproxy/proxy'
import { type ContainerNetwork, openContainerNetwork } from '@chaosproxy/targets'
import { serveRequests } from '../../proxy/bench/children.ts'

export type LinksRequest =
  /** The names of containers are their ids. */
  | { readonly do: 'attach'; readonly ids: readonly string[] }
  | { readonly do: 'detach' }
  | { readonly do: 'route'; readonly port: number }
  | { readonly do: 'memory'; readonly afterMs: number }

const network = createNetwork({ seed: 1 })
let attached: ContainerNetwork | undefined

serveRequests<LinksRequest>(async (request) => {
  switch (request.do) {
    case 'attach': {
      const startedAtMs = performance.now()
      attached = await openContainerNetwork({
        where: 'links',
        ids: new Map(request.ids.map((id) => [id, id])),
        seed: 1,
      })
      return { tookMs: performance.now() - startedAtMs }
    }
    case 'detach':
      await attached?.close()
      return {}
    case 'route': {
      const upstream = { host: '127.0.0.1', port: request.port }
      return { port: (await network.route({ from: 'clients', to: 'n1', upstream })).port }
    }
    case 'memory':
      await new Promise((resolve) => setTimeout(resolve, millis(request.afterMs)))
      globalThis.gc?.()
      return { residentBytes: process.memoryUsage.rss(), heapBytes: process.memoryUsage().heapUsed }
  }
})
