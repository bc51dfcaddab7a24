// Repeats the imported tests. The long soak tests at least 50,000 histories of each kind, the short soak fewer.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '25'

await import('../process/unknown-start.test.ts')
await import('../process/unknown-object-start.test.ts')
await import('../unit/marks.test.ts')
await import('../process/requested-alone.test.ts')
await import('../unit/convergent.test.ts')
await import('../unit/irreducible.test.ts')

export {}
