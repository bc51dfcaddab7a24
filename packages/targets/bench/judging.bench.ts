import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as whenIdle } from 'node:timers/promises'
import { type EventInput, nanos } from '@chaosproxy/history'
import { openRecordFile, startRunClock } from '@chaosproxy/proxy'
import { createRecorder, type Recorder } from '@chaosproxy/recorder'
import { createLiveJudge, type LiveJudge } from '@chaosproxy/runner'

export const name = 'judging while recording: its cost, and how late a verdict is'

const ROUNDS = 7
const OPERATIONS = 200_000
const CLIENTS = 64
/** The number of operations after which the status is queried again. At `RATE`, that makes ten queries a second. */
const STATUS_EVERY = 5_000
const RATE = 50_000
const PACED_MS = 5_000

const variants = [
  { title: 'recorded in two views', keys: 1_000, judged: false },
  { title: '  and judged', keys: 1_000, judged: true },
  { title: '  and judged, 100,000 keys', keys: 100_000, judged: true },
] as const

/** Measures only the recorder and the judge: the traffic is made up within this process. */
export async function run(print: (line: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const rounds: number[][] = variants.map(() => [])
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, variant] of variants.entries()) {
        const recording = record(join(directory, 'history'), variant)
        recording.operations(OPERATIONS / 4)
        const before = process.cpuUsage()
        recording.operations(OPERATIONS)
        const { user, system } = process.cpuUsage(before)
        rounds[i]?.push((user + system) / OPERATIONS)
        await recording.close()
        await whenIdle()
      }
    for (const [i, { title }] of variants.entries()) {
      const each = median(rounds[i] ?? [])
      const more = median((rounds[i] ?? []).map((cost, round) => cost - (rounds[0]?.[round] ?? 0)))
      print(
        `${title.padEnd(28)} ${each.toFixed(2)} µs CPU for an operation, ${Math.round(1e6 / each).toLocaleString('en')} in a second${i === 0 ? '' : `; judging: ${more.toFixed(2)} µs`}`,
      )
    }
    print(await verdictDelay(join(directory, 'paced')))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Measures the time from the last byte of an inexplicable reply to the verdict, at `RATE` operations per second. */
async function verdictDelay(path: string): Promise<string> {
  const recording = record(path, { keys: 1_000, judged: true })
  let told = 0
  recording.judge.onViolation(() => {
    told = performance.now()
  })
  const startedAt = performance.now()
  let done = 0
  for (let now = startedAt; now < startedAt + PACED_MS; now = performance.now()) {
    const due = Math.floor(((now - startedAt) / 1000) * RATE)
    recording.operations(due - done)
    done = due
    await sleep(1)
  }
  const rate = done / ((performance.now() - startedAt) / 1000)
  const violatedAt = performance.now()
  recording.violate()
  await recording.close()
  return `at ${Math.round(rate).toLocaleString('en')} operations a second the verdict came ${((told - violatedAt) * 1000).toFixed(0)} µs after the violation: goal ≤ 1 s${told > violatedAt && told - violatedAt < 1000 ? '' : ' MISSED'}`
}

interface Recording {
  readonly judge: LiveJudge
  /** Records this many operations on registers, in pairs: a write of a key, and a read of it by another client. */
  operations(count: number): void
  /** Records two writes of a key, and then a read of the overwritten value. */
  violate(): void
  close(): Promise<void>
}

function record(path: string, { keys, judged }: { readonly keys: number; readonly judged: boolean }): Recording {
  const files = ['jsonl', 'backend.jsonl'].map((ending) => openRecordFile(`${path}.${ending}`))
  const [client, backend] = files
  if (client === undefined || backend === undefined) throw new Error('two files were opened')
  const judge = createLiveJudge({ model: 'register', initial: 'unknown' })
  const recorder = createRecorder({
    now: startRunClock(),
    client: judged
      ? {
          write(line, event) {
            client.write(line, event)
            judge.push(event as EventInput)
          },
        }
      : client,
    backend,
  })
  const operate = operator(recorder)
  let next = 0
  return {
    judge,
    operations(count) {
      for (let i = 0; i < count; i++, next++) {
        const value = next >> 1
        operate(next % CLIENTS, next % 2 === 0 ? 'write' : 'read', `key-${value % keys}`, value)
        if (next % STATUS_EVERY === 0 && judged) judge.judged()
      }
    },
    violate() {
      operate(0, 'write', 'key-0', -1)
      operate(0, 'write', 'key-0', -2)
      operate(1, 'read', 'key-0', -1)
    },
    async close() {
      await Promise.all([client.close(), backend.close()])
    },
  }
}

function operator(recorder: Recorder) {
  const connections = Array.from({ length: CLIENTS }, (_, i) =>
    recorder.connection({ node: 'n1', client: `127.0.0.1:${i}` }),
  )
  return (client: number, f: 'read' | 'write', key: string, value: number): void => {
    const at = nanos(recorder.now())
    const exchange = connections[client]?.beginWhole(at)
    if (exchange === undefined) throw new Error(`there is no client ${client}`)
    const isRead = f === 'read'
    const call = { f, key, value: isRead ? null : value, harmless: isRead }
    exchange.called({ kind: 'operations', calls: [call], session: undefined })
    exchange.forwarded(at)
    const completion = { type: 'ok', value } as const
    exchange.answered(at, [completion])
    exchange.delivered(at, [completion])
  }
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
