import { createInterface } from 'node:readline'
import type { KeeperRequest } from '../command/keeper.ts'
import { killTree, type TreeRoot } from '../command/process-tree.ts'

// The keeper outlives its owner, the runner, by an instant: it is told which processes the owner has started, and when the
// owner is gone, however it went, it kills those that are left and all that they have started. Commands know nothing of
// their owner, and a node that is stopped (SIGSTOP) cannot see its own pipe close. Requests come on standard input.

const watched = new Map<number, TreeRoot>()

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const request = JSON.parse(line) as KeeperRequest
  if (request.type === 'watch') watched.set(request.root.pid, request.root)
  else watched.delete(request.pid)
})
input.on('close', () => {
  Promise.all([...watched.values()].map(killTree)).then(() => process.exit(0))
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
