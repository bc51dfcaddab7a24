// Tests every protocol as processes. `npm run test:commands` has only enough time for three.
process.env['EVERY'] = 'true'

await import('../process/each-protocol.test.ts')

export {}
