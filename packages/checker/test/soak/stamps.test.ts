// Repeats the tests of histories with equal stamps. The short soak tests half of the full number of histories, the long
// soak four times the full number.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '4'

await import('../process/stamped-objects.test.ts')
await import('../process/ties.test.ts')

export {}
