import { write } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '@chaosproxy/faults'
import { readEvents } from '../../../history/src/files/read.ts'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { cleanUp, eventually, network } from '../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../src/http/http-faults.ts'
import { openRecordFile } from '../../src/record-file/record-file.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { httpClient, keyValueService, textTable } from './live.ts'

/** Records requests of several connections. In the middle of the recording, the disk stalls for a while. */
export async function recordThroughStall(options: {
  readonly requests: number
  readonly stallMs: number
  readonly maximumBehindBytes?: number | undefined
}) {
  const directory = await mkdtemp(join(tmpdir(), 'chaos-stall-'))
  cleanUp(() => rm(directory, { recursive: true }))
  const path = join(directory, 'history.jsonl')
  let isToStall = false
  const file = openRecordFile(path, {
    maximumBehindBytes: options.maximumBehindBytes,
    disk(descriptor, bytes, done) {
      const go = () => write(descriptor, bytes, 0, bytes.length, null, (error) => done(error))
      if (!isToStall) return go()
      isToStall = false
      return void setTimeout(go, options.stallMs)
    },
  })
  const recorder = createRecorder({ now: startRunClock(), client: file })
  const http = createHttpFaults({ seed: 1, recorder, recordQueues: [file] })
  const intercept = http.intercept({ from: 'clients', to: 'n1', table: textTable })
  const service = await keyValueService()
  const route = await network().route({ from: 'clients', to: 'n1', upstream: service, intercept })
  const random = createRandom('stall')
  let left = options.requests
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      const send = httpClient(route.port)
      while (left > 0) {
        const i = left--
        if (i === Math.floor(options.requests / 2)) isToStall = true
        const key = `/kv/k${random.integer(1000)}`
        await (random.chance(0.5) ? send('PUT', key, `v${i}`) : send('GET', key))
      }
    }),
  )
  await eventually(() => recorder.counters.open === 0)
  await file.close()
  const kinds = { invocations: 0, completions: 0, reversals: 0 }
  let lastTime = 0
  for await (const { type, time } of readEvents(path)) {
    if (type === 'invoke') kinds.invocations++
    else kinds.completions++
    if (time < lastTime) kinds.reversals++
    lastTime = time
  }
  return { path, kinds, counters: recorder.counters, file }
}
