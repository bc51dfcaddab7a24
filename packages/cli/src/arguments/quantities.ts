import { type Millis, millis, usageError } from '@chaosproxy/history'

const MILLIS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const BYTES_PER = { B: 1, KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 } as const

/** Parses `500ms`, `10s`, `2m`, `1h`, `0`; fractions are allowed. Throws a usage error that names the option. */
export function parseDuration(option: string, text: string): Millis {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text === '0' ? '0ms' : text)
  if (match === null)
    throw usageError(`--${option} ${text} is not a duration. Write a number and its unit, such as 500ms, 20s or 2m.`)
  return millis(Number(match[1]) * MILLIS_PER[match[2] as keyof typeof MILLIS_PER])
}

/** Parses `64KB`, `1MB`, `2GB`; fractions are allowed. Throws a usage error that names the option. */
export function parseSize(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|KB|MB|GB)$/.exec(text)
  if (match === null)
    throw usageError(`--${option} ${text} is not a size. Write a number and its unit, such as 64KB or 1GB.`)
  return Math.round(Number(match[1]) * BYTES_PER[match[2] as keyof typeof BYTES_PER])
}

/** A size in typed form: `64KB`, `2GB`. */
export function printSize(bytes: number): string {
  const unit = (['GB', 'MB', 'KB'] as const).find((each) => bytes >= BYTES_PER[each]) ?? 'B'
  return `${bytes / BYTES_PER[unit]}${unit}`
}

export function printDuration(durationMs: number): string {
  if (durationMs % MILLIS_PER.h === 0 && durationMs > MILLIS_PER.h) return `${durationMs / MILLIS_PER.h}h`
  if (durationMs % MILLIS_PER.m === 0 && durationMs > MILLIS_PER.m) return `${durationMs / MILLIS_PER.m}m`
  return durationMs < MILLIS_PER.s ? `${durationMs}ms` : `${durationMs / MILLIS_PER.s}s`
}
