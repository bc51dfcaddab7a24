import type { TrafficFault } from '@chaosproxy/faults'
import {
  type ControlPlane,
  createControlPlane,
  createNetwork,
  parseAddress,
  parseCarriage,
} from '@chaosproxy/proxy/control'
import { UserError } from 'chaosproxy'
import type { Links } from './links.ts'
import { addressOf, type Server } from './servers.ts'

/** Opens separate links for each page, so that a fault can cut off a single page. */
export function openPageLinks(servers: readonly Server[], seed: number): Links {
  const network = createNetwork({ seed })
  const plane = createControlPlane({ network, seed })
  const joined = new Map<string, Promise<void>>()
  let faults = 0
  return {
    get pages() {
      return [...joined.keys()]
    },
    portOf: (page, server) => parseAddress(plane.proxies.get(nameOf(page, server)).listen).port,
    join(page) {
      const known = joined.get(page) ?? openAll(plane, page, servers)
      joined.set(page, known)
      return known
    },
    async inject(fault) {
      const name = `fault-${faults++}`
      add(plane, name, fault)
      return async () => {
        const { hits } = plane.faults.get(name)
        plane.removeFault(name)
        return hits
      }
    },
    async close() {
      plane.close()
      await network.close()
    },
  }
}

const nameOf = (page: string, server: string): string => `${page}>${server}`

async function openAll(plane: ControlPlane, page: string, servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    const { name, host, isSecure } = server
    const tls = { terminate: { names: [host], alpn: ['http/1.1'] }, originate: { alpn: ['http/1.1'] } }
    await plane.addProxy({
      name: nameOf(page, name),
      listen: '127.0.0.1:0',
      upstream: addressOf(server),
      enabled: true,
      from: page,
      to: name,
      carries: parseCarriage({ kind: 'http', websocket: true }, name),
      ...(isSecure ? { tls } : {}),
    })
  }
}

/** @throws UserError (usage) */
function add(plane: ControlPlane, name: string, fault: TrafficFault): void {
  try {
    plane.addFault({ name, fault, origin: 'api' })
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error
    throw new UserError('usage', `${fault.kind}: ${error.message}`)
  }
}
