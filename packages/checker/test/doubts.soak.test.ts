// The same properties over 50,000 histories and more of each kind.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '25'

await import('./unknown-start.test.ts')
await import('./unknown-object-start.test.ts')
await import('./marks.test.ts')
await import('./asked-alone.test.ts')
await import('./convergent.test.ts')
await import('./irreducible.test.ts')

export {}
