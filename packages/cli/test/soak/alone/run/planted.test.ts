import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Level, levels } from '@chaosproxy/checker'
import { expect, test } from 'vitest'
import { chaos, startProcess, temporaryDirectory } from '../../../../../testing/src/chaos.ts'
import { objects, writePlanted } from '../../../run/planted.ts'

// Among a million operations, on a machine whose every core has something else to do, the few that break a level are found
// in the two seconds there are, and told in few words. CHAOS_SOAK=short takes one of each and allows fifteen seconds,
// because it may share the machine with more than that.
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

/** Something else to do for every core. */
function loadCores(): void {
  for (let core = 0; core < availableParallelism(); core++) startProcess(process.execPath, ['-e', 'for (;;);'])
}

interface Said {
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
      // Where all levels are asked for, a level that others imply may be found by way of one of them.
      const options = ['--expect', level, '--timeout', `${SECONDS}s`, '--json', ...asked]
      const { exitCode, stdout, stderr } = await chaos(['check', file, ...options])
      expect(exitCode, `${options.join(' ')}: ${stdout.slice(0, 2_000)} ${stderr}`).toBe(1)
      expect(stdout.length).toBeLessThan(1e6)
      const { levels: said } = JSON.parse(stdout) as Said
      expect(said[level]?.result).toBe('violated')
      for (const { counterexample } of Object.values(said)) {
        expect(counterexample?.operations.length ?? 0).toBeLessThanOrEqual(200)
      }
    }
  },
)
