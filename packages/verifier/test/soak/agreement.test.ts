// Runs the tests of agreement.test.ts with more histories.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '10'

await import('../process/agreement.test.ts')

export {}
