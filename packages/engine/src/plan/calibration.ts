import { existsSync } from 'node:fs'
import { UserError } from '@chaosproxy/history'
import * as v from 'valibot'
import { readJsonFile } from '../text-file.ts'
import { writeWholeFile } from '../whole-file.ts'

// What was measured on a machine, so that plans can be made for it elsewhere.

/** One run of a command. */
export interface MeasuredPoint {
  /** Operations, or seeds. */
  readonly size: number
  /** The whole command. */
  readonly wallMs: number
  readonly cpuMs: number
  /** At its most. */
  readonly memoryBytes: number
  /** Of a check: its parts, and the size of the recording. */
  readonly readMs?: number | undefined
  readonly judgeMs?: number | undefined
  readonly textBytes?: number | undefined
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly node: string
}

/** Runs of several sizes on one machine. */
export interface Calibration {
  readonly kind: 'check' | 'fuzz'
  /** What was measured, apart from its size. */
  readonly shape: { readonly [name: string]: string | number }
  readonly machine: Machine
  /** When. */
  readonly at: string
  readonly points: readonly MeasuredPoint[]
}

const positive = v.pipe(v.number(), v.finite(), v.minValue(0))

const file: v.GenericSchema<unknown, { readonly calibrations: readonly Calibration[] }> = v.strictObject({
  chaos: v.literal(1),
  calibrations: v.array(
    v.strictObject({
      kind: v.picklist(['check', 'fuzz']),
      shape: v.record(v.string(), v.union([v.string(), v.number()])),
      machine: v.strictObject({ processor: v.string(), cores: positive, memoryBytes: positive, node: v.string() }),
      at: v.string(),
      points: v.pipe(
        v.array(
          v.strictObject({
            size: v.pipe(positive, v.minValue(1)),
            wallMs: positive,
            cpuMs: positive,
            memoryBytes: positive,
            readMs: v.optional(positive),
            judgeMs: v.optional(positive),
            textBytes: v.optional(positive),
          }),
        ),
        v.check((points) => new Set(points.map(({ size }) => size)).size >= 4, 'takes four sizes'),
      ),
    }),
  ),
})

/** What a file holds; nothing if there is none. @throws UserError (input) for another file. */
export function readCalibrations(path: string): readonly Calibration[] {
  if (!existsSync(path)) return []
  const read = v.safeParse(file, readJsonFile('--calibration', path))
  if (read.success) return read.output.calibrations
  throw new UserError(
    'input',
    `--calibration ${path}: this is no calibration of this version of chaos. Remove it, and it is measured again.`,
  )
}

/** Adds a calibration to a file. @throws as `writeFileSync` does. */
export const keepCalibration = (path: string, added: Calibration): void =>
  writeWholeFile(path, `${JSON.stringify({ chaos: 1, calibrations: [...readCalibrations(path), added] }, null, 2)}\n`)

/** More than this factor between two shapes is taken for another cost. */
const ALIKE = 2

/** Whether what was measured says something about this: texts are the same, and numbers similar. */
export const isLike = (measured: Calibration, asked: Pick<Calibration, 'kind' | 'shape'>): boolean =>
  measured.kind === asked.kind &&
  Object.keys({ ...measured.shape, ...asked.shape }).every((name) => {
    const [a, b] = [measured.shape[name], asked.shape[name]]
    if (typeof a !== 'number' || typeof b !== 'number') return a === b
    return Math.max(a, b) <= ALIKE * Math.min(a, b)
  })
