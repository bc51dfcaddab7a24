import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Level, levels } from '@chaosproxy/checker'
import { expect, test } from 'vitest'
import { chaos, startProcess, temporaryDirectory } from '../../../../../testing/src/chaos.ts'
import { objects, writePlanted } from '../../../run/planted.ts'

// A check finds the few operations that violate a level among a million, within two seconds on a fully loaded machine,
// and reports them briefly. CHAOS_SOAK=short takes one history per level and allows fifteen seconds, because the
// machine may be even busier.
const short = process.env['CHAOS_SOAK'] === 'short'
const SECONDS = short ? 15 : 2

const OPERATIONS = 1_000_000

interface Case {
  readonly model: string
  readonly level: Level
}

const cases: readonly Case[] = [
  ...levels.map((level): Case => ({ model: 'register', level })).slice(0, short ? 1 : levels.length),
  ...Object.keys(objects)
    .filter((model) => model !== 'register')
    .map((model): Case => ({ model, level: 'linearizable' }))
    .slice(0, short ? 1 : Number.POSITIVE_INFINITY),
]

/** Keeps every core busy. */
function loadCores(): void {
  for (let core = 0; core < availableParallelism(); core++) startProcess(process.execPath, ['-e', 'for (;;);'])
}

interface RunResult {
  readonly levels: {
    readonly [level: string]: {
      readonly result: string
      readonly counterexample?: { readonly operations: readonly unknown[] }
    }
  }
}

test.each(cases)(
  'one violation of $level in a million operations on a $model is found in the given seconds',
  async (each) => {
    const { model, level } = each
    const file = join(temporaryDirectory(), 'history.jsonl')
    writePlanted({ model, level, operations: OPERATIONS, file })
    loadCores()
    for (const asked of [['--level', level], []]) {
      // If all levels are checked, the check of another level may find this level's violation.
      const options = ['--expect', level, '--timeout', `${SECONDS}s`, '--json', ...asked]
      const { exitCode, stdout, stderr } = await chaos(['check', file, ...options])
      expect(exitCode, `${options.join(' ')}: ${stdout.slice(0, 2_000)} ${stderr}`).toBe(1)
      expect(stdout.length).toBeLessThan(1e6)
      const { levels: said } = JSON.parse(stdout) as RunResult
      expect(said[level]?.result).toBe('violated')
      for (const { counterexample } of Object.values(said)) {
        expect(counterexample?.operations.length ?? 0).toBeLessThanOrEqual(200)
      }
    }
  },
)
