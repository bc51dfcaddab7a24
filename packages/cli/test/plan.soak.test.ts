import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measureCheck, measuredCheck, measuredSearch, measureSearch } from '../../engine/src/plan/measure.ts'
import { planCheck, planSearch } from '../../engine/src/plan/predict.ts'
import { writeRecording } from '../../engine/src/plan/recording.ts'
import { bin, temporaryDirectory } from './chaos.ts'

// Processor time, not the clock's: other programs may run on this machine. One measurement in ten is outside of the bounds, so
// that the nearer one may be passed by a half.

const measuring = { chaos: [process.execPath, bin] as const, listener: () => {} }
const LENIENT = 1.5

test('a check of ten times more operations than were measured takes what was predicted', async () => {
  const sizes = { operations: 4_800_000, keys: 4_800, clients: 10, parts: 1 }
  const plan = planCheck(await measureCheck(sizes, measuring), { size: sizes.operations, machines: 1 })
  const directory = join(temporaryDirectory(), 'recording')
  mkdirSync(directory)
  writeRecording(directory, sizes)
  const found = await measuredCheck(directory, sizes.operations, measuring)
  for (const [{ from, to }, value] of [
    [plan.cpuMs, found.cpuMs],
    [plan.memoryBytes, found.memoryBytes],
  ] as const) {
    expect(value).toBeGreaterThan(from / LENIENT)
    expect(value).toBeLessThan(to * LENIENT)
  }
})

test('a search of ten times more seeds than were measured takes what was predicted', async () => {
  const options = ['--target', 'raft']
  const plan = planSearch(await measureSearch(options, measuring), { size: 6_000, machines: 1 })
  const found = await measuredSearch(options, 6_000, measuring)
  expect(found.cpuMs).toBeGreaterThan(plan.cpuMs.from / LENIENT)
  expect(found.cpuMs).toBeLessThan(plan.cpuMs.to * LENIENT)
  expect(found.memoryBytes).toBeLessThan(plan.memoryBytes.to * LENIENT)
})
