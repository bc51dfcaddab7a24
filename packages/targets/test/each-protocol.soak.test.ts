// Every protocol as processes, where `npm test` has time for three.
process.env['EVERY'] = 'true'

await import('./each-protocol.test.ts')

export {}
