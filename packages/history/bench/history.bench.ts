import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Event, nanos } from '@chaosproxy/history'
import { openHistoryWriter } from '@chaosproxy/history/files'
import { generateHistory, type Shape } from './generate.ts'
import { ways as allWays, type Reading, type Way } from './reading.ts'

export const name = 'history: reading (JSON against JSON.parse per line), writing as it happens'

const ROUNDS = 3
const cases: readonly { readonly title: string; readonly shape: Shape; readonly ways?: readonly Way[] }[] = [
  { title: 'register, 1 M operations', shape: { operations: 1_000_000, processes: 50, keys: 0 } },
  { title: '1000 keys, text values, 1 M operations', shape: { operations: 1_000_000, processes: 50, keys: 1000 } },
  {
    title: 'EDN, register, 500,000 operations (edn-data 1.2.2 reads some 133,000 events/s)',
    shape: { operations: 500_000, processes: 50, keys: 0, edn: true },
    ways: ['chaos'],
  },
  {
    title: 'EDN, 1000 keys, text values, 500,000 operations',
    shape: { operations: 500_000, processes: 50, keys: 1000, edn: true },
    ways: ['chaos'],
  },
]

/**
 * Reads each file several times with each reader, always in a new process. The readers alternate. Prints each reader's
 * median time.
 */
export async function run(print: (line: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    for (const { title, shape, ways = allWays } of cases) {
      const path = join(directory, 'history.jsonl')
      const bytes = generateHistory(path, shape)
      print(`${title} (${(bytes / 1e6).toFixed(0)} MB)`)
      const rounds = Array.from({ length: ROUNDS }, () => ways.map((way) => measured(way, path)))
      for (const [i, way] of ways.entries())
        print(rowText(way, bytes, median(rounds.flatMap((round) => round[i] ?? []))))
    }
    print('appending 200,000 events, each on its own')
    print(`  ${writingRate(join(directory, 'written.jsonl'), 200_000)} events/s`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './reading.ts' : './reading.js', import.meta.url),
)

const measured = (way: Way, path: string): Reading =>
  JSON.parse(execFileSync(process.execPath, [script, way, path], { encoding: 'utf8' })) as Reading

function median(readings: readonly Reading[]): Reading {
  const sorted = [...readings].sort((a, b) => a.ms - b.ms)
  const middle = sorted[sorted.length >> 1]
  if (middle === undefined) throw new Error('no reading was made')
  return middle
}

function rowText(way: Way, bytes: number, { events, ms, peakBytes }: Reading): string {
  const perSecond = (amount: number): string => ((amount / ms) * 1e-3).toFixed(amount === bytes ? 0 : 2)
  return (
    `  ${way.padEnd(20)} ${(ms / 1000).toFixed(2)} s CPU   ${perSecond(events)} M events/s   ` +
    `${perSecond(bytes).padStart(4)} MB/s   peak ${(peakBytes / 1e6).toFixed(0)} MB`
  )
}

function writingRate(path: string, count: number): string {
  const writer = openHistoryWriter(path)
  const start = performance.now()
  for (let index = 0; index < count; index += 1) {
    const type: Event['type'] = index % 2 === 0 ? 'invoke' : 'ok'
    writer.append({
      index,
      time: nanos(index * 1000),
      process: 3,
      type,
      f: 'write',
      key: 'x',
      value: index >> 1,
      node: 'n2',
    })
  }
  const ms = performance.now() - start
  writer.close()
  return Math.round((count / ms) * 1000).toLocaleString('en')
}
