import { closeSync, openSync, readSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readHistory } from '@chaosproxy/history/files'

// The benchmark runs this file in a separate process for each reader and each history. The measured cost thus includes
// a cold start.

export const ways = ['chaos', 'JSON.parse per line'] as const
export type Way = (typeof ways)[number]

export interface Reading {
  readonly events: number
  /** Processor time, including the garbage collector's threads, because other work on the machine hardly changes it. */
  readonly ms: number
  readonly peakBytes: number
}

/**
 * Reads a history in one of two ways. `chaos` reads, pairs and checks the events. `JSON.parse per line` only parses
 * each line: any reader that uses JSON.parse costs at least this much.
 */
async function read(way: Way, path: string): Promise<number> {
  return way === 'chaos' ? (await readHistory(path)).eventCount : parseLines(path)
}

function parseLines(path: string): number {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(1 << 20)
  const decoder = new TextDecoder()
  let rest = ''
  let events = 0
  for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
    const lines = (rest + decoder.decode(buffer.subarray(0, size), { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (typeof JSON.parse(line) === 'object') events += 1
  }
  closeSync(file)
  return events
}

const [, script, way, path] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href && path !== undefined) {
  const start = process.cpuUsage()
  const events = await read(way as Way, path)
  const { user, system } = process.cpuUsage(start)
  const ms = (user + system) / 1000
  const reading: Reading = { events, ms, peakBytes: process.resourceUsage().maxRSS * 1024 }
  console.log(JSON.stringify(reading))
}
