// The proxy that is measured. It runs in its own process, so that its CPU time and memory can be measured separately.

import type { TcpFault } from '@chaosproxy/faults'
import { createNetwork, type Network } from '@chaosproxy/proxy'
import type { AppliedFault } from '@chaosproxy/proxy/parts'
import { serveRequests } from './children.ts'

export type ProxyRequest =
  | { readonly do: 'start' }
  | { readonly do: 'route'; readonly name: string; readonly port: number }
  | { readonly do: 'apply'; readonly fault: TcpFault }
  | { readonly do: 'heal' }
  | { readonly do: 'usage' }
  | { readonly do: 'collect garbage' }

export interface Usage {
  readonly cpuMicroseconds: number
  readonly residentBytes: number
}

let network: Network | undefined
let applied: AppliedFault | undefined

serveRequests<ProxyRequest>(async (request) => {
  switch (request.do) {
    case 'start':
      network = createNetwork({ seed: 1 })
      return {}
    case 'route': {
      const upstream = { host: '127.0.0.1', port: request.port }
      const route = await network?.route({ from: 'clients', to: request.name, upstream })
      return { port: route?.port }
    }
    case 'apply':
      applied = network?.apply(request.fault)
      return {}
    case 'heal':
      applied?.remove()
      return {}
    case 'collect garbage':
      globalThis.gc?.()
      return {}
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return { cpuMicroseconds: user + system, residentBytes: process.memoryUsage.rss() } satisfies Usage
    }
  }
})
