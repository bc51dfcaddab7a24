import { resp } from '@chaosproxy/wire'
import { defineProtocol, type RecordedProtocol } from '../spoken/protocol.ts'
import { parseRespSettings, RESP_NAMES } from './resp-settings.ts'

/** Redis and compatible servers. */
export const redis: RecordedProtocol = defineProtocol({
  framing: resp,
  example: 'resp',
  schemes: { redis: { port: 6379, isSecure: false }, rediss: { port: 6379, isSecure: true } },
  namedBy: RESP_NAMES,
  resends: true,
  remedies: {
    nothing: `--model chooses what is recorded: register (strings and hashes), counter, set, queue, work-queue, list-append or lock. To record a script, declare it: --as '{"kind":"resp","declare":[{"script":"SHA-1 or part of its text","as":"INCR KEYS[1]"}]}'. If scripts move jobs (BullMQ), use a route table to record the services that add and execute the jobs.`,
    notUnderstood: 'Faults that lose or reorder single messages cause this, and so does a server that is not Redis.',
    touched:
      'Another --model may record these commands. If scripts write only their declared keys, give --record \'{"kind":"resp","scripts":"keys"}\'.',
    unnamed: 'Name the clients (CLIENT SETNAME; connectionName in ioredis), or give --client peer.process.',
  },
  parse: parseRespSettings,
  load: async () => {
    const { recordResp, readRespInitially } = await import('./resp-recorder.ts')
    return {
      record: (settings, server) => recordResp({ ...settings, ...server }),
      readInitially: ({ commands }, server, dial) => readRespInitially({ ...server, commands }, dial),
    }
  },
})
