import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { NodeId } from '@chaosproxy/faults'
import { killMarked, killTree } from '../processes/process-tree.ts'
import type { KeeperRequest } from './keeper.ts'
import { runAll, runCommand, type Undo, undoNodes, untilFinished, type Watched, withoutRepeats } from './undoing.ts'

// This program is the keeper. The runner registers its child processes on the keeper's standard input. Once the runner
// has ended, the keeper kills the remaining processes and their descendants, heals the faults on external processes,
// and removes the runner's directories. The processes would not end by themselves: external commands do not know the
// runner, and a node stopped by SIGSTOP cannot notice that its pipe has closed.

const announced = new Set<string>()
const watched = new Map<number, Watched>()
const directories = new Set<string>()
const undos = new Map<number, Undo>()
const until = new Map<NodeId, Extract<KeeperRequest, { readonly type: 'until' }>>()

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const request = JSON.parse(line) as KeeperRequest
  switch (request.type) {
    case 'announce':
      announced.add(request.mark)
      return
    case 'watch':
      announced.delete(request.root.mark)
      watched.set(request.root.pid, request)
      return
    case 'forget':
      watched.delete(request.pid)
      return
    case 'remove':
      directories.add(request.path)
      return
    case 'undo':
      undos.set(request.id, request)
      return
    case 'undone':
      undos.delete(request.id)
      return
    case 'until':
      until.set(request.node, request)
      return
    case 'leave':
      announced.clear()
      directories.clear()
      undos.clear()
      return
    default:
      request satisfies never
  }
})
input.on('close', () => void finish())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

async function finish(): Promise<void> {
  const all = [...watched.values()]
  const latest = withoutRepeats([...undos.values()].reverse())
  const beside = Promise.all(latest.filter(({ turn }) => turn === 'beside').map(runCommand))
  const ours = all.filter(({ finishing }) => finishing === undefined)
  // Processes that start no others are killed first. They include nft, whose end removes its rules from the kernel.
  const single = ours.filter(({ root }) => !root.forks).map(({ root }) => killTree(root))
  const nodes = new Set(latest.flatMap(({ node }) => node ?? []))
  // Clients wait for the undo commands, so these commands start before the killed processes have ended.
  const undone = undoNodes(
    [...nodes].map((node) => ({
      finishing: all.filter(({ finishing }) => finishing?.node === node),
      undos: latest.filter((undo) => undo.node === node),
      until: until.get(node),
    })),
  )
  await Promise.all(single)
  await Promise.all([...ours.map(({ root }) => killTree(root)), ...[...announced].map(killMarked)])
  await Promise.all([undone, ...all.map(untilFinished)])
  await runAll(latest.filter(({ node, turn }) => node === undefined && turn === undefined))
  for (const path of directories) rmSync(path, { recursive: true, force: true })
  await beside
  process.exit(0)
}
