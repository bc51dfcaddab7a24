// What `npm test` has no time for: the README's commands for as long as each says, programs
// that use up their time or memory, searches of many seeds.
process.env['PATIENT'] = 'true'

await import('./bad-protocols.test.ts')
await import('./binary.test.ts')
await import('./check-files.test.ts')
await import('./compare.test.ts')
await import('./config.test.ts')
await import('./continuous-integration.test.ts')
await import('./fuzz.test.ts')
await import('./fuzz-choices.test.ts')
await import('./output.test.ts')
await import('./own-cluster.test.ts')
await import('./own-service.test.ts')
await import('./protocol-authors.test.ts')
await import('./readme.test.ts')
await import('./record-python.test.ts')
await import('./report-in-browser.test.ts')
await import('./run.test.ts')
await import('./workloads.test.ts')

export {}
