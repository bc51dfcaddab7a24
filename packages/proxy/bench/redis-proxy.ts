// The proxy in front of Redis, in its own process. One route only passes bytes on, and another records them.

import { createNetwork, openRecordFile, recordConversations, startRunClock } from '@chaosproxy/proxy'
import { createRecorder, type Recorder } from '@chaosproxy/recorder'
import { redis } from '@chaosproxy/recorder/redis'
import { serveRequests } from './children.ts'

const recorded = async (recorder: Recorder) =>
  recordConversations(
    await redis.parse({ initial: { value: null } }, 'redis').record({ recorder, node: 'n1' }),
    recorder,
  )

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
      : await recorded(createRecorder({ now: startRunClock(), client: openRecordFile(file) }))
  const network = createNetwork({ seed: 1 })
  const upstream = { host: '127.0.0.1', port: upstreamPort }
  const { port } = await network.route({ from: 'clients', to: 'n1', upstream, intercept })
  return { port }
})
