// The same properties of every model over all the histories that they are held to, or many times as many.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '25'

await import('./endings.test.ts')
await import('./frugal.test.ts')
await import('./innocent.test.ts')
await import('./laws.test.ts')
await import('./medium-objects.test.ts')
await import('./multi-register.test.ts')
await import('./objects.test.ts')
await import('./online-objects.test.ts')
await import('./sessions.test.ts')

export {}
