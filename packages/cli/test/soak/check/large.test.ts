import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { writeRecording } from '../../check/write-recording.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

const isShort = process.env['CHAOS_SOAK'] === 'short'
const operations = isShort ? 400_000 : 20_000_000
const PARTS = 40
/** The memory limit of the command and of each worker. */
const memory = isShort ? '40MB' : '1GB'

/** Changes one read in the middle of a part to return nothing, although values were written before. */
function plant(directory: string): string {
  const file = join(directory, 'part-17.jsonl')
  const lines = readFileSync(file, 'utf8').split('\n')
  const isRead = (line: string): boolean => /"type":"ok","f":"read".*"value":\d/.test(line)
  const at = lines.findIndex((line, n) => n > lines.length / 3 && isRead(line))
  lines[at] = lines[at]!.replace(/"value":\d+/, '"value":null')
  writeFileSync(file, lines.join('\n'))
  return lines[at]!
}

const check = async (path: string, more: readonly string[]) => {
  const { stdout, stderr, exitCode } = await chaos([
    'check',
    path,
    '--json',
    '--expect',
    'linearizable',
    '--timeout',
    '1h',
    ...more,
  ])
  expect(stderr.replaceAll(/^--memory .*\n/gm, '')).toBe('')
  return { exitCode, ...JSON.parse(stdout) }
}

describe.skipIf(installed('redis-server') === undefined)('a recording in 40 parts that is larger than memory', () => {
  test('two workers reach the verdict and the counterexample that a single process reaches for the same recording', async () => {
    const path = temporaryDirectory()
    writeRecording(path, { operations, keys: operations / 1_000, clients: 20, parts: PARTS })
    const queue = await queueOf()
    await Promise.all([joined(queue), joined(queue)])
    const limits = ['--memory', memory, '--queue', queue]
    const met = await check(path, limits)
    expect([met.exitCode, met.levels.linearizable.result, met.operations.total]).toEqual([0, 'met', operations])
    const planted = plant(path)
    const alone = await check(path, ['--memory', '8GB', '--level', 'linearizable'])
    const shared = await check(path, limits)
    expect([shared.exitCode, shared.levels.linearizable]).toEqual([1, alone.levels.linearizable])
    expect(JSON.stringify(shared.levels.linearizable)).toContain(JSON.parse(planted).key)
    expect(shared.levels.sequential.result).not.toBe('met')
  })
})
