// The proxy before a Redis, in a process of its own: one route that only passes, and one that is recorded.

import { createNetwork, openRecordFile, startRunClock } from '@chaosproxy/proxy'
import { recordResp } from '@chaosproxy/proxy/parts'
import { createRecorder } from '@chaosproxy/recorder'
import { serveRequests } from './children.ts'

export type RedisProxyRequest =
  | { readonly do: 'route'; readonly upstreamPort: number; readonly file: string | undefined }
  | { readonly do: 'usage' }

serveRequests<RedisProxyRequest>(async (request) => {
  if (request.do === 'usage') {
    const { user, system } = process.cpuUsage()
    return { cpuMicroseconds: user + system }
  }
  const { upstreamPort, file } = request
  const intercept =
    file === undefined
      ? undefined
      : recordResp({
          recorder: createRecorder({ now: startRunClock(), client: openRecordFile(file) }),
          node: 'n1',
          initial: { value: null },
        })
  const network = createNetwork({ seed: 1 })
  const upstream = { host: '127.0.0.1', port: upstreamPort }
  const { port } = await network.route({ from: 'clients', to: 'n1', upstream, intercept })
  return { port }
})
