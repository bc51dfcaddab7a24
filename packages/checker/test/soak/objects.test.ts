// Repeats the tests of all models. The short soak tests half of the full number of histories. The long soak tests 25
// times the full number.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '25'

await import('../process/endings.test.ts')
await import('../process/frugal.test.ts')
await import('../process/innocent.test.ts')
await import('../process/laws.test.ts')
await import('../process/medium-objects.test.ts')
await import('../unit/multi-register.test.ts')
await import('../process/objects.test.ts')
await import('../process/online-objects.test.ts')
await import('../process/sessions.test.ts')

export {}
