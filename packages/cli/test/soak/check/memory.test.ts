import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'

const OPERATIONS = process.env['CHAOS_SOAK'] === 'short' ? 800_000 : 3_000_000
const PROCESSES = 20
const LIMITS = [300e6, 500e6]

const CHAOS = fileURLToPath(new URL('../../../bin/chaos.js', import.meta.url))
/** Prints the peak memory of the whole process in KB when it ends. */
const REPORTER = `import { isMainThread } from 'node:worker_threads'
if (isMainThread) process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))`

interface Kind {
  readonly keys: number
  /** One in this many operations has an unknown outcome. */
  readonly unknownEvery: number
  readonly form: 'jsonl' | 'edn'
  readonly isCas?: boolean
}

/**
 * Creates a file with a history in which writes and reads alternate. Operations complete in the order of their calls,
 * and each write has its own value.
 */
function written({ keys, unknownEvery, form, isCas = false }: Kind): string {
  const file = join(temporaryDirectory(), `history.${form}`)
  const to = openSync(file, 'w')
  const held = new Map<string, number>()
  const names = Array.from({ length: PROCESSES }, (_, n) => n)
  let lines: string[] = []
  const say = (process: number, type: string, f: string, key: string, value: string): void => {
    const keyed = form === 'edn' ? '' : `"key":"${key}",`
    lines.push(
      form === 'edn'
        ? `{:process ${process}, :type :${type}, :f :${f}, :value ${value === 'null' ? 'nil' : value}}`
        : `{"process":${process},"type":"${type}","f":"${f}",${keyed}"value":${value}}`,
    )
  }
  for (let n = 0; n < OPERATIONS; n++) {
    const at = n % PROCESSES
    const process = names[at] ?? 0
    const key = `k${Math.floor(n / 2) % keys}`
    const before = held.get(key)
    if (n % 2 === 0) {
      const isReplaced = isCas && before !== undefined
      const value = isReplaced ? `[${before},${n}]` : String(n)
      say(process, 'invoke', isReplaced ? 'cas' : 'write', key, value)
      const isUnknown = n % unknownEvery === 0
      say(process, isUnknown ? 'info' : 'ok', isReplaced ? 'cas' : 'write', key, value)
      if (isUnknown) names[at] = process + PROCESSES
      held.set(key, n)
    } else {
      say(process, 'invoke', 'read', key, 'null')
      say(process, 'ok', 'read', key, String(before ?? null))
    }
    if (lines.length < 10_000) continue
    writeSync(to, `${lines.join('\n')}\n`)
    lines = []
  }
  writeSync(to, `${lines.join('\n')}\n`)
  closeSync(to)
  return file
}

test.each<[string, Kind]>([
  ['one key', { keys: 1, unknownEvery: 1_000, form: 'jsonl' }],
  ['many keys', { keys: 50_000, unknownEvery: 1_000, form: 'jsonl' }],
  ['many unknown outcomes', { keys: 1, unknownEvery: 4, form: 'jsonl' }],
  ['compare-and-sets', { keys: 10, unknownEvery: 1_000, form: 'jsonl', isCas: true }],
  ['EDN', { keys: 1, unknownEvery: 1_000, form: 'edn' }],
])('--memory limits the peak memory of the process within a tolerance of a fifth: %s', (_, kind) => {
  const file = written(kind)
  for (const limit of LIMITS)
    for (const levels of [[], ['--level', 'linearizable']]) {
      const { status, stderr } = spawnSync(
        process.execPath,
        [
          ...['--import', `data:text/javascript,${encodeURIComponent(REPORTER)}`, CHAOS],
          ...['check', file, '--json', '--memory', `${limit / 1e6}MB`, '--timeout', '10m', ...levels],
        ],
        { encoding: 'utf8' },
      )
      expect([0, 2], stderr).toContain(status)
      const peak = Number(/peak (\d+)/.exec(stderr)?.[1]) * 1024
      expect(peak / limit, `${limit} ${levels.join(' ')}`).toBeLessThan(1.2)
    }
})
