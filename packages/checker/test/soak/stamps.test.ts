// Tests the same properties of histories with equal stamps on the full number of histories, or on many times as many.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '4'

await import('../process/stamped-objects.test.ts')
await import('../process/ties.test.ts')

export {}
