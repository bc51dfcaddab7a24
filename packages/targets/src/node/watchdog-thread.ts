import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { STEP, STEPPING, TEXT, TEXT_LENGTH } from './watchdog.ts'
import type { BrokenProtocol } from './wire.ts'

const { id, shared } = workerData as { readonly id: string; readonly shared: SharedArrayBuffer }
const pulse = new Uint16Array(shared)

const LOOK_EVERY_MS = 100
/**
 * Checks that find the same step before it counts as stuck. Counted rather than timed, because a paused process does
 * not check.
 */
const LOOKS_BEFORE_STUCK = 30
/** Limit on the process's memory while a step runs. */
const MOST_BYTES = 700 * 2 ** 20

/**
 * Checks do not count while memory grows faster than this. A stuck step that has added MUCH_BYTES is reported as
 * exhausting memory.
 */
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
  // Near the limit memory hardly grows: all time goes into garbage collection.
  if (bytes > MOST_BYTES || (looks >= LOOKS_BEFORE_STUCK && bytes - bytesAtStep > MUCH_BYTES))
    end('takes more memory than there is')
  else if (looks >= LOOKS_BEFORE_STUCK) end('does not return from its step')
}, LOOK_EVERY_MS)

/** Writes directly instead of through the main thread, which is stuck. */
function end(what: string): void {
  const event = String.fromCharCode(...pulse.subarray(TEXT, TEXT + (pulse[TEXT_LENGTH] ?? 0)))
  const report: BrokenProtocol = { type: 'broken', what: `the protocol ${what}: ${id} on ${event}`, trace: [] }
  writeSync(1, `${JSON.stringify(report)}\n`)
  writeSync(2, `fatal: ${report.what}\n`)
  process.kill(process.pid, 'SIGKILL')
}
