import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '@chaosproxy/faults'
import { type EventInput, printJsonLine } from '@chaosproxy/history'

/** The sizes of a recording. */
interface RecordingSizes {
  readonly operations: number
  readonly keys: number
  readonly clients: number
  readonly parts: number
}

const BATCH = 2_000
const NANOS_PER_EVENT = 10_000

/**
 * Writes a linearizable recording of registers into numbered parts of a directory. Each client reads or writes one key
 * at a time: a write takes effect when it is invoked, a read when it completes.
 */
export function writeRecording(directory: string, { operations, keys, clients, parts }: RecordingSizes): void {
  const random = createRandom(`plan ${operations}`)
  const values = new Int32Array(keys).fill(-1)
  const open: ({ readonly f: 'read' | 'write'; readonly key: number; readonly value: number } | undefined)[] =
    Array(clients).fill(undefined)
  const events = operations * 2
  let [asked, written] = [0, 0]
  const next = (index: number): EventInput => {
    const time = index * NANOS_PER_EVENT
    // After all operations have been invoked, chooses a client with an open operation, which is then completed.
    let process = random.integer(clients)
    while (open[process] === undefined && asked === operations) process = (process + 1) % clients
    const under = open[process]
    if (under === undefined) {
      const key = random.integer(keys)
      const f = random.chance(0.5) ? 'read' : 'write'
      if (f === 'write') values[key] = asked
      open[process] = { f, key, value: asked }
      asked += 1
      return { time, process, type: 'invoke', f, key: `k${key}`, value: f === 'read' ? null : asked - 1 }
    }
    open[process] = undefined
    const { f, key, value } = under
    const seen = values[key] ?? -1
    return { time, process, type: 'ok', f, key: `k${key}`, value: f === 'write' ? value : seen < 0 ? null : seen }
  }
  for (let part = 1; part <= parts; part++) {
    const file = openSync(join(directory, `part-${part}.jsonl`), 'w')
    const until = Math.round((events * part) / parts)
    for (let lines = ''; written < until; lines = '') {
      for (let n = 0; n < BATCH && written < until; n++, written++) lines += `${printJsonLine(next(written))}\n`
      writeSync(file, lines)
    }
    closeSync(file)
  }
}
