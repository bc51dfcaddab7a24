import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { calibrationFile } from '../calibration.ts'
import { chaosHere, root } from '../chaos.ts'

const planned = async (...args: readonly string[]) => {
  const { stdout, stderr, exitCode } = await chaosHere(['plan', ...args, '--json'])
  expect([stderr, exitCode]).toEqual(['', 0])
  return JSON.parse(stdout)
}

test('a plan of a billion operations says how long they take, and that they do not fit', async () => {
  const file = calibrationFile()
  const args = ['check', '--operations', '1e9', '--keys', '1e6', '--calibration', file]
  const { timeMs, memoryBytes, textBytes, fits } = await planned(...args)
  expect(timeMs.value / (500 + 1e7)).toBeCloseTo(1, 6)
  expect(memoryBytes.value / 2.001e11).toBeCloseTo(1, 6)
  expect([textBytes, fits]).toEqual([1.5e11, false])
  expect((await planned(...args, '--memory', '250GB')).memoryBytes.value / 2.001e11).toBeCloseTo(1, 6)
  // Packed, in 12 bytes an operation, and two threads that each judge one of 2,048 places.
  const packed = await planned(...args, '--memory', '16GB')
  expect(packed.memoryBytes.value / (2 * (1e8 + (1e9 / 2_048) * 200) + 12e9)).toBeCloseTo(1, 6)
  expect(packed.fits).toBe(true)
  const { stdout } = await chaosHere(['plan', ...args, '--memory', '8GB'])
  expect(stdout).toMatch(/time on one machine +2\.8 h \(2\.8 h to 2\.8 h\)/)
  expect(stdout).toContain('does not fit in 8GB')
  expect(stdout).toMatch(/check it on machines with 12.4GB,\s+or by several workers/)
  expect(stdout).toContain('on 2 cores of of a test')
})

test('machines judge a recording faster together, and each reads all of it', async () => {
  const args = ['check', '--operations', '1e7', '--keys', '1e4', '--calibration', calibrationFile()]
  const { timeMs } = await planned(...args, '--workers', '10')
  expect(timeMs.value / (500 + 2 * 50_000 + 5_000)).toBeCloseTo(1, 6)
})

test('four workers of a gigabyte judge a recording of a hundred million operations, and the plan says in how much', async () => {
  const sizes = ['check', '--operations', '1e8', '--keys', '1e5', '--calibration', calibrationFile()]
  const args = [...sizes, '--workers', '4', '--memory', '1GB']
  const { memoryBytes, fits, shards, timeMs } = await planned(...args)
  expect([fits, shards]).toEqual([true, 4])
  expect(memoryBytes.value / (1e8 + 100_000 * 200 + (1e8 / 4) * 12)).toBeCloseTo(1, 6)
  expect(timeMs.value / (500 + 2 * 500_000 + 500_000 / 4)).toBeCloseTo(1, 6)
  const { stdout } = await chaosHere(['plan', ...args])
  expect(stdout).toMatch(/judge its keys in 4 shards, and read all of it\s+for each/)
})

test('a plan of a million seeds says how many machines it takes in a night', async () => {
  const args = ['fuzz', '--target', 'sim:raft', '--seeds', '1e7', '--calibration', calibrationFile()]
  const plan = await planned(...args, '--within', '8h')
  expect(plan.needed).toBe(4)
  expect(plan.timeMs.value / (500 + 1e8)).toBeCloseTo(1, 6)
  expect((await planned(...args, '--workers', '4')).timeMs.value).toBeLessThan(8 * 3_600_000)
  expect((await planned(...args, '--within', '100ms')).needed).toBe('none')
})

test.each([
  [['fuzz', '--seeds', '10', '--workload', 'queue'], 'it is of another machine (of a test), where nothing like this'],
  [['check', '--operations', '1e9', '--keys', '1e3'], 'it is of another machine (of a test), where nothing like this'],
  [['check'], 'chaos plan check needs the size of the recording: --operations 1e9'],
  [['fuzz'], 'chaos plan fuzz needs how many seeds: --seeds 1e6'],
  [['check', '--operations', '10', '--keys', '11'], '--keys 11: a key takes an operation, and there are 10.'],
  [['cheque'], 'chaos plan cheque: plans are of check and fuzz.'],
])('a plan that cannot be made says why: %s', async (args, message) => {
  const file = calibrationFile()
  const before = readFileSync(file, 'utf8')
  const { stderr, stdout, exitCode } = await chaosHere(['plan', ...args, '--calibration', file])
  expect(stderr).toContain(message)
  expect([stdout, exitCode, readFileSync(file, 'utf8')]).toEqual(['', 3, before])
})

test('a file that is no calibration is refused', async () => {
  const args = ['plan', 'fuzz', '--seeds', '10', '--calibration', join(root, 'package.json')]
  expect((await chaosHere(args)).stderr).toContain('this is no calibration of this version of chaos. Remove it')
})
