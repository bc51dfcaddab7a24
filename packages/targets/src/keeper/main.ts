import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { KeeperRequest } from '../command/keeper.ts'
import { isTreeAlive, killTree } from '../command/process-tree.ts'

// The keeper briefly outlives its owner, the runner. The owner tells it on standard input which processes it has
// started. Once the owner is gone, however it ended, the keeper kills those that are left with all their descendants:
// external commands know nothing of their owner, and a node stopped by SIGSTOP cannot notice that its pipe closed. Then
// it heals the faults on external processes and removes the owner's directories.

type Undo = Extract<KeeperRequest, { readonly type: 'undo' }>

type Watched = Omit<Extract<KeeperRequest, { readonly type: 'watch' }>, 'type'>

const watched = new Map<number, Watched>()
const directories = new Set<string>()
const undos = new Map<number, Undo>()

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const request = JSON.parse(line) as KeeperRequest
  switch (request.type) {
    case 'watch':
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
    case 'leave':
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
  await Promise.all(all.filter(({ finishing }) => finishing === undefined).map(({ root }) => killTree(root)))
  const latest = [...undos.values()].reverse()
  const nodes = new Set(latest.flatMap(({ node }) => node ?? []))
  // What clients wait for is undone at once everywhere, not one node after the other.
  await Promise.all(
    [...nodes].map(async (node) => {
      await Promise.all(all.filter(({ finishing }) => finishing?.node === node).map(untilFinished))
      await runAll(latest.filter((undo) => undo.node === node))
    }),
  )
  await Promise.all(all.map(untilFinished))
  await runAll(latest.filter(({ node }) => node === undefined))
  for (const path of directories) rmSync(path, { recursive: true, force: true })
  process.exit(0)
}

const LOOK_EVERY_MS = 10

async function untilFinished({ root, finishing }: Watched): Promise<void> {
  const deadline = performance.now() + (finishing?.withinMs ?? 0)
  while (isTreeAlive(root) && performance.now() < deadline) await wait(LOOK_EVERY_MS)
  await killTree(root)
}

async function runAll(all: readonly Undo[]): Promise<void> {
  for (const undo of all) await run(undo)
}

/** Runs an undo command until it ends or its time is up. Nobody is left to hear of a failure. */
function run({ command: { words, environment, directory }, timeoutMs }: Undo): Promise<void> {
  const [program, ...rest] = words
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      stdio: 'ignore',
      cwd: directory,
      env: { ...process.env, ...environment },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
}
