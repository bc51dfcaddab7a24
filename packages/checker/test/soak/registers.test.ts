// Repeats the tests of registers with another number of histories: half as many in the short soak, and 25 times as many
// in the long soak.
process.env['MANY'] = process.env['CHAOS_SOAK'] === 'short' ? '0.5' : '25'

await import('../process/agreement.test.ts')
await import('../unit/append-keys.test.ts')
await import('../unit/append-zones.test.ts')
await import('../unit/chain-zones.test.ts')
await import('../process/eventual.test.ts')
await import('../unit/frontier.test.ts')
await import('../process/medium.test.ts')
await import('../unit/named-operations.test.ts')
await import('../unit/narrow.test.ts')
await import('../process/online.test.ts')
await import('../unit/puzzles.test.ts')
await import('../unit/sequential.test.ts')
await import('../unit/staleness.test.ts')
await import('../process/stores.test.ts')
await import('../process/uncut.test.ts')
await import('../process/weaker.test.ts')

export {}
