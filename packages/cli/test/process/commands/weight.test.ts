import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../../../..')
const { stdout } = spawnSync(process.execPath, [join(root, 'scripts', 'weight.mjs')], { encoding: 'utf8' })
const counted = (what: string): number => Number(new RegExp(`^${what}.*: (\\d+)$`, 'm').exec(stdout)?.[1])

test('chaos run of a protocol loads fewer than 1,240 modules, and no optional parts', () => {
  const count = counted('modules loaded by chaos run')
  expect(count, stdout).toBeLessThan(1_240)
  // A run that failed to start would load far fewer modules.
  expect(count, stdout).toBeGreaterThan(900)
})

test('exactly two files of engine and cli load the node simulator', () => {
  expect(counted('files of engine and cli that load node-simulator'), stdout).toBe(2)
})
