import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './chaos.ts'

const sizes = [40_000, 80_000, 160_000, 320_000]
const machine = { processor: 'of a test', cores: 2, memoryBytes: 8e9, node: 'v20.0.0' }

/** A machine that checks 100,000 operations a second in 200 bytes each, and searches 100 seeds a second. */
export function calibrationFile(): string {
  const path = join(temporaryDirectory(), 'measured.json')
  const at = '2026-01-01T00:00:00.000Z'
  const check = {
    ...{ kind: 'check', shape: { operationsPerKey: 1_000, clients: 10, parts: 1 }, machine, at },
    points: sizes.map((size) => ({
      ...{ size, wallMs: 500 + size / 100, cpuMs: 600 + size / 100, memoryBytes: 1e8 + size * 200 },
      ...{ readMs: size / 200, judgeMs: size / 200, textBytes: size * 150 },
    })),
  }
  const fuzz = {
    ...{ kind: 'fuzz', shape: { options: '--target raft' }, machine, at },
    points: sizes.map((size) => ({ size, wallMs: 500 + size * 10, cpuMs: 600 + size * 10, memoryBytes: 1.5e8 })),
  }
  writeFileSync(path, JSON.stringify({ chaos: 1, calibrations: [check, fuzz] }))
  return path
}
