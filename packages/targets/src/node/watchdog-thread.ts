import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { createProcessorShare } from '../watchdog/processor-share.ts'
import { type Progress, readDescription } from '../watchdog/progress.ts'
import { createWatch } from '../watchdog/watch.ts'
import type { BrokenProtocol } from './wire.ts'

const { id, progress } = workerData as { readonly id: string; readonly progress: Progress }

const LOOK_EVERY_MS = 100
const watch = createWatch(progress, {
  looks: 30,
  growthBytes: 2 ** 23,
  muchBytes: 200 * 2 ** 20,
  mostBytes: 700 * 2 ** 20,
})

const share = createProcessorShare(LOOK_EVERY_MS)

setInterval(() => {
  const ill = watch.look(share(1))
  if (ill !== undefined) end(ill === 'memory' ? 'takes more memory than there is' : 'does not return from its step')
}, LOOK_EVERY_MS)

/** Ends the process without the main thread, which is stuck. */
function end(what: string): void {
  const report: BrokenProtocol = {
    type: 'broken',
    what: `the protocol ${what}: ${id} on ${readDescription(progress)}`,
    trace: [],
  }
  writeSync(1, `${JSON.stringify(report)}\n`)
  writeSync(2, `fatal: ${report.what}\n`)
  process.kill(process.pid, 'SIGKILL')
}
