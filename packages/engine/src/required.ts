import { usageError } from '@chaosproxy/history'

// Each function throws a UserError (usage) for a setting that is impossible.

export function requireCounts(counts: { readonly [name: string]: number | undefined }): void {
  for (const [name, count] of Object.entries(counts))
    if (count !== undefined && !(Number.isInteger(count) && count >= 1))
      throw usageError(`${name}: ${count} is not a number of ${name}. Give a whole number, 1 or more.`)
}

export function requireSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw usageError(`seed: ${seed} is not a seed. Give a whole number, 0 or more.`)
}

export function requireTimeout(timeoutMs: number): void {
  if (!(timeoutMs > 0)) throw usageError(`timeoutMs: ${timeoutMs} is not a duration. Give a number of milliseconds.`)
}
