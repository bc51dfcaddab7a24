import { spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { isTreeAlive, killTree } from '../processes/process-tree.ts'
import type { KeeperRequest } from './keeper.ts'

export type Undo = Extract<KeeperRequest, { readonly type: 'undo' }>

export type Watched = Omit<Extract<KeeperRequest, { readonly type: 'watch' }>, 'type'>

type Command = Pick<Undo, 'command' | 'timeoutMs'>

interface NodeToUndo {
  readonly finishing: readonly Watched[]
  readonly undos: readonly Undo[]
  readonly until: Command | undefined
}

const LOOK_EVERY_MS = 10
const BETWEEN_TRIES_MS = 100
/** The time within which undo commands are repeated. It is enough for container engines on an overloaded machine. */
const TRIES_WITHIN_MS = 60_000

/** Several faults of a node may have the same undo command. */
export function withoutRepeats(all: readonly Undo[]): readonly Undo[] {
  const seen = new Map(all.toReversed().map((undo) => [identityOf(undo), undo]))
  return all.filter((undo) => seen.get(identityOf(undo)) === undo)
}

function identityOf({ node, turn, afterMs, command: { words, environment, directory } }: Undo): string {
  return JSON.stringify([node, turn, afterMs, words, Object.entries(environment ?? {}), directory])
}

/**
 * Undoes the faults of nodes: first resumes each node, and then starts it. Other commands run only once all nodes are
 * restored, because they would slow down the starts.
 */
export async function undoNodes(nodes: readonly NodeToUndo[]): Promise<void> {
  const all = nodes.map(({ finishing, undos, until }) => ({
    finishing,
    meanwhile: undos.filter(({ turn }) => turn === 'first' || turn === 'meanwhile'),
    back: ['first', 'start'].flatMap((wanted) => undos.filter(({ turn }) => turn === wanted)),
    rest: undos.filter(({ turn }) => turn === undefined),
    until,
  }))
  await Promise.all(
    all.map(async ({ finishing, meanwhile, back, until }) => {
      await letFinish(finishing, meanwhile)
      // The commands run before the first check of `until`: a killed process may still exist, and would be mistaken for
      // the restarted one.
      if (back.length > 0) await untilSettled(back, back, until)
    }),
  )
  const left = all.filter(({ rest }) => rest.length > 0)
  await Promise.all(left.map(({ back, rest, until }) => untilSettled(rest, [...back, ...rest], until)))
}

/** Runs `commands`, and then repeats `again` until the node is restored or the time is over. */
async function untilSettled(
  commands: readonly Undo[],
  again: readonly Undo[],
  until: Command | undefined,
): Promise<void> {
  const deadline = performance.now() + TRIES_WITHIN_MS
  await runAll(commands)
  while (until !== undefined && (await runCommand(until)) !== 0 && performance.now() < deadline) {
    await wait(BETWEEN_TRIES_MS)
    await runAll(again)
  }
}

/**
 * Waits until commands in progress have finished. Meanwhile, repeats the commands of `meanwhile`, because a command in
 * progress may depend on them: a command that stops a container waits until the frozen process resumes, for example.
 */
async function letFinish(finishing: readonly Watched[], meanwhile: readonly Undo[]): Promise<void> {
  const begun = performance.now()
  let finished = finishing.every(({ root }) => !isTreeAlive(root))
  if (finished) return
  const end = Promise.all(finishing.map(untilFinished)).then(() => {
    finished = true
  })
  while (!finished && meanwhile.length > 0) {
    await runAll(meanwhile.filter(({ afterMs = 0 }) => performance.now() - begun >= afterMs))
    await Promise.race([end, wait(BETWEEN_TRIES_MS)])
  }
  await end
}

/** Resolves once a command in progress has ended, by itself or by its timeout. */
export async function untilFinished({ root, finishing }: Watched): Promise<void> {
  const deadline = performance.now() + (finishing?.withinMs ?? 0)
  while (isTreeAlive(root) && performance.now() < deadline) await wait(LOOK_EVERY_MS)
  await killTree(root)
}

export async function runAll(all: readonly Undo[]): Promise<void> {
  for (const undo of all) await runCommand(undo)
}

/** Resolves with a command's exit code; null if it did not exit by itself. No process is left to report an error to. */
export function runCommand({ command, timeoutMs }: Command): Promise<number | null> {
  const { words, environment, directory } = command
  const [program, ...rest] = words
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      stdio: 'ignore',
      cwd: directory,
      env: { ...process.env, ...environment },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    child.once('error', () => resolve(null))
    child.once('exit', (code) => resolve(code))
  })
}
