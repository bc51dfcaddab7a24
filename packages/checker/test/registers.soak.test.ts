// The same properties of registers over all the histories that they are held to, or many times as many.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '25'

await import('./agreement.test.ts')
await import('./append-keys.test.ts')
await import('./append-zones.test.ts')
await import('./chain-zones.test.ts')
await import('./eventual.test.ts')
await import('./frontier.test.ts')
await import('./medium.test.ts')
await import('./named-operations.test.ts')
await import('./narrow.test.ts')
await import('./online.test.ts')
await import('./puzzles.test.ts')
await import('./sequential.test.ts')
await import('./staleness.test.ts')
await import('./stores.test.ts')
await import('./uncut.test.ts')
await import('./weaker.test.ts')

export {}
