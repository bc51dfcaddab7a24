// The same properties over 50,000 histories and more of each kind.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '1' : '25'

await import('./unknown-start.test.ts')
await import('./unknown-object-start.test.ts')
await import('./marks.test.ts')

export {}
