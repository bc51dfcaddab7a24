// The same properties of histories whose stamps tie over all that they are held to, or many times as many.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '4'

await import('../process/stamped-objects.test.ts')
await import('../process/ties.test.ts')

export {}
