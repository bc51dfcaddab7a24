// Every protocol as processes, where `npm run test:commands` has time for three.
process.env['EVERY'] = 'true'

await import('../process/each-protocol.test.ts')

export {}
