// The smallest possible proxy in Node: two sockets for each connection, and each socket writes what the other reads.

import { type AddressInfo, connect, createServer } from 'node:net'
import { serveRequests } from './children.ts'

export type BareProxyRequest = { readonly do: 'route'; readonly upstreamPort: number } | { readonly do: 'usage' }

serveRequests<BareProxyRequest>(async (request) => {
  if (request.do === 'route') return { port: await listen(request.upstreamPort) }
  const { user, system } = process.cpuUsage()
  return { cpuMicroseconds: user + system }
})

function listen(upstreamPort: number): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true })
    client.on('data', (bytes) => upstream.write(bytes)).on('end', () => upstream.end())
    upstream.on('data', (bytes) => client.write(bytes)).on('end', () => client.end())
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
