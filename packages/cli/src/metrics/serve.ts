import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { environmentError } from '@chaosproxy/history'
import { createGuard, formatMetrics, METRICS_TYPE, parseAddress } from '@chaosproxy/proxy/control'
import type { PlannedRun, RunListener } from '@chaosproxy/runner'
import { createRunMetrics, type RunMetrics } from './run-metrics.ts'

export interface MetricsServer {
  readonly url: string
  follow(run: PlannedRun): RunListener
  close(): Promise<void>
}

/** @throws UserError (environment) if the server cannot listen on the address. */
export async function serveMetrics(listen: string): Promise<MetricsServer> {
  const { host, port } = parseAddress(listen)
  const guard = createGuard({ listenHost: host, token: undefined, hostNames: [] })
  let metrics: RunMetrics | undefined
  const server = createServer((request, response) => {
    const refusal = guard(request.headers)
    if (refusal !== undefined) {
      response.writeHead(refusal.status).end(`${refusal.why}\n`)
      return
    }
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('Metrics are at /metrics.\n')
      return
    }
    response.writeHead(200, { 'Content-Type': METRICS_TYPE }).end(formatMetrics(metrics?.read() ?? []))
  }).listen(port, host === '' ? undefined : host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw environmentError(
      `--metrics ${listen}: cannot listen on this address (${code ?? message}). Choose another port.`,
    )
  }
  const at = server.address() as AddressInfo
  return {
    url: `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}/metrics`,
    follow(run) {
      metrics = createRunMetrics(run)
      return metrics.note
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
