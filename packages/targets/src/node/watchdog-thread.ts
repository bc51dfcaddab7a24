import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { STEP, STEPPING, TEXT, TEXT_LENGTH } from './watchdog.ts'
import type { BrokenProtocol } from './wire.ts'

const { id, shared } = workerData as { readonly id: string; readonly shared: SharedArrayBuffer }
const pulse = new Uint16Array(shared)

const LOOK_EVERY_MS = 100
/** Looks that find one and the same step: counted rather than timed, since a paused process does not look. */
const LOOKS_BEFORE_STUCK = 30
/** Of the whole process, while one step is under way. */
const MOST_BYTES = 700 * 2 ** 20

/** A step during which the process came to take so much more is on its way to the limit of memory. */
const GROWTH_BYTES = 2 ** 23
const MUCH_BYTES = 200 * 2 ** 20

let step = -1
let looks = 0
let bytesBefore = 0
let bytesAtStep = 0
setInterval(() => {
  const now = pulse[STEP] ?? 0
  if (pulse[STEPPING] !== 1 || now !== step) {
    step = now
    looks = 0
    bytesAtStep = process.memoryUsage.rss()
    return
  }
  const bytes = process.memoryUsage.rss()
  if (bytes - bytesBefore < GROWTH_BYTES) looks++
  bytesBefore = bytes
  // Close to the limit memory hardly grows, and all time goes into looking for some.
  if (bytes > MOST_BYTES || (looks >= LOOKS_BEFORE_STUCK && bytes - bytesAtStep > MUCH_BYTES))
    end('takes more memory than there is')
  else if (looks >= LOOKS_BEFORE_STUCK) end('does not return from its step')
}, LOOK_EVERY_MS)

/** Not by way of the main thread, which does nothing any more. */
function end(what: string): void {
  const event = String.fromCharCode(...pulse.subarray(TEXT, TEXT + (pulse[TEXT_LENGTH] ?? 0)))
  const report: BrokenProtocol = { type: 'broken', what: `the protocol ${what}: ${id} on ${event}`, trace: [] }
  writeSync(1, `${JSON.stringify(report)}\n`)
  writeSync(2, `fatal: ${report.what}\n`)
  process.kill(process.pid, 'SIGKILL')
}
